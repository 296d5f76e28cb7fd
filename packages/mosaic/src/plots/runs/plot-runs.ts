/** Runs as plots of their results need them. */
import { hash } from "node:crypto";
import { countText, nearestNames } from "@ml-mosaic/base";
import { atCommonEpochs } from "../../compare/common-epochs.ts";
import { countingRun } from "../../compare/counting-run.ts";
import { foldOf, foldOption, identityOf, keyOf, type PipelineParts } from "../../compare/pipeline-parts.ts";
import { type ParsedPipeline, type RunTable, readRunTable } from "../../compare/run-table.ts";
import { SharedParts } from "../../compare/shared-parts.ts";
import { MosaicError } from "../../errors.ts";
import type { Figure } from "../../figures/figure.ts";
import { runFigures } from "../../figures/run-figures.ts";
import { sortedValues } from "../../pipelines/pipeline.ts";
import type { Param, StoreReader } from "../../store/index.ts";

export interface PlotRun {
  readonly runId: number;
  readonly status: string;
  /** Keys of the data modules and of the model's, with " | " where there are several. */
  readonly dataKey: string;
  readonly modelKey: string;
  readonly pipeline: string;
  /** A number: equal for runs whose pipelines have the same keys and options, but for the fold of a cross-validation. */
  readonly configuration: number;
  readonly parts: PipelineParts;
  /** undefined where it is no fold of a cross-validation. */
  readonly fold: string | undefined;
  /** Runs with the same seed are of one repetition; undefined for a run of the original Mosaic. */
  readonly seed: number | undefined;
  /** Whether another run of the same pipeline and repetition counts instead, so that none counts twice. */
  readonly isRepeated: boolean;
  /** Options by their names in `params`. */
  readonly options: RunOptions;
  /** Figures by their names. */
  readonly results: Pick<ReadonlyMap<string, number | null>, "get" | "has" | "keys">;
  /** As in `TableRun`. */
  readonly further: number | undefined;
}

type RunOptions = Pick<ReadonlyMap<string, string>, "get" | "keys" | typeof Symbol.iterator>;

/** A pipeline's part of a run, the same for all runs of it. */
type PipelinePart = Pick<PlotRun, "dataKey" | "modelKey" | "configuration" | "parts" | "fold" | "pipeline" | "options">;

/**
 * All runs with a pipeline that can be read.
 *
 * @param figures all that the runs can have
 * @param criteria where these are given, runs that were trained further than others of their pipeline count as `compare`
 * counts them: as they were at the epoch that all have
 */
export async function readPlotRuns(
  reader: StoreReader,
  figures: readonly Figure[],
  criteria: readonly Figure[] = [],
): Promise<readonly PlotRun[]> {
  const table = await readRunTable(reader, figures);
  if (criteria.length > 0) await atCommonEpochs(reader, table, criteria);
  if (table.length === 0) throw new MosaicError("NOTHING_TO_PLOT", `${reader.location} has no runs to plot`);
  const parts = new Map<ParsedPipeline, PipelinePart>();
  const sharing = new SharedParts();
  const configurations = new Map<string, number>();
  const numberOf = (identity: string) => {
    const digest = hash("sha256", identity, "base64");
    const number = configurations.get(digest) ?? configurations.size;
    configurations.set(digest, number);
    return number;
  };
  const runs = Array.from({ length: table.length }, (_, row): PlotRun => {
    const { pipeline, runId, status, seed, further } = table.run(row);
    const part = parts.get(pipeline) ?? pipelinePart(pipeline, sharing, numberOf);
    parts.set(pipeline, part);
    return { ...part, runId, status, seed, further, isRepeated: false, results: new RowResults(table, row) };
  });
  const repeats = Map.groupBy(
    runs.filter(({ seed }) => seed !== undefined),
    ({ configuration, fold, seed }) => `${seed}\n${fold}\n${configuration}`,
  );
  const isDone = ({ status }: PlotRun) => status === "done";
  const counting = new Set([...repeats.values()].map((ofRepetition) => countingRun(ofRepetition, isDone)));
  for (const [index, run] of runs.entries())
    if (run.seed !== undefined && !counting.has(run)) runs[index] = { ...run, isRepeated: true };
  return runs;
}

function pipelinePart(
  parts: ParsedPipeline,
  sharing: SharedParts,
  numberOf: (identity: string) => number,
): PipelinePart {
  const { data, model, training, description, params } = parts;
  const [dataKey, modelKey] = [sharing.text(keyOf(data)), sharing.text(keyOf(model))];
  const identity = [dataKey, modelKey, identityOf(data, [foldOption]), identityOf(model), sortedValues(training)];
  return {
    dataKey,
    modelKey,
    configuration: numberOf(JSON.stringify(identity)),
    parts,
    fold: foldOf(parts),
    pipeline: description,
    options: new PipelineOptions(params),
  };
}

/** Looked up where they are: a map for each pipeline would be most of what is held. */
class PipelineOptions implements RunOptions {
  readonly #params: readonly Param[];

  constructor(params: readonly Param[]) {
    this.#params = params;
  }

  get(name: string): string | undefined {
    return this.#params.findLast(([other]) => other === name)?.[1];
  }

  keys() {
    return new Map(this.#params).keys();
  }

  [Symbol.iterator]() {
    return new Map(this.#params)[Symbol.iterator]();
  }
}

/** Looked up where they are, as well. */
class RowResults implements Pick<ReadonlyMap<string, number | null>, "get" | "has" | "keys"> {
  readonly #table: RunTable;
  readonly #row: number;

  constructor(table: RunTable, row: number) {
    this.#table = table;
    this.#row = row;
  }

  get(name: string): number | null | undefined {
    return this.#table.figure(this.#row, name) ?? (isRunFigure(name) ? null : undefined);
  }

  has(name: string): boolean {
    return this.get(name) !== undefined || this.#table.figure(this.#row, name) === null;
  }

  keys() {
    return this.#table.figureNames.filter((name) => this.has(name)).values();
  }
}

function isRunFigure(name: string): boolean {
  return runFigures.some((figure) => figure.name === name);
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

/** How runs count that were trained further than others of their pipeline, in words. */
export function furtherNotes(runs: readonly PlotRun[]): readonly string[] {
  return [...Map.groupBy(runs, ({ further }) => further)].flatMap(([epoch, ofEpoch]) => {
    if (epoch === undefined) return [];
    const which = `${countText(ofEpoch.length, "run")} trained further`;
    return epoch === 0
      ? `${which}: each number of epochs stands for itself`
      : `${which}: shown as after ${countText(epoch, "epoch")}, which all have`;
  });
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
