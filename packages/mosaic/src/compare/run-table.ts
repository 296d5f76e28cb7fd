/** The runs of a database in columns, because there may be a million of them: an object for each would fill the memory. */

import { hash } from "node:crypto";
import { present } from "@ml-mosaic/base";
import { spelling } from "../config/process-components.ts";
import type { Figure } from "../figures/figure.ts";
import { maximumAttempts, type Param, type RunRecord, type StoreReader } from "../store/index.ts";
import { NumberColumn } from "./number-column.ts";
import { lentTraining, type PipelineParts, partsOf } from "./pipeline-parts.ts";
import { unifyData } from "./same-data.ts";
import { SharedParts } from "./shared-parts.ts";

/**
 * What became of a run: its figure, or why it has none. `failed`: its modules or its training did; `lost`: workers died over it,
 * which says nothing about the model; `unfinished`: it is still to run, or running.
 */
export type Outcome = number | "failed" | "lost" | "diverged" | "empty" | "unfinished";

/** A pipeline as runs have it, with all that they have in common. */
export interface ParsedPipeline extends PipelineParts {
  /** What has made its data, which may count as those of another class. */
  readonly dataSource: string;
  readonly description: string;
  readonly params: readonly Param[];
}

/** One row. Details are undefined for the original's. */
export interface TableRun {
  readonly row: number;
  readonly runId: number;
  /** Of the last one that trained it. */
  readonly experimentId: number | undefined;
  readonly status: string;
  readonly seed: number | undefined;
  readonly repetition: number | undefined;
  /** Milliseconds since 1970. */
  readonly orderedAt: number | undefined;
  readonly endedAt: number | undefined;
  /** It was ordered anew when it had ended. */
  readonly isAgain: boolean;
  /** Workers died over it. */
  readonly isLost: boolean;
  /** What has computed it; undefined where nothing has yet. */
  readonly executor: string | undefined;
  /** Whether several models of processor have computed it in turn. */
  readonly isOfSeveralProcessors: boolean;
  /** Of the data that it has seen; undefined where it is not known. */
  readonly dataDigest: string | undefined;
  readonly pipeline: ParsedPipeline;
  /**
   * Where it was trained further than others of its model: the epoch at which it counts; 0 where it counts as it is,
   * because its figure of then is not known.
   */
  readonly further: number | undefined;
}

/** How many runs were removed, by what had become of them. */
export interface RemovedCounts {
  readonly done: number;
  readonly failed: number;
  readonly unfinished: number;
}

export const noneRemoved: RemovedCounts = { done: 0, failed: 0, unfinished: 0 };

export function sumRemoved(counts: Iterable<RemovedCounts>): RemovedCounts {
  return Iterator.from(counts).reduce(
    (sum, { done, failed, unfinished }) => ({
      done: sum.done + done,
      failed: sum.failed + failed,
      unfinished: sum.unfinished + unfinished,
    }),
    noneRemoved,
  );
}

export function countRemoved({ done, failed, unfinished }: RemovedCounts): number {
  return done + failed + unfinished;
}

export class RunTable {
  readonly figureNames: readonly string[];
  readonly #pipelines: ParsedPipeline[];
  readonly #statuses: string[] = [];
  readonly #executors: (string | undefined)[] = [];
  /** With their numbers, from 1. */
  readonly #dataDigests = new Map<string, number>();
  readonly #dataDigestTexts: string[] = [];
  readonly #columns = {
    runId: new NumberColumn(Float64Array),
    /** From 1; 0 where it is not known. */
    experimentId: new NumberColumn(Uint32Array),
    pipeline: new NumberColumn(Uint32Array),
    status: new NumberColumn(Uint32Array),
    seed: new NumberColumn(Float64Array),
    repetition: new NumberColumn(Float64Array),
    orderedAt: new NumberColumn(Float64Array),
    endedAt: new NumberColumn(Float64Array),
    isAgain: new NumberColumn(Uint8Array),
    isLost: new NumberColumn(Uint8Array),
    executor: new NumberColumn(Uint8Array),
    isOfSeveralProcessors: new NumberColumn(Uint8Array),
    /** Its number; 0 where it is not known. */
    dataDigest: new NumberColumn(Uint32Array),
  };
  /** Of each figure its values, and whether there is one (2), an empty one (1), or none at all (0). */
  readonly #figures: ReadonlyMap<
    string,
    { readonly values: NumberColumn<Float64Array>; readonly kinds: NumberColumn<Uint8Array> }
  >;
  #originals = 0;
  #hasAgain = false;
  readonly #further = new Map<number, number>();
  /** By the pipelines' indices. */
  readonly #removed = new Map<number, RemovedCounts>();

  constructor(figureNames: readonly string[]) {
    this.figureNames = figureNames;
    this.#pipelines = [];
    this.#figures = new Map(
      figureNames.map((name) => [
        name,
        { values: new NumberColumn(Float64Array), kinds: new NumberColumn(Uint8Array) },
      ]),
    );
  }

  get length(): number {
    return this.#columns.runId.length;
  }

  /** Runs of the original, which say no seed. */
  get originals(): number {
    return this.#originals;
  }

  /** Whether any run was ordered anew when it had ended. */
  get hasAgain(): boolean {
    return this.#hasAgain;
  }

  add({ runId, status, result, details }: RunRecord, pipelineIndex: number): void {
    const columns = this.#columns;
    columns.runId.push(runId);
    columns.experimentId.push(details?.experimentId ?? 0);
    columns.pipeline.push(pipelineIndex);
    if (!this.#statuses.includes(status)) this.#statuses.push(status);
    columns.status.push(this.#statuses.indexOf(status));
    const executor = details?.executor ?? undefined;
    if (!this.#executors.includes(executor)) this.#executors.push(executor);
    columns.executor.push(this.#executors.indexOf(executor));
    columns.isOfSeveralProcessors.push(Number((details?.processors.length ?? 0) > 1));
    columns.dataDigest.push(this.#numberOf(details?.dataDigest ?? undefined));
    columns.seed.push(details?.seed ?? Number.NaN);
    if (details === null) this.#originals++;
    columns.repetition.push(details?.repetition ?? Number.NaN);
    columns.orderedAt.push(details?.orderedAt.getTime() ?? Number.NaN);
    columns.endedAt.push(details?.finishedAt?.getTime() ?? Number.NaN);
    const isAgain = details !== null && details.orderedAt > details.createdAt;
    columns.isAgain.push(Number(isAgain));
    this.#hasAgain ||= isAgain;
    columns.isLost.push(Number(details !== null && details.attempts >= maximumAttempts));
    for (const [name, { values, kinds }] of this.#figures) {
      const value = result?.[name];
      values.push(value ?? Number.NaN);
      kinds.push(value === undefined ? 0 : value === null ? 1 : 2);
    }
  }

  #numberOf(dataDigest: string | undefined): number {
    if (dataDigest === undefined) return 0;
    const known = this.#dataDigests.get(dataDigest);
    if (known !== undefined) return known;
    const number = this.#dataDigestTexts.push(dataDigest);
    this.#dataDigests.set(dataDigest, number);
    return number;
  }

  addRemoved(status: string, pipelineIndex: number): void {
    const kind = status === "done" ? "done" : status === "error" ? "failed" : "unfinished";
    const before = this.#removed.get(pipelineIndex) ?? noneRemoved;
    this.#removed.set(pipelineIndex, { ...before, [kind]: before[kind] + 1 });
  }

  /** Returns the pipeline's index. */
  addPipeline(pipeline: ParsedPipeline): number {
    return this.#pipelines.push(pipeline) - 1;
  }

  /** Gives the pipelines their final form, each in its place. */
  completePipelines(complete: (pipeline: ParsedPipeline) => ParsedPipeline): void {
    for (const [index, pipeline] of this.#pipelines.entries()) this.#pipelines[index] = complete(pipeline);
  }

  run(row: number): TableRun {
    const columns = this.#columns;
    const pipeline = this.#pipelines[columns.pipeline.at(row)];
    const runId = columns.runId.at(row);
    if (pipeline === undefined) throw new TypeError(`run ${runId} has no pipeline`);
    return {
      row,
      runId,
      experimentId: columns.experimentId.at(row) || undefined,
      pipeline,
      status: present(this.#statuses[columns.status.at(row)], "status of this number"),
      seed: columns.seed.knownAt(row),
      repetition: columns.repetition.knownAt(row),
      orderedAt: columns.orderedAt.knownAt(row),
      endedAt: columns.endedAt.knownAt(row),
      isAgain: columns.isAgain.at(row) === 1,
      isLost: columns.isLost.at(row) === 1,
      executor: this.#executors[columns.executor.at(row)],
      isOfSeveralProcessors: columns.isOfSeveralProcessors.at(row) === 1,
      dataDigest: this.#dataDigestTexts[columns.dataDigest.at(row) - 1],
      further: this.#further.get(row),
    };
  }

  /** undefined where the run has no such figure, null where it is empty. */
  figure(row: number, name: string): number | null | undefined {
    const column = this.#figures.get(name);
    const kind = column?.kinds.at(row) ?? 0;
    return kind === 2 ? column?.values.at(row) : kind === 1 ? null : undefined;
  }

  outcome({ row, status, isLost }: TableRun, name: string): Outcome {
    if (status === "pending" || status === "running" || status === "paused") return "unfinished";
    if (status !== "done") return isLost ? "lost" : "failed";
    const value = this.figure(row, name) ?? null;
    if (value === null) return "empty";
    return Number.isFinite(value) ? value : "diverged";
  }

  /** The run is to count as it was at an epoch. */
  takeBack(row: number, epoch: number, pipelineIndex: number, figures: ReadonlyMap<string, number | null>): void {
    this.#columns.pipeline.set(row, pipelineIndex);
    this.#further.set(row, epoch);
    for (const [name, value] of figures) {
      const column = this.#figures.get(name);
      column?.values.set(row, value ?? Number.NaN);
      column?.kinds.set(row, value === null ? 1 : 2);
    }
  }

  keepApart(row: number): void {
    this.#further.set(row, 0);
  }

  /** Of each pipeline of which some were. */
  removedByPipeline(): ReadonlyMap<ParsedPipeline, RemovedCounts> {
    return new Map(
      Array.from(this.#removed).flatMap(([index, counts]) => {
        const pipeline = this.#pipelines[index];
        return pipeline === undefined ? [] : [[pipeline, counts] as const];
      }),
    );
  }

  /** Rows of each pipeline that some run has, ascending; the pipeline of the first run first. */
  rowsByPipeline(): ReadonlyMap<ParsedPipeline, readonly number[]> {
    const rows = new Map<ParsedPipeline, number[]>();
    for (let row = 0; row < this.length; row++) {
      const pipeline = this.#pipelines[this.#columns.pipeline.at(row)];
      if (pipeline === undefined) continue;
      const known = rows.get(pipeline);
      if (known === undefined) rows.set(pipeline, [row]);
      else known.push(row);
    }
    return rows;
  }
}

/**
 * Every run that has a pipeline which can be read, in the order of the ids, and of removed ones how many there were.
 *
 * @param runIds of those that are wanted; without them all
 */
export async function readRunTable(
  reader: StoreReader,
  figures: readonly Figure[],
  runIds?: readonly number[],
): Promise<RunTable> {
  const table = new RunTable(figures.map(({ name }) => name));
  const indices = new Map<string, number | undefined>();
  const spelt = spelling();
  const sharing = new SharedParts();
  const indexOf = (run: Pick<RunRecord, "pipeline" | "params" | "description">) => {
    const { pipeline, params, description } = run;
    const text = hash("sha256", `${JSON.stringify(pipeline)}\n${description}\n${params.flat().join("\n")}`, "base64");
    if (!indices.has(text)) {
      const parts = partsOf(run, spelt);
      const shared = () => ({ dataSource: "", description, params: sharing.params(params) });
      indices.set(text, parts && table.addPipeline({ ...sharing.parts(parts), ...shared() }));
    }
    return indices.get(text);
  };
  for await (const run of reader.runs(runIds === undefined ? {} : { runIds })) {
    const index = indexOf(run);
    if (index !== undefined) table.add(run, index);
  }
  for await (const run of reader.removedRuns()) {
    const index = run.isRestored ? undefined : indexOf(run);
    if (index !== undefined) table.addRemoved(run.status, index);
  }
  const pipelines = [...new Set([...table.rowsByPipeline().keys(), ...table.removedByPipeline().keys()])];
  const training = lentTraining(pipelines);
  const unify = unifyData(pipelines.map(({ data }) => data));
  const completed = new Map(
    pipelines.map((pipeline) => [
      pipeline,
      {
        ...sharing.parts({ ...unify(pipeline), training: training(pipeline) }),
        dataSource: sharing.text(pipeline.data.map(({ className, path }) => `${className} (${path})`).join(" | ")),
      },
    ]),
  );
  table.completePipelines((pipeline) => completed.get(pipeline) ?? pipeline);
  return table;
}
