import { availableParallelism } from "node:os";
import { countText, stopSignals, wholeText } from "@ml-mosaic/base";
import {
  command,
  type ExitCode,
  numberText,
  pathText,
  StatusLines,
  startProgress,
  type Terminal,
  tableText,
} from "@ml-mosaic/command-line";
import { boolean, int, schema, within } from "@ml-mosaic/configurable";
import type { Interval } from "@ml-mosaic/statistics";
import type { TrainerProgress } from "@ml-mosaic/training";
import { pauseOnSignals } from "@ml-mosaic/training";
import "../components.ts";
import { type CrossValidationResult, planCrossValidation } from "../cross-validation/cross-validate.ts";
import type { FoldFigure } from "../cross-validation/fold-figures.ts";
import type { MapResult } from "../cross-validation/out-of-fold-maps.ts";
import type { FoldEvents } from "../cross-validation/train-folds.ts";
import { labelText } from "../metrics/label-figures.ts";
import { configOption } from "./config-option.ts";
import { epochText, progressText } from "./training-text.ts";

export const trainKFoldCommand = command({
  name: "train-k-fold",
  summary: "Train a model on every split of the patches, and predict each patch by one that has not seen it.",
  arguments: {},
  options: {
    ...configOption,
    workers: schema(within(int, { minimum: 1 }), {
      optional: true,
      aliases: ["j"],
      words: "N",
      help: "splits trained at a time; as many as the machine has processors by default",
    }),
    overwrite: schema(boolean, { help: "begin anew where the folder holds runs already" }),
  },
  examples: [
    "bigsf train-k-fold -c configs/config_kfolds.yaml",
    "bigsf train-k-fold -c configs/config_kfolds.yaml -j 1",
  ],
  async run(given, terminal) {
    const workers = given.workers ?? availableParallelism();
    const existing = given.overwrite ? "overwrite" : "resume";
    const plan = await planCrossValidation(given.config);
    for (const notice of plan.notices) terminal.err(`${notice}\n`);
    const status = new StatusLines(terminal);
    const pause = pauseOnSignals(["SIGINT", ...stopSignals]);
    let predicting: ReturnType<typeof startProgress> | undefined;
    try {
      const result = await plan.run({
        workers,
        existing,
        pause: pause.signal,
        events: showFolds(status, plan.epochs),
        onPredicted(done, total) {
          status.end();
          predicting ??= startProgress(terminal, { title: "Predicting", unit: "patches", total });
          predicting.update(done);
        },
      });
      predicting?.end();
      status.end();
      return tellResult(result, terminal);
    } catch (error) {
      if (!pause.signal.aborted || error !== pause.signal.reason) throw error;
      terminal.err("Stopped; the same command goes on.\n");
      return 3;
    } finally {
      status.end();
      pause.release();
    }
  },
});

/** A line for each split that is being trained, and one that stays for each of its epochs. */
function showFolds(status: StatusLines, epochs: number): FoldEvents {
  const running = new Map<number, TrainerProgress | undefined>();
  const show = () =>
    status.show(
      Array.from(
        running,
        ([split, progress]) => `split ${split + 1}  ${progress === undefined ? "starting" : progressText(progress)}`,
      ),
    );
  return {
    onStart(split) {
      running.set(split, undefined);
      show();
    },
    onProgress(split, progress) {
      running.set(split, progress);
      show();
    },
    onEpoch: (split, epoch) => status.print(`split ${split + 1}  ${epochText(epoch, epochs)}`),
    onWarning: (split, message) => status.print(`split ${split + 1}  Note: ${message}`),
    onEnd(split, outcome) {
      running.delete(split);
      if (outcome.kind === "failed") status.print(outcome.message);
      show();
    },
  };
}

function tellResult({ folder, outcomes, summary }: CrossValidationResult, { out, err }: Terminal): ExitCode {
  const failures = outcomes.filter((outcome) => outcome.kind === "failed");
  const failed = failures.length;
  const done = outcomes.filter(({ kind }) => kind === "done").length;
  if (summary === undefined) {
    err(
      `${done} of ${countText(outcomes.length, "split")} done${failed > 0 ? `, ${failed} failed` : ""}; the same command goes on.\n`,
    );
    // What the machine has done to a split is not the split's fault.
    for (const trouble of new Set(failures.map((each) => each.trouble))) if (trouble !== undefined) err(`${trouble}\n`);
    return failures.some(({ trouble }) => trouble === undefined) ? 1 : 3;
  }
  const range = (low: number | undefined, high: number | undefined) =>
    low === undefined || high === undefined ? "" : `${numberText(low)} to ${numberText(high)}`;
  const rows = summary.figures.map(({ name, values, mean, sd, interval, corrected }) => [
    name,
    ...values.map((value) => numberText(value)),
    numberText(mean),
    Number.isNaN(sd) ? "" : numberText(sd),
    range(interval?.low, interval?.high),
    range(corrected?.low, corrected?.high),
  ]);
  const splits = outcomes.map((_, split) => `split ${split + 1}`);
  const header = ["test set", ...splits, "mean", "sd", "95 % (t)", "95 % (Nadeau-Bengio)"];
  out(`${tableText(header, rows, header.map((_, column) => column).slice(1))}\n\n`);
  const names =
    (summary.map?.maps.length ?? 0) > 1
      ? "test_results.csv, summary.csv and maps.csv"
      : "test_results.csv and summary.csv";
  const tables = `tables: ${pathText(folder)}/${names}`;
  if (summary.map === undefined) {
    out(`${tables}\n`);
    return 0;
  }
  const { pooled, maps, overMaps } = summary.map;
  const [only] = maps;
  if (maps.length > 1) out(`${mapsText(maps, overMaps)}\n\n`);
  const { pixels, dice, iou, average_precision, roc_auc } = pooled;
  out(
    `Out of fold, ${wholeText(pixels)} labelled pixels: Dice ${numberText(dice)}, IoU ${numberText(iou)}, average precision ${numberText(average_precision)}, ROC AUC ${numberText(roc_auc)}\n`,
  );
  out(`${labelText(pooled.labelled, pooled.unlabelled_found)}\n`);
  const files = maps.length > 1 ? "out_of_fold_<map>.fits and .png of each map" : "";
  out(
    only === undefined || maps.length > 1
      ? `${pathText(folder)}/${files}; ${tables}\n`
      : `${pathText(only.outOfFold)} and ${pathText(only.picture)}; ${tables}\n`,
  );
  return 0;
}

const scoreNames = ["dice", "iou", "average_precision", "roc_auc"] as const;

/** The scores of each map on what no model was trained on, and their mean over maps. */
function mapsText(maps: readonly MapResult[], overMaps: readonly FoldFigure[]): string {
  const columns = [...scoreNames, "labelled", "unlabelled_found"] as const;
  const figures = columns.map((column) => overMaps.find(({ name }) => name === column));
  const range = (interval: Interval | undefined) =>
    interval === undefined ? "" : `${numberText(interval.low)} to ${numberText(interval.high)}`;
  const rows = [
    ...maps.map(({ name, scores }) => [
      name,
      wholeText(scores.pixels),
      ...columns.map((column) => numberText(scores[column])),
    ]),
    ["mean", "", ...figures.map((figure) => numberText(figure?.mean ?? Number.NaN))],
    ["95 % (t)", "", ...figures.map((figure) => range(figure?.interval))],
    ["95 % (Nadeau-Bengio)", "", ...figures.map((figure) => range(figure?.corrected))],
  ];
  const header = ["map, out of fold", "labelled pixels", ...columns];
  return tableText(header, rows, header.map((_, column) => column).slice(1));
}
