/**
 * What every store promises; SQLite is the first implementation, PostgreSQL is to be the second. All of them pass
 * `test/store-conformance.ts`.
 */
import type { EpochRecord } from "@ml-mosaic/training";
import type { Pipeline } from "../pipelines/pipeline.ts";
import type {
  AddedRuns,
  Artifact,
  ChangeCursor,
  ColumnSource,
  Completion,
  Continuation,
  CurveTimes,
  EarlierResult,
  ExperimentRecord,
  FoundRun,
  GiveBackReason,
  Lease,
  LeaseBeat,
  LeaseKey,
  LeaseWishes,
  MetricSummary,
  NewExperiment,
  NewRun,
  Observed,
  ParamSummary,
  Removal,
  RemovedFile,
  RemovedRun,
  ReturnedRun,
  RunChanges,
  RunColumns,
  RunCurves,
  RunQuery,
  RunRecord,
  SnapshotRecord,
  ValueCondition,
  WriterRecord,
} from "./records.ts";

export type KeysOf = (pipeline: Pipeline | undefined) => readonly string[] | undefined;

/** Repetitions that follow each other may have one pipeline. `experimentId` is undefined for runs of the original. */
export type VisitPipeline = (runId: number, pipeline: Pipeline, experimentId: number | undefined) => void;

/** A run whose worker died this often becomes an error. */
export const maximumAttempts = 3;

/**
 * The reading side. Any number of readers, in any number of processes, work at the same time as each other and as the
 * writer, and none waits for another. A reader sees what was committed when it asks.
 *
 * Ownership: who opens it closes it; a call after `close` fails with `STORE_CLOSED`.
 * Errors: all are `StoreError`s with a stable code; a promise rejects, nothing is thrown synchronously.
 */
export interface StoreReader {
  /** For messages: the file's path, or the like. */
  readonly location: string;
  /** What the user should be told about this database, such as that it lies on a doubtful file system. */
  readonly notices: readonly string[];
  experiments(): Promise<readonly ExperimentRecord[]>;
  /** How many runs have each status that occurs, of one experiment or of all. */
  countByStatus(experimentId?: number): Promise<ReadonlyMap<string, number>>;
  /** Identities that no run has are missing from the map; runs are in the order of their ids. */
  findRuns(identities: Iterable<string>): Promise<ReadonlyMap<string, readonly FoundRun[]>>;
  /**
   * Runs in the order of their ids, read a few at a time, so that memory stays bounded. Which runs match is settled at
   * the first step; each run's parts (status, result, history) fit each other, two runs may be read at different times.
   */
  runs(query?: RunQuery): AsyncIterable<RunRecord>;
  /** Ids of the runs that `runs` gives for the same query. */
  runIds(query?: RunQuery): Promise<readonly number[]>;
  /**
   * What each run has under a name: a figure of its result, and where it has no such figure a row of its `params`. Runs
   * that have neither are missing.
   */
  valuesOf(name: string): Promise<ReadonlyMap<number, string | number | null>>;
  /** What each run has in its `params` under a name, the first row where there are several; runs that have none are missing. */
  optionsOf(name: string): Promise<ReadonlyMap<number, string | null>>;
  statuses(): Promise<ReadonlyMap<number, string>>;
  /** Calls `visit`, which must not call the store, with the pipeline of every run that has one. */
  readPipelines(visit: VisitPipeline): Promise<void>;
  notes(): Promise<ReadonlyMap<number, string>>;
  /** Ids of the runs whose value meets the condition, ascending. */
  runsWithValue(condition: ValueCondition): Promise<readonly number[]>;
  /**
   * First column of a user's own query, which must hold whole numbers, in the query's order. One SELECT in the store's
   * dialect; whatever could write, attach or load anything, and a second statement, are refused (`STORE_REQUEST`), and
   * so is what takes more than a minute, a gibibyte of memory, or gives ten million rows.
   */
  request(sql: string): Promise<readonly number[]>;
  /**
   * Every name in `params` but `pipeline` and the original's bookkeeping (`status`, `database_path`, `traceback`), in the
   * order in which they first occur.
   */
  paramSummaries(): Promise<readonly ParamSummary[]>;
  /** The same names, found without looking at every value. */
  optionNames(): Promise<readonly string[]>;
  /** Every figure that some run has beside the columns of `run_results`, by name. */
  metricSummaries(): Promise<readonly MetricSummary[]>;
  history(runId: number): Promise<readonly EpochRecord[]>;
  /** What all runs have, as columns that fit each other: all are of one state of the store. */
  columns(sources: readonly ColumnSource[]): Promise<RunColumns>;
  /**
   * What has changed since a state that this reader told of; without one nothing has, and the answer tells of the present state.
   * That nothing was written costs next to nothing to find out.
   */
  changes(since?: ChangeCursor): Promise<RunChanges>;
  /** Epochs of these runs, in their order, that come after the one given; the names are those of `series`. */
  curves(
    runIds: Iterable<number>,
    names: readonly string[],
    after?: number,
    times?: CurveTimes,
  ): AsyncIterable<RunCurves>;
  /** Names of all that some epoch has: `train_loss`, `lr`, `test_f1`… */
  series(): Promise<readonly string[]>;
  /** Results that the run had before it was trained further, the oldest first. */
  earlierResults(runId: number): Promise<readonly EarlierResult[]>;
  /** The latest epoch that is recorded. */
  lastEpoch(runId: number): Promise<EpochRecord | undefined>;
  /** When a running run came forward last, as its supervisor's latest heartbeat says; undefined for any other run. */
  progressOf(runId: number): Promise<Date | undefined>;
  artifacts(runId: number): Promise<readonly Artifact[]>;
  /** Whether what is stored of a run that has ended, done or with an error, is what was written; `unchecked` where no digest was kept. */
  checkResult(runId: number): Promise<"whole" | "damaged" | "unchecked">;
  /** What is wrong with the store as such, a line each. */
  checkStructure(): Promise<readonly string[]>;
  /** Every tag, and how many runs have it. */
  tagCounts(): Promise<ReadonlyMap<string, number>>;
  /** Ids of the runs with this tag, ascending. */
  runsTagged(tag: string): Promise<readonly number[]>;
  /** Runs that were removed, in the order of their ids; those too that were added again. */
  removedRuns(): AsyncIterable<RemovedRun>;
  removedRun(runId: number): Promise<RemovedRun | undefined>;
  /** How many runs were removed and not added again. */
  countRemoved(): Promise<number>;
  /** Which of these identities are of runs that were removed and not added again. */
  findRemoved(identities: Iterable<string>): Promise<ReadonlySet<string>>;
  /** What removed runs have left in the folder of run files. */
  removedFiles(): Promise<readonly RemovedFile[]>;
  system(): Promise<ReadonlyMap<string, string>>;
  writer(): Promise<WriterRecord | undefined>;
  close(): Promise<void>;
}

/**
 * The writing side. One process at a time may hold it; opening a second one fails with `STORE_CLAIMED`, which names the
 * first one's process id. When the first one is dead its claim is taken over, and the runs that it left running are
 * pending again (`recoveredRuns`), at no cost to their attempts.
 *
 * Every method but `addRuns` is one transaction: it takes effect wholly or not at all, and calls may overlap, in which case they take
 * effect in the order made. When a promise resolves, the change survives the death of any process.
 *
 * A run is in exactly one state, and moves only so: pending -> running by a lease; running -> done, error, paused or
 * pending by the lease's holder or by the lease's end; paused or error -> pending by `requeueRuns`, done -> pending by
 * `continueRuns`, and back to done by `takeBackContinuations`.
 *
 * A lease is named by its token. Whoever uses one that is no longer current (its run was given back) gets
 * `STORE_LEASE_LOST` and nothing changes; so a result is accepted once, from the worker that the run belongs to. Times
 * are the store's clock. A lease past its time stays good until `expireLeases` ends it: a machine that slept loses nothing.
 *
 * Errors besides: `STORE_CLAIM_LOST` when another process took over because no heartbeat came (nothing is written any
 * more), `STORE_DISK_FULL` and `STORE_IO` (nothing of that call is kept, a later call may succeed).
 */
export interface Store extends StoreReader {
  /** Runs that a dead supervisor had left running and that opening this store made pending again. */
  readonly recoveredRuns: number;
  /** Whether the supervisor before this one has died: what it had handed out may still be carried out. */
  readonly hasTakenOver: boolean;
  /** Returns the experiment's id. */
  createExperiment(experiment: NewExperiment): Promise<number>;
  /**
   * Adds pending runs, one at a time from `runs`, in batches of ten thousand that are each a transaction: what ends it early,
   * a kill too, leaves whole batches, and `findRuns` tells which runs are there. Ids go on from the highest that the
   * database has seen, in a row for each call. A removed run of the same identity counts as added again.
   *
   * @param batch how many in a transaction: fewer where others wait for their turn
   */
  addRuns(experimentId: number, runs: Iterable<NewRun> | AsyncIterable<NewRun>, batch?: number): Promise<AddedRuns>;
  /**
   * The pending run with the lowest id of those that are wished becomes running; undefined when there is none. `worker` is
   * for messages.
   */
  leaseNextRun(experimentId: number, worker: string, wishes?: LeaseWishes): Promise<Lease | undefined>;
  /** As many runs as there are, up to `most`, each as `leaseNextRun` would lease it. */
  leaseNextRuns(experimentId: number, worker: string, most: number, wishes?: LeaseWishes): Promise<readonly Lease[]>;
  /** This run becomes running, where it is pending; what an earlier attempt has recorded stays. */
  leaseRun(experimentId: number, runId: number, worker: string): Promise<Lease | undefined>;
  /**
   * Renews this writer's claim and the leases given, and returns the tokens of those that are lost. To be called several
   * times within the claim's and the leases' time. What a lease says of its run's progress is kept for `progressOf`.
   */
  heartbeat(leases: Iterable<LeaseBeat>): Promise<readonly number[]>;
  /** An epoch that is there already is replaced. Within moments, with what is told of other runs. */
  appendHistory(lease: LeaseKey, epochs: readonly EpochRecord[]): Promise<void>;
  /** A path that is there already is replaced. */
  recordArtifacts(lease: LeaseKey, artifacts: readonly Artifact[]): Promise<void>;
  /** Given back, the run goes on from the snapshot, of so many whole epochs. */
  recordSnapshot(lease: LeaseKey, snapshot: SnapshotRecord): Promise<void>;
  /** Ends the lease; the run is done. */
  completeRun(lease: LeaseKey, completion: Completion): Promise<void>;
  /** Many at once. Returns the tokens of leases that are lost, of whose runs nothing is kept; the others' results are. */
  completeRuns(ends: Iterable<readonly [LeaseKey, Completion]>): Promise<readonly number[]>;
  /** Ends the lease; the run is an error. `errorText` is the message with its stack. */
  failRun(lease: LeaseKey, errorText: string): Promise<void>;
  /**
   * Ends the lease; the run waits for `requeueRuns`, and goes on from its snapshot then. `resumeEpoch` is how many whole
   * epochs the snapshot holds.
   */
  pauseRun(lease: LeaseKey, resumeEpoch: number, observed?: Observed): Promise<void>;
  /** Ends the lease; the run is pending, or an error when `maximumAttempts` workers died over it. */
  giveBackRun(lease: LeaseKey, reason: GiveBackReason): Promise<ReturnedRun>;
  /** Of the last lease that was given; 0 where none was. */
  lastToken(): Promise<number>;
  /** Gives back the runs whose lease is past its time, as if their workers had died. */
  expireLeases(): Promise<readonly ReturnedRun[]>;
  /**
   * Puts pending, paused and failed runs into this experiment's queue. A paused run goes on from its snapshot, a failed
   * one starts anew with all its attempts. `why` is kept while it waits. Any other run in the list is refused (`STORE_RUN_STATE`), and nothing changes.
   */
  requeueRuns(experimentId: number, runIds: Iterable<number>, why?: string): Promise<void>;
  /**
   * Gives the modules of runs other keys, in their pipelines and `params`. `keysOf`, which must not call the store, is
   * called with the pipeline of every run, or with undefined for what is none, and returns a key for each module, or
   * undefined to leave the run as it is. Returns how many runs were changed.
   */
  updateKeys(keysOf: KeysOf): Promise<number>;
  /**
   * Puts done runs into this experiment's queue, to go on from their snapshots. Their results move to `earlierResults`,
   * and their param `epochs` becomes what they are to have in all. Those that have such an earlier result and still wait, or have
   * failed since, are queued as by `requeueRuns`, with the other number. Any other run is refused, and nothing changes.
   */
  continueRuns(experimentId: number, continuations: Iterable<Continuation>): Promise<void>;
  /**
   * Makes runs done again that `continueRuns` has queued, with the result that they had and all else as it was. A run that has been
   * paused beyond that, or is anything else, is refused, and nothing changes.
   */
  takeBackContinuations(runIds: Iterable<number>): Promise<void>;
  /**
   * Gives pending runs that never had a result another number of epochs. Those that have as many already are passed over, as is any
   * other run. Returns those that were changed.
   */
  orderEpochs(orders: Iterable<Pick<Continuation, "runId" | "epochs">>): Promise<readonly number[]>;
  /**
   * Takes runs out of all tables and keeps of each what `removedRuns` gives. Their files are those of `removedFiles` until
   * `forgetRemovedFiles`: the rows go first, so that no run is ever without its files. What this promises to have removed
   * is removed after a failure of power too.
   */
  removeRuns(removals: Iterable<Removal>): Promise<void>;
  forgetRemovedFiles(files: Iterable<RemovedFile>): Promise<void>;
  /** Gives runs, removed ones too, other identities; runs that are not there are passed over. */
  updateIdentities(identities: Iterable<readonly [runId: number, identity: string]>): Promise<void>;
  /** Gives runs a tag or takes it away; returns for how many that changed something. A run that is not there is refused. */
  setTag(tag: string, runIds: Iterable<number>, isOn: boolean): Promise<number>;
  /** undefined takes the note away. Returns whether the run had one. */
  setNote(runId: number, note: string | undefined): Promise<boolean>;
  setSystem(name: string, value: string): Promise<void>;
  /**
   * Resolves when what was written before can be read, and taken over, on any machine that sees the store: at once where it lies
   * on one machine.
   *
   * @param now not with the next copy that is due, but with one of its own
   */
  published(now?: boolean): Promise<void>;
}
