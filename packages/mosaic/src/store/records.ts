/** The plain records that go into a store and come out of it, whatever the database behind it. */

import type { Direction } from "@ml-mosaic/statistics";
import type { EpochRecord } from "@ml-mosaic/training";
import type { Pipeline } from "../pipelines/pipeline.ts";
import type { RunColumnName } from "./run-columns.ts";

export type RunStatus = "pending" | "running" | "done" | "error" | "paused";

export interface NewExperiment {
  /** The configuration as resolved, as text. */
  readonly configuration: string;
  readonly engineVersion: string;
  /** Facts about the machine (processor, cores, memory, versions) as JSON text. */
  readonly machineJson: string;
}

export interface ExperimentRecord extends NewExperiment {
  readonly experimentId: number;
  readonly createdAt: Date;
}

export type Param = readonly [name: string, value: string];

export interface NewRun {
  readonly pipeline: Pipeline;
  /** `Class(v1,v2) | Class(...)`. */
  readonly description: string;
  /** Rows of `params`. The row `pipeline` is written by the store; one that is listed here is left out. */
  readonly params: readonly Param[];
  readonly repetition: number;
  /** Hash of all that makes two runs the same run. */
  readonly identity: string;
  /** A whole number below 2^53. */
  readonly seed: number;
  /** What has computed it, or other repetitions of its pipeline; absent where that is not known. */
  readonly executor?: string | undefined;
}

/** Ids of the runs that one call added: all from `firstRunId` on, without gaps. */
export interface AddedRuns {
  readonly firstRunId: number;
  readonly count: number;
}

/** Names a lease; all that a worker's message has to carry. */
export interface LeaseKey {
  readonly runId: number;
  /** Fencing token: grows with every lease that the store gives, and is never given twice. */
  readonly token: number;
}

/** A lease that is renewed. */
export interface LeaseBeat extends LeaseKey {
  /** When the run came forward last, as far as its supervisor knows. */
  readonly progressAt: Date;
}

export interface Lease extends LeaseKey, NewRun {
  readonly experimentId: number;
  /** 1 for the first attempt; grows when a worker died over the run, not when the supervisor did. */
  readonly attempt: number;
  /** Whole epochs that are kept: the history goes on behind them. */
  readonly resumeEpoch: number;
  /** Whether to go on from the run's snapshot, which may lie in the middle of the next epoch; else it starts anew. */
  readonly fromSnapshot: boolean;
  readonly expiresAt: Date;
}

/**
 * The figures of a done run by their names: the columns of `run_results`, and whatever else was measured. null is an
 * empty value.
 */
export type RunResult = Readonly<Record<string, number | null>>;

export interface Artifact {
  /** What the file is: `model`, `onnx`, `snapshot`, `log`… */
  readonly kind: string;
  /** Relative to the database's folder of run files. */
  readonly path: string;
  readonly sizeBytes: number;
  /** Of its bytes as they were written, in hexadecimal digits; absent for logs, and for files from before. */
  readonly sha256?: string;
}

export interface Completion {
  readonly result: RunResult;
  /** Which values of the metrics in it are better, by the metric's own name (`f1`). */
  readonly directions?: Readonly<Record<string, Direction>>;
  /** Epochs that were not appended before. */
  readonly history?: readonly EpochRecord[];
  readonly artifacts?: readonly Artifact[];
  /** What has computed it, where there is a choice: `onnx` or `wasm`. */
  readonly executor?: string | undefined;
  /** Of the data that it has seen; null where it is not known, absent where that was not looked at. */
  readonly dataDigest?: string | null | undefined;
  /** The model of processor that has computed it lately. */
  readonly processor?: string | undefined;
}

/** What a run is known to be by what has carried it out. */
export type Observed = Pick<Completion, "executor" | "dataDigest" | "processor">;

export interface SnapshotRecord {
  /** Whole ones. */
  readonly epochs: number;
  readonly artifacts: readonly Artifact[];
  readonly executor?: string | undefined;
  readonly processor?: string | undefined;
}

/** What a worker that takes a run can do. */
export interface LeaseWishes {
  /** Runs that it cannot carry out. */
  readonly leftOut?: ReadonlySet<number> | undefined;
  /** Its model: runs that another one has left are taken last. */
  readonly processor?: string | undefined;
  /** Runs that another model has left are not taken at all. */
  readonly ownProcessorOnly?: boolean | undefined;
}

/** Why a run is given back unfinished. Only a worker's death costs an attempt. */
export type GiveBackReason =
  | { readonly kind: "worker-died" /** Such as `killed by SIGKILL`. */; readonly detail: string }
  | { readonly kind: "stopped" /** Why, where it was not asked for. */; readonly detail?: string };

export interface ReturnedRun {
  readonly runId: number;
  /** `error` when the run has used up its attempts. */
  readonly status: "pending" | "error";
}

/** A done run that is to be trained further. */
export interface Continuation {
  readonly runId: number;
  /** Epochs in all, those done included. */
  readonly epochs: number;
  /** Of the run from now on; as it was where none is given. */
  readonly identity?: string;
}

/** What a run's result was before it was trained further. */
export interface EarlierResult {
  readonly replacedAt: Date;
  readonly returnStatus: string | null;
  readonly result: RunResult;
}

export interface FoundRun {
  readonly runId: number;
  readonly experimentId: number;
  readonly status: string;
  readonly repetition: number;
  /** Epochs trained, where the run has a result. */
  readonly epochs: number | null;
  /** Epochs that it was to be trained: its param `epochs`. */
  readonly epochsAsked: number | null;
  readonly executor: string | null;
}

export interface RunDetails {
  readonly experimentId: number;
  readonly identity: string;
  readonly repetition: number;
  readonly seed: number;
  /** Attempts that dying workers have cost. */
  readonly attempts: number;
  readonly resumeEpoch: number;
  readonly fromSnapshot: boolean;
  readonly createdAt: Date;
  /** When it was added; later where it was trained again after an error, or further after it was done. */
  readonly orderedAt: Date;
  readonly startedAt: Date | null;
  readonly finishedAt: Date | null;
  /** What has computed it, or will as it has other repetitions of its pipeline; null where nothing has yet. */
  readonly executor: string | null;
  /** Equal for runs that have seen the same data, in whatever language; null where it is not known. */
  readonly dataDigest: string | null;
  /** The models of processor that have computed it, in turn; empty for that of the experiment's machine. */
  readonly processors: readonly string[];
}

export interface RunRecord {
  readonly runId: number;
  /** A `RunStatus`, or whatever a database of the original Mosaic says. */
  readonly status: string;
  readonly description: string;
  readonly returnStatus: string | null;
  /** undefined where none is stored, or something else than a pipeline. */
  readonly pipeline: Pipeline | undefined;
  /** Rows of `params` in the order written, without `pipeline`. */
  readonly params: readonly Param[];
  readonly result: RunResult | null;
  /** Filled only where the query asked for it. */
  readonly history: readonly EpochRecord[];
  readonly tags: readonly string[];
  readonly note: string | undefined;
  /** null for a run of the original Mosaic. */
  readonly details: RunDetails | null;
}

/** A run that is to be removed. */
export interface Removal {
  readonly runId: number;
  /** Its files in the database's folder of run files, as paths there. */
  readonly files: readonly string[];
}

/** A file of a removed run that is still to be deleted. */
export interface RemovedFile {
  readonly runId: number;
  readonly path: string;
}

/** What is kept of a run that was removed. */
export interface RemovedRun extends Pick<RunRecord, "runId" | "status" | "description" | "pipeline" | "params"> {
  /** undefined for a run of the original Mosaic, as identity and repetition. */
  readonly experimentId: number | undefined;
  readonly identity: string | undefined;
  readonly repetition: number | undefined;
  readonly removedAt: Date;
  /** A run of the same identity has been added since. */
  readonly isRestored: boolean;
}

/** Runs that match all that is given; everything is optional. */
export interface RunQuery {
  readonly runIds?: Iterable<number>;
  readonly experimentId?: number;
  readonly status?: string;
  readonly withHistory?: boolean;
  /** Only those that came back unfinished, whose `returnStatus` says why. Goes with `status` and `last`. */
  readonly returned?: true;
  /** Only so many of them: those with the highest ids. */
  readonly last?: number;
}

/** What a column of all runs is of: what every run has, a row of `params`, or a figure of the result. */
export type ColumnSource =
  | { readonly of: "run"; readonly name: RunColumnName }
  | { readonly of: "option" | "figure"; readonly name: string };

/**
 * `missing` is 1 where the run has no such value, and null where every run has one; NaN is a value. A code is a place in
 * `texts`, each of which is there once, or `noText`.
 */
export type ColumnValues =
  | { readonly kind: "number"; readonly values: Numbers; readonly missing: Uint8Array<ArrayBuffer> | null }
  | { readonly kind: "text"; readonly codes: Uint32Array<ArrayBuffer>; readonly texts: readonly string[] };

type Numbers = Float64Array<ArrayBuffer>;

export interface RunColumns {
  /** Ascending. */
  readonly runIds: Numbers;
  /** In the order of the sources. */
  readonly columns: readonly ColumnValues[];
}

/** A state of all runs that `changes` goes on from. Only the reader that gave it can read it. */
export interface ChangeCursor {
  readonly version: number;
}

export interface RunChanges {
  readonly cursor: ChangeCursor;
  /** Runs that are new, or have another status, result, tags or note; ascending. */
  readonly changed: readonly number[];
  readonly removed: readonly number[];
  /** Whether anything was written at all, such as epochs of running runs. */
  readonly isWritten: boolean;
}

/** The epochs of a run as columns; NaN also where nothing is stored. */
export interface RunCurves {
  readonly runId: number;
  readonly epochs: Numbers;
  /** From the run's first epoch on, its training alone; empty where they were not asked for. */
  readonly seconds: Numbers;
  /** In the order of the names that were asked for. */
  readonly series: readonly Numbers[];
}

/** Whether curves come with the times of their epochs, which take as long to read as a curve. */
export interface CurveTimes {
  readonly seconds: boolean;
}

/**
 * Compares what is stored under a name: a figure of the result, and where a run has no such figure a row of its `params`.
 * Numbers compare as numbers, however they are written; NaN equals NaN; what is no number is neither low nor high.
 */
export interface ValueCondition {
  readonly name: string;
  readonly comparison: "equal" | "at-most" | "at-least";
  readonly value: string;
}

export interface ParamSummary {
  readonly name: string;
  /** Whether every value that occurs is a number which a `number` can hold as it is written. */
  readonly isNumeric: boolean;
}

/** A figure that some run has beside the columns of `run_results`. */
export interface MetricSummary {
  readonly name: string;
  /** Which values are better; undefined where nobody has said it. */
  readonly direction: Direction | undefined;
}

/** The process that holds the right to write. */
export interface WriterRecord {
  readonly pid: number;
  readonly claimedAt: Date;
  /** False when it died without giving its claim back. */
  readonly alive: boolean;
}
