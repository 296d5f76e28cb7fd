/** `mosaic plotloss`: the loss curves of many runs. */

import { countText, wholeText } from "@ml-mosaic/base";
import { defaultText } from "../../config/process-options.ts";
import type { TableColumn, TableValue } from "../../export/table.ts";
import { figureOf } from "../../figures/run-figures.ts";
import type { RunRecord, StoreReader } from "../../store/index.ts";
import type { Room } from "../charts/chart.ts";
import { type LossCurves, lossChart } from "../charts/loss-chart.ts";
import type { MeasureText } from "../text/fit-text.ts";
import type { Page, Plots } from "./page.ts";
import { chunksOf, gridPage } from "./page-layout.ts";

/** So many can be looked through; drawing one takes milliseconds. */
const mostDrawn = 2000;

/** Rows of the table are read for so many runs at a time. */
const runsAtOnce = 200;

/** Pages of `plotSize` times `plotSize` loss charts, in the order of `runIds`, which are read a page at a time. */
export function lossPlots(reader: StoreReader, runIds: readonly number[], plotSize: number): Plots {
  const chunks = chunksOf(runIds.slice(0, mostDrawn), plotSize * plotSize);
  const left = runIds.length - mostDrawn;
  const which = left > 0 ? `the first ${wholeText(mostDrawn)} of ${countText(runIds.length, "run")}` : undefined;
  const title = `Loss curves of ${which ?? countText(runIds.length, "run")}`;
  const heading = {
    title,
    note: `${countText(left, "run")} left out: choose others with --id or --request; a .csv has all`,
  };
  return {
    title,
    pageCount: chunks.length,
    async *pages(measure: MeasureText): AsyncIterable<Page> {
      for (const [index, ids] of chunks.entries()) {
        const charts = (await readRuns(reader, ids)).map(
          (run) => (room: Room, width: number) => lossChart(run, room, Math.round(width)),
        );
        const said = left > 0 && index === 0 ? heading : undefined;
        yield gridPage(charts, { columns: plotSize, rows: plotSize }, measure, said);
      }
    },
    table: {
      columns,
      async *rows(): AsyncIterable<readonly TableValue[]> {
        for (const ids of chunksOf(runIds, runsAtOnce))
          for (const { runId, status, pipeline, parameterCount, epochs } of await readRuns(reader, ids)) {
            const run = [runId, status, pipeline, parameterCount] as const;
            for (const { epoch, trainLoss, validLoss } of epochs) yield [...run, epoch, trainLoss, validLoss];
            // A run without history is in the table all the same.
            if (epochs.length === 0) yield [...run, null, null, null];
          }
      },
    },
  };
}

const columns: readonly TableColumn[] = [
  { name: "run_id", type: "whole" },
  { name: "status", type: "text" },
  { name: "pipeline", type: "text" },
  { name: "nb_params", type: "whole" },
  { name: "epoch", type: "whole" },
  { name: "train_loss", type: "number" },
  { name: "test_loss", type: "number" },
];

async function readRuns(reader: StoreReader, runIds: readonly number[]): Promise<readonly LossCurves[]> {
  const runs = new Map<number, LossCurves>();
  for await (const run of reader.runs({ runIds, withHistory: true })) runs.set(run.runId, curvesOf(run));
  return runIds.flatMap((id) => runs.get(id) ?? []);
}

function curvesOf({ runId, status, description, params, result, history, details }: RunRecord): LossCurves {
  const options = new Map(params);
  const written = options.get("class_loss_function") ?? options.get("loss_function");
  return {
    runId,
    status,
    pipeline: description,
    // The original Mosaic had other defaults.
    lossFunction: written ?? (details === null ? undefined : defaultText("loss_function")),
    parameterCount: figureOf(result, "nb_params"),
    overfit: figureOf(result, "overfit"),
    trainability: figureOf(result, "trainability"),
    slope: figureOf(result, "slope"),
    epochs: history,
  };
}
