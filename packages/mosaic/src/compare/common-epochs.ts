/** Models of which only some repetitions were trained further are compared as they were when all had the same epochs. */
import { hash } from "node:crypto";
import type { Figure } from "../figures/figure.ts";
import { runFigures } from "../figures/run-figures.ts";
import { describeModules, sortedValues, withoutNames } from "../pipelines/pipeline.ts";
import { epochMetrics, type StoreReader } from "../store/index.ts";
import { foldOf, identityOf } from "./pipeline-parts.ts";
import type { ParsedPipeline, RunTable, TableRun } from "./run-table.ts";

export interface TrainedFurther {
  /** The model by its modules. */
  readonly model: string;
  /** Runs that were trained further than others of it. */
  readonly runIds: readonly number[];
  /** At which all of the model count; null where they stay apart, because the figure of then is not known. */
  readonly epoch: number | null;
}

/**
 * Takes the runs that were trained further back to the epoch that all of their model have: to its figures, and to the
 * pipeline that they had then.
 *
 * @param criteria the figures that must be known of then
 */
export async function atCommonEpochs(
  reader: StoreReader,
  table: RunTable,
  criteria: readonly Figure[],
): Promise<readonly TrainedFurther[]> {
  if (!table.hasAgain) return [];
  const rows = table.rowsByPipeline();
  const trainedFurther: TrainedFurther[] = [];
  for (const pipelines of Map.groupBy(rows.keys(), familyOf).values()) {
    const epochs = new Set(pipelines.map(epochsOf));
    if (epochs.size < 2) continue;
    const family = pipelines.flatMap((pipeline) => (rows.get(pipeline) ?? []).map((row) => table.run(row)));
    if (!family.some(({ isAgain }) => isAgain)) continue;
    const common = Math.min(...epochs);
    const longer = family.filter(({ pipeline }) => epochsOf(pipeline) > common);
    const again = longer.filter(({ isAgain }) => isAgain);
    const figures = haveOneRunEach(family) ? await figuresOfAll(reader, table, longer, common, criteria) : undefined;
    if (figures === undefined) for (const { row } of again) table.keepApart(row);
    else {
      const shorter = new Map(
        [...new Set(longer.map(({ pipeline }) => pipeline))].map((pipeline) => [
          pipeline,
          table.addPipeline(withEpochs(pipeline, common)),
        ]),
      );
      for (const [index, { row, pipeline }] of longer.entries())
        table.takeBack(row, common, shorter.get(pipeline) ?? -1, figures[index] ?? new Map());
    }
    trainedFurther.push({
      model: describeModules(family[0]?.pipeline.model ?? []),
      runIds: again.map(({ runId }) => runId).sort((one, other) => one - other),
      epoch: figures === undefined ? null : common,
    });
  }
  return trainedFurther;
}

/** Equal for pipelines that differ in nothing but how far they were trained, unless that is what they compare. */
function familyOf({ data, model, training, comparedEpochs }: ParsedPipeline): string {
  const others = sortedValues(withoutNames(training, ["epochs"]));
  return hash("sha256", JSON.stringify([identityOf(data), identityOf(model), others, comparedEpochs]), "base64");
}

function epochsOf({ training }: ParsedPipeline): number {
  return Number(training.epochs ?? Number.NaN);
}

function withEpochs(pipeline: ParsedPipeline, epochs: number): ParsedPipeline {
  const training = { ...pipeline.training, epochs: String(epochs) };
  return { ...pipeline, training };
}

/** A repetition that is there twice, with more and with fewer epochs, was meant to be. */
function haveOneRunEach(family: readonly TableRun[]): boolean {
  const epochs = Map.groupBy(family, ({ seed, pipeline }) => `${seed} ${foldOf(pipeline)}`);
  return [...epochs.values()].every((runs) => new Set(runs.map(({ pipeline }) => epochsOf(pipeline))).size === 1);
}

/** The figures of each run after so many epochs; undefined where one of them is not known. */
async function figuresOfAll(
  reader: StoreReader,
  table: RunTable,
  runs: readonly TableRun[],
  epoch: number,
  criteria: readonly Figure[],
): Promise<readonly ReadonlyMap<string, number | null>[] | undefined> {
  const ofAll: ReadonlyMap<string, number | null>[] = [];
  for (const { row, runId, status } of runs) {
    const figures = new Map<string, number | null>();
    for (const figure of criteria) {
      const now = status === "done" ? (table.figure(row, figure.name) ?? null) : null;
      const then = now === null || figure.fixed === true ? now : await figureAt(reader, runId, epoch, figure);
      if (then === undefined) return undefined;
      figures.set(figure.name, then);
    }
    ofAll.push(figures);
  }
  return ofAll;
}

/** What the run ended with then; else what its epochs say. How long a part of a training took they do not. */
async function figureAt(
  reader: StoreReader,
  runId: number,
  epoch: number,
  { name }: Figure,
): Promise<number | null | undefined> {
  const earlier = (await reader.earlierResults(runId)).find(({ result }) => result.epochs === epoch);
  if (earlier !== undefined) return earlier.result[name] ?? null;
  const all = await reader.history(runId);
  const history = all.filter((record) => record.epoch <= epoch);
  const last = history.at(-1);
  // One that had stopped early had its last epoch before.
  if (last === undefined || (last.epoch < epoch && history.length < all.length)) return undefined;
  if (name === "duration(s)") return undefined;
  const own = runFigures.find((figure) => figure.name === name);
  return own === undefined
    ? epochMetrics(last)[name]
    : own.of({ history, parameterCount: Number.NaN, durationSeconds: Number.NaN });
}
