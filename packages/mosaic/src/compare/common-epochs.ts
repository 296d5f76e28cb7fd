/** Models of which only some repetitions were trained further are compared as they were when all had the same epochs. */
import type { Figure } from "../figures/figure.ts";
import { runFigures } from "../figures/run-figures.ts";
import { describeModules, sortedValues, withoutNames } from "../pipelines/pipeline.ts";
import { epochMetrics, type StoreReader } from "../store/index.ts";
import { type ParsedPipeline, type ParsedRun, valueOutcome } from "./parse-runs.ts";
import { foldOf, identityOf } from "./pipeline-parts.ts";

export interface TrainedFurther {
  /** The model by its modules. */
  readonly model: string;
  /** Runs that were trained further than others of it. */
  readonly runIds: readonly number[];
  /** At which all of the model count; null where they stay apart, because the figure of then is not known. */
  readonly epoch: number | null;
}

/** The runs, with those that were trained further taken back to the epoch that all of their model have. */
export async function atCommonEpochs(
  reader: StoreReader,
  runs: readonly ParsedRun[],
  criterion: Figure,
): Promise<{ readonly runs: readonly ParsedRun[]; readonly trainedFurther: readonly TrainedFurther[] }> {
  const families = new Map([...new Set(runs.map(({ pipeline }) => pipeline))].map((one) => [one, familyOf(one)]));
  const trainedFurther: TrainedFurther[] = [];
  const changed = new Map<ParsedRun, ParsedRun>();
  for (const family of Map.groupBy(runs, ({ pipeline }) => families.get(pipeline)).values()) {
    const epochs = new Set(family.map(({ pipeline }) => epochsOf(pipeline)));
    if (epochs.size < 2 || !family.some(({ isAgain }) => isAgain)) continue;
    const common = Math.min(...epochs);
    const longer = family.filter(({ pipeline }) => epochsOf(pipeline) > common);
    const taken = await Promise.all(longer.map((run) => takeBack(reader, run, common, criterion)));
    const back = taken.filter((run) => run !== undefined);
    const isWhole = back.length === longer.length && haveOneRunEach(family);
    if (isWhole) for (const [index, run] of longer.entries()) changed.set(run, back[index] ?? run);
    trainedFurther.push({
      model: describeModules(family[0]?.pipeline.model ?? []),
      runIds: longer.filter(({ isAgain }) => isAgain).map(({ runId }) => runId),
      epoch: isWhole ? common : null,
    });
  }
  return { runs: runs.map((run) => changed.get(run) ?? run), trainedFurther };
}

/** Equal for pipelines that differ in nothing but how far they were trained, unless that is what they compare. */
function familyOf({ data, model, training, comparedEpochs }: ParsedPipeline): string {
  const others = sortedValues(withoutNames(training, ["epochs"]));
  return JSON.stringify([identityOf(data), identityOf(model), others, comparedEpochs]);
}

function epochsOf({ training }: ParsedPipeline): number {
  return Number(training.epochs ?? Number.NaN);
}

/** A repetition that is there twice, with more and with fewer epochs, was meant to be. */
function haveOneRunEach(family: readonly ParsedRun[]): boolean {
  const epochs = Map.groupBy(family, ({ seed, pipeline }) => `${seed} ${foldOf(pipeline)}`);
  return [...epochs.values()].every((runs) => new Set(runs.map(({ pipeline }) => epochsOf(pipeline))).size === 1);
}

/** The run as it was after so many epochs; undefined where its figure of then is not known. */
async function takeBack(
  reader: StoreReader,
  parsed: ParsedRun,
  epoch: number,
  criterion: Figure,
): Promise<ParsedRun | undefined> {
  const training = { ...parsed.pipeline.training, epochs: String(epoch) };
  const pipeline = { ...parsed.pipeline, training, trainingText: JSON.stringify(sortedValues(training)) };
  if (typeof parsed.outcome === "string" && parsed.outcome !== "diverged") return { ...parsed, pipeline };
  const figure = await figureAt(reader, parsed.runId, epoch, criterion);
  return figure === undefined ? undefined : { ...parsed, pipeline, outcome: valueOutcome(figure) };
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
  if (name === "duration(s)" || name === "nb_params") return undefined;
  const own = runFigures.find((figure) => figure.name === name);
  return own === undefined
    ? epochMetrics(last)[name]
    : own.of({ history, parameterCount: Number.NaN, durationSeconds: Number.NaN });
}
