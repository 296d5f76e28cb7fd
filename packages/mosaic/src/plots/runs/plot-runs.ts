/** Runs as plots of their results need them. */
import { countText } from "@ml-mosaic/base";
import { countingRun } from "../../compare/counting-run.ts";
import {
  foldOf,
  foldOption,
  identityOf,
  keyOf,
  lentTraining,
  type PipelineParts,
  partsOf,
} from "../../compare/pipeline-parts.ts";
import { MosaicError } from "../../errors.ts";
import { runFigures } from "../../figures/run-figures.ts";
import { sortedTexts } from "../../pipelines/pipeline.ts";
import { nearestNames } from "../../selection/nearest-names.ts";
import type { RunRecord, StoreReader } from "../../store/index.ts";

export interface PlotRun {
  readonly runId: number;
  readonly status: string;
  /** Keys of the data modules and of the model's, with " | " where there are several. */
  readonly dataKey: string;
  readonly modelKey: string;
  readonly pipeline: string;
  /** Equal for runs whose pipelines have the same keys and options, but for the fold of a cross-validation. */
  readonly configuration: string;
  readonly parts: PipelineParts;
  /** undefined where it is no fold of a cross-validation. */
  readonly fold: string | undefined;
  /** Runs with the same seed are of one repetition; undefined for a run of the original Mosaic. */
  readonly seed: number | undefined;
  /** Whether another run of the same pipeline and repetition counts instead, so that none counts twice. */
  readonly isRepeated: boolean;
  /** Options by their names in `params`. */
  readonly options: ReadonlyMap<string, string>;
  /** Figures by their names. */
  readonly results: ReadonlyMap<string, number | null>;
}

/** A pipeline's part of a run, the same for all runs of it. */
type PipelinePart = Pick<PlotRun, "dataKey" | "modelKey" | "configuration" | "parts" | "fold">;

/** What is the run's own. */
type RunFacts = Omit<PlotRun, keyof PipelinePart>;

/** All runs with a pipeline that can be read. */
export async function readPlotRuns(reader: StoreReader): Promise<readonly PlotRun[]> {
  const pipelines = new Map<string, PipelineParts | undefined>();
  const found: (readonly [RunFacts, PipelineParts])[] = [];
  for await (const run of reader.runs()) {
    const text = `${JSON.stringify(run.pipeline)}\n${run.params.flat().join("\n")}`;
    if (!pipelines.has(text)) pipelines.set(text, partsOf(run));
    const parts = pipelines.get(text);
    if (parts !== undefined) found.push([runFacts(run), parts]);
  }
  const all = [...pipelines.values()].filter((parts) => parts !== undefined);
  const trainingOf = lentTraining(all);
  const complete = new Map(all.map((parts) => [parts, pipelinePart({ ...parts, training: trainingOf(parts) })]));
  const runs = found.flatMap(([facts, parts]): PlotRun[] => {
    const part = complete.get(parts);
    return part === undefined ? [] : [{ ...facts, ...part }];
  });
  if (runs.length === 0) throw new MosaicError("NOTHING_TO_PLOT", `${reader.location} has no runs to plot`);
  const repeats = Map.groupBy(
    runs.filter(({ seed }) => seed !== undefined),
    ({ configuration, fold, seed }) => `${seed}\n${fold}\n${configuration}`,
  );
  const isDone = ({ status }: PlotRun) => status === "done";
  const counting = new Set([...repeats.values()].map((ofRepetition) => countingRun(ofRepetition, isDone)));
  return runs.map((run) => (run.seed === undefined || counting.has(run) ? run : { ...run, isRepeated: true }));
}

function pipelinePart(parts: PipelineParts): PipelinePart {
  const { data, model, training } = parts;
  const [dataKey, modelKey] = [keyOf(data), keyOf(model)];
  const identity = [dataKey, modelKey, identityOf(data, [foldOption]), identityOf(model), sortedTexts(training)];
  return { dataKey, modelKey, configuration: JSON.stringify(identity), parts, fold: foldOf(parts) };
}

function runFacts({ runId, status, description, params, result, details }: RunRecord): RunFacts {
  return {
    runId,
    status,
    pipeline: description,
    seed: details?.seed,
    isRepeated: false,
    options: new Map(params),
    results: new Map([...runFigures.map(({ name }) => [name, null] as const), ...Object.entries(result ?? {})]),
  };
}

/**
 * @param dataKey of the data set: that of any of its stages, or of all of them with " | " between
 * @throws MosaicError for a key that no run has, or that several data sets have, with those there are
 */
export function runsOnData(runs: readonly PlotRun[], dataKey: string): readonly PlotRun[] {
  const exact = runs.filter((run) => run.dataKey === dataKey);
  if (exact.length > 0) return exact;
  const chosen = runs.filter(({ parts }) => parts.data.some(({ key }) => key === dataKey));
  const found = [...new Set(chosen.map((run) => run.dataKey))];
  if (found.length === 1) return chosen;
  if (found.length > 1)
    throw new MosaicError(
      "UNKNOWN_DATA_KEY",
      `${JSON.stringify(dataKey)} is a stage of several data sets; give the whole key of one of them: ${listed(found)}`,
    );
  const known = nearestNames(dataKey, [...new Set(runs.flatMap((run) => [run.dataKey, ...stageKeys(run)]))]);
  throw new MosaicError(
    "UNKNOWN_DATA_KEY",
    `no run has the data set key ${JSON.stringify(dataKey)}. Known keys, the nearest first: ${listed(known)}`,
  );
}

function stageKeys({ parts }: PlotRun): readonly string[] {
  return parts.data.map(({ key }) => key);
}

function listed(keys: readonly string[]): string {
  const shown = keys.slice(0, 20).map((key) => JSON.stringify(key));
  return `${shown.join(", ")}${keys.length > shown.length ? ` and ${keys.length - shown.length} more` : ""}`;
}

export interface PlottedValues {
  /** Name of the figure whose values are drawn. */
  readonly criterion: string;
  /** Where on the axis; undefined leaves the run out. */
  readonly x: (run: PlotRun) => number | string | undefined;
  readonly xName: string;
}

/** What a plot leaves out, in words: "2 runs failed". */
export function leftOut(runs: readonly PlotRun[], plotted: PlottedValues): readonly string[] {
  const counts = new Map<string, number>();
  for (const run of runs) {
    const reason = reasonLeftOut(run, plotted);
    if (reason !== undefined) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  }
  return [...counts].map(([reason, count]) => `${countText(count, "run")} ${reason}`);
}

/** A finite result, where the run has one. */
export function finiteResult(run: PlotRun, criterion: string): number | undefined {
  const value = run.results.get(criterion) ?? null;
  return value !== null && Number.isFinite(value) ? value : undefined;
}

function reasonLeftOut(run: PlotRun, { criterion, x, xName }: PlottedValues): string | undefined {
  if (run.isRepeated) return "of a repetition that another run has";
  if (finiteResult(run, criterion) !== undefined) return x(run) === undefined ? `without ${xName}` : undefined;
  if (run.status === "error") return "failed";
  if (run.status !== "done") return "not finished";
  return (run.results.get(criterion) ?? null) === null ? `without ${criterion}` : "NaN or infinite";
}
