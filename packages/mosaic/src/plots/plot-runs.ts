// Runs as plots of their results need them.
import { keyOf, type PipelineParts, partsOf } from "../compare/pipeline-parts.ts";
import { MosaicError } from "../errors.ts";
import { nearestNames } from "../selection/nearest-names.ts";
import { type RunRecord, resultColumns, type StoreReader } from "../store/index.ts";
import { counted } from "./number-label.ts";

export interface PlotRun {
  readonly runId: number;
  readonly status: string;
  /** Keys of the data modules and of the model's, with " | " where there are several. */
  readonly dataKey: string;
  readonly modelKey: string;
  readonly pipeline: string;
  /** Whether another run of the same pipeline and repetition counts instead, so that none counts twice. */
  readonly isRepeated: boolean;
  /** Options by their names in `params`. */
  readonly options: ReadonlyMap<string, string>;
  /** Results by their names in `run_results`. */
  readonly results: ReadonlyMap<string, number | null>;
}

/** All runs with a pipeline that can be read. */
export async function readPlotRuns(reader: StoreReader): Promise<readonly PlotRun[]> {
  const pipelines = new Map<string | null, PipelineParts | undefined>();
  const runs: PlotRun[] = [];
  const repetitions = new Map<string, number[]>();
  for await (const run of reader.runs()) {
    if (!pipelines.has(run.pipelineJson)) pipelines.set(run.pipelineJson, partsOf(run));
    const parts = pipelines.get(run.pipelineJson);
    if (parts === undefined) continue;
    const repetition = repetitionOf(run);
    if (repetition !== undefined) repetitions.set(repetition, [...(repetitions.get(repetition) ?? []), runs.length]);
    runs.push(plotRun(run, parts));
  }
  if (runs.length === 0) throw new MosaicError("nothing-to-plot", `${reader.location} has no runs to plot`);
  const repeated = new Set([...repetitions.values()].flatMap((places) => repeatedOf(places, runs)));
  return runs.map((run, place) => (repeated.has(place) ? { ...run, isRepeated: true } : run));
}

/** Equal for runs that are repeats of each other; undefined for a run of the original Mosaic, which says no seed. */
function repetitionOf({ pipelineJson, params, details }: RunRecord): string | undefined {
  return details == null ? undefined : `${details.seed}\n${pipelineJson}\n${params.flat().join("\n")}`;
}

/** As `mosaic compare` counts: a result before a failure, then the last. */
function repeatedOf(places: readonly number[], runs: readonly PlotRun[]): readonly number[] {
  const counts = places.findLast((place) => runs[place]?.status === "done") ?? places.at(-1);
  return places.filter((place) => place !== counts);
}

function plotRun({ runId, status, description, params, result }: RunRecord, { data, model }: PipelineParts): PlotRun {
  return {
    runId,
    status,
    dataKey: keyOf(data),
    modelKey: keyOf(model),
    pipeline: description,
    isRepeated: false,
    options: new Map(params),
    results: new Map(resultColumns.map(({ column, field }) => [column, result?.[field] ?? null])),
  };
}

/** @throws MosaicError for a key that no run has, with those there are */
export function runsOnData(runs: readonly PlotRun[], dataKey: string): readonly PlotRun[] {
  const chosen = runs.filter((run) => run.dataKey === dataKey);
  if (chosen.length > 0) return chosen;
  const known = nearestNames(dataKey, [...new Set(runs.map((run) => run.dataKey))]);
  const shown = known.slice(0, 20).map((key) => JSON.stringify(key));
  const more = known.length > shown.length ? ` and ${known.length - shown.length} more` : "";
  throw new MosaicError(
    "unknown-data-key",
    `no run has the data set key ${JSON.stringify(dataKey)}. Known keys, the nearest first: ${shown.join(", ")}${more}`,
  );
}

export interface PlottedValues {
  /** The column of `run_results` whose values are drawn. */
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
  return [...counts].map(([reason, count]) => `${counted(count, "run")} ${reason}`);
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
