import type { SQLOutputValue } from "node:sqlite";
import { setTimeout as delay, setImmediate } from "node:timers/promises";
import type { Direction } from "@ml-mosaic/statistics";
import type { EpochRecord } from "@ml-mosaic/training";
import { flatPipeline } from "../pipelines/flat-pipeline.ts";
import { continueIn, orderEpochsIn, requeueIn, takeBackIn } from "./continuations.ts";
import { saveBeside } from "./copy-database.ts";
import type { DatabaseLock } from "./database-lock.ts";
import { epochColumns, metricsJson } from "./epoch-columns.ts";
import type {
  AddedRuns,
  Artifact,
  Completion,
  Continuation,
  GiveBackReason,
  Lease,
  LeaseBeat,
  LeaseKey,
  LeaseWishes,
  NewExperiment,
  NewRun,
  Observed,
  Param,
  Removal,
  RemovedFile,
  ReturnedRun,
  RunResult,
  SnapshotRecord,
} from "./records.ts";
import { forgetRemovedFilesIn, removeRunsIn } from "./removed-runs.ts";
import { returnStatusOf } from "./return-status.ts";
import { setNoteIn, setTagIn } from "./run-labels.ts";
import { pipelineIn, pipelineParam, requirePipeline, withoutPipeline } from "./run-queries.ts";
import { prepareRunStatements, type RunStatements } from "./run-statements.ts";
import { seedColumns } from "./seed-columns.ts";
import { isBusy, storeErrorFrom } from "./sqlite-error.ts";
import { type SqliteConnection, SqliteStoreReader } from "./sqlite-store-reader.ts";
import { type KeysOf, maximumAttempts, type Store } from "./store.ts";
import { StoreError } from "./store-error.ts";
import { integerIn, storedInteger, storedNumber, textIn, textOrNullIn } from "./stored-value.ts";
import { transaction } from "./transaction.ts";
import { updateKeysIn } from "./update-keys.ts";
import { leaveWriteAheadLog } from "./write-ahead-log.ts";

export interface SqliteWriterConnection extends SqliteConnection {
  readonly lock: DatabaseLock;
  readonly claimToken: number;
  readonly recoveredRuns: number;
  /** As far as it is known otherwise. */
  readonly hasTakenOver?: boolean;
  readonly claimMilliseconds: number;
  readonly leaseMilliseconds: number;
  /** How long a change waits while another program keeps the database locked. */
  readonly patienceMilliseconds: number;
}

/** How long a change waits with the process standing still; after that, it stands in line and the process goes on. */
const stillMilliseconds = 100;

/** The writing side; holds the claim `claimToken` until `close`. */
export class SqliteStore extends SqliteStoreReader implements Store {
  readonly recoveredRuns: number;
  readonly hasTakenOver: boolean;
  readonly #lock: DatabaseLock;
  readonly #claimToken: bigint;
  readonly #claimMilliseconds: number;
  readonly #leaseMilliseconds: number;
  readonly #patienceMilliseconds: number;
  readonly #sql: RunStatements;
  /** Settles when the runs that are being added are. */
  #adding: Promise<void> | undefined;
  /** Changes that wait for another program's lock; resolves when the last one is through. */
  #line: Promise<void> | undefined;

  constructor(connection: SqliteWriterConnection) {
    super(connection);
    this.recoveredRuns = connection.recoveredRuns;
    this.hasTakenOver = connection.hasTakenOver ?? connection.recoveredRuns > 0;
    this.#lock = connection.lock;
    this.#claimToken = storedInteger(connection.claimToken);
    this.#claimMilliseconds = connection.claimMilliseconds;
    this.#leaseMilliseconds = connection.leaseMilliseconds;
    this.#patienceMilliseconds = connection.patienceMilliseconds;
    this.#sql = prepareRunStatements(this.database);
    // Kibibytes: identities come in no order, so that the pages of their index are all in use while runs are added.
    this.database.exec("PRAGMA cache_size = -65536");
    this.database.exec(`PRAGMA busy_timeout = ${stillMilliseconds}`);
  }

  createExperiment({ configuration, engineVersion, machineJson }: NewExperiment): Promise<number> {
    return this.#write(() => {
      const { lastInsertRowid } = this.database
        .prepare("INSERT INTO experiments (configuration, engine_version, machine, created_at) VALUES (?, ?, ?, ?)")
        .run(configuration, engineVersion, machineJson, storedInteger(Date.now()));
      return Number(lastInsertRowid);
    });
  }

  addRuns(experimentId: number, runs: Iterable<NewRun> | AsyncIterable<NewRun>): Promise<AddedRuns> {
    // One after the other, so that the ids of each call are in a row.
    const adding =
      this.#adding === undefined
        ? this.#add(experimentId, runs)
        : this.#adding.then(() => this.#add(experimentId, runs));
    const settled: Promise<void> = adding
      .then(
        () => undefined,
        () => undefined,
      )
      .then(() => {
        if (this.#adding === settled) this.#adding = undefined;
      });
    this.#adding = settled;
    return adding;
  }

  async leaseNextRun(experimentId: number, worker: string, wishes: LeaseWishes = {}): Promise<Lease | undefined> {
    const [lease] = await this.leaseNextRuns(experimentId, worker, 1, wishes);
    return lease;
  }

  leaseNextRuns(
    experimentId: number,
    worker: string,
    most: number,
    { leftOut = new Set(), processor, ownProcessorOnly = false }: LeaseWishes = {},
  ): Promise<readonly Lease[]> {
    return this.#write(() => {
      const leases: Lease[] = [];
      const leaseThose = (own: string | undefined) => {
        const rows = this.#sql.nextPending.all({
          experiment: storedInteger(experimentId),
          leftOut: JSON.stringify([...leftOut]),
          processor: own ?? null,
          most: storedInteger(most - leases.length),
        });
        for (const row of rows) {
          // What an earlier attempt has recorded beyond the snapshot belongs to no curve.
          const [id, epoch] = [integerIn(row, "run_id"), integerIn(row, "resume_epoch")];
          this.#sql.trimHistory.run(storedInteger(id), storedInteger(epoch));
          leases.push(this.#lease(experimentId, row, worker));
        }
      };
      leaseThose(processor);
      if (processor !== undefined && !ownProcessorOnly && leases.length < most) leaseThose(undefined);
      return leases;
    });
  }

  leaseRun(experimentId: number, runId: number, worker: string): Promise<Lease | undefined> {
    return this.#write(() => {
      const row = this.#sql.pending.get(storedInteger(experimentId), storedInteger(runId));
      return row && this.#lease(experimentId, row, worker);
    });
  }

  #lease(experimentId: number, row: Readonly<Record<string, SQLOutputValue>>, worker: string): Lease {
    const runId = integerIn(row, "run_id");
    const id = storedInteger(runId);
    const now = Date.now();
    const expiresAt = now + this.#leaseMilliseconds;
    this.#sql.startRun.run(id);
    this.#sql.startDetails.run(storedInteger(now), id);
    const added = this.#sql.addLease.run(id, worker, storedInteger(now), storedInteger(expiresAt));
    const params = this.queries.params(runId);
    return {
      runId,
      token: Number(added.lastInsertRowid),
      experimentId,
      attempt: integerIn(row, "attempts") + 1,
      resumeEpoch: integerIn(row, "resume_epoch"),
      fromSnapshot: integerIn(row, "from_snapshot") === 1,
      expiresAt: new Date(expiresAt),
      pipeline: requirePipeline({ runId, pipeline: pipelineIn(params) }),
      description: textIn(row, "pipeline"),
      params: withoutPipeline(params),
      repetition: integerIn(row, "repetition"),
      identity: textIn(row, "identity"),
      seed: integerIn(row, "seed"),
      executor: textOrNullIn(row, "executor") ?? undefined,
    };
  }

  heartbeat(leases: Iterable<LeaseBeat>): Promise<readonly number[]> {
    return this.#write(() => {
      const now = Date.now();
      this.#sql.renewClaim.run(storedInteger(now + this.#claimMilliseconds), this.#claimToken);
      const expiresAt = storedInteger(now + this.#leaseMilliseconds);
      const lost: number[] = [];
      for (const { token, runId, progressAt } of leases) {
        const progress = storedInteger(progressAt.getTime());
        const renewed = this.#sql.renewLease.run(expiresAt, progress, storedInteger(token), storedInteger(runId));
        if (renewed.changes === 0) lost.push(token);
      }
      return lost;
    });
  }

  appendHistory(lease: LeaseKey, epochs: readonly EpochRecord[]): Promise<void> {
    return this.#write(() => {
      this.#requireLease(lease);
      this.#addHistory(lease.runId, epochs);
    });
  }

  recordArtifacts(lease: LeaseKey, artifacts: readonly Artifact[]): Promise<void> {
    return this.#write(() => {
      this.#requireLease(lease);
      this.#addArtifacts(lease.runId, artifacts);
    });
  }

  recordSnapshot(lease: LeaseKey, { epochs, artifacts, executor, processor }: SnapshotRecord): Promise<void> {
    return this.#write(() => {
      this.#requireLease(lease);
      this.#addArtifacts(lease.runId, artifacts);
      this.#sql.setResumeEpoch.run(storedInteger(epochs), storedInteger(lease.runId));
      this.#setObserved(lease.runId, { executor, processor });
    });
  }

  async completeRun(lease: LeaseKey, completion: Completion): Promise<void> {
    const [lost] = await this.completeRuns([[lease, completion]]);
    if (lost !== undefined) throw leaseLost(lease.runId);
  }

  completeRuns(ends: Iterable<readonly [LeaseKey, Completion]>): Promise<readonly number[]> {
    return this.#write(() => {
      const lost: number[] = [];
      for (const [lease, completion] of ends) {
        if (this.#holdsLease(lease)) this.#complete(lease, completion);
        else lost.push(lease.token);
      }
      return lost;
    });
  }

  #complete(lease: LeaseKey, { result, directions = {}, history = [], artifacts = [], ...observed }: Completion): void {
    this.#leave(lease, "done", returnStatusOf(result));
    this.#addHistory(lease.runId, history);
    this.#addArtifacts(lease.runId, artifacts);
    this.#addResult(lease.runId, result, directions);
    this.#setObserved(lease.runId, observed);
    this.#setDigest(lease.runId);
  }

  failRun(lease: LeaseKey, errorText: string): Promise<void> {
    return this.#write(() => {
      this.#leave(lease, "error", errorText);
      this.#setDigest(lease.runId);
    });
  }

  pauseRun(lease: LeaseKey, resumeEpoch: number, observed: Observed = {}): Promise<void> {
    return this.#write(() => {
      this.#leave(lease, "paused", null);
      this.#sql.setResumeEpoch.run(storedInteger(resumeEpoch), storedInteger(lease.runId));
      this.#setObserved(lease.runId, observed);
    });
  }

  #setObserved(runId: number, { executor, dataDigest, processor }: Observed): void {
    if (processor !== undefined) this.#sql.addProcessor.run({ processor, run: storedInteger(runId) });
    if (executor !== undefined) this.#sql.setExecutor.run(executor, storedInteger(runId));
    if (dataDigest !== undefined) this.#sql.setDataDigest.run(dataDigest, storedInteger(runId));
  }

  giveBackRun(lease: LeaseKey, reason: GiveBackReason): Promise<ReturnedRun> {
    return this.#write(() => {
      if (reason.kind === "worker-died") return this.#countDeath(lease, reason.detail);
      this.#leave(lease, "pending", reason.detail ?? null);
      return { runId: lease.runId, status: "pending" };
    });
  }

  lastToken(): Promise<number> {
    return this.perform(() => integerIn(this.#sql.lastToken.get() ?? { seq: 0 }, "seq"));
  }

  expireLeases(): Promise<readonly ReturnedRun[]> {
    return this.#write(() =>
      this.#sql.expiredLeases.all(storedInteger(Date.now())).map((row) => {
        const lease = { runId: integerIn(row, "run_id"), token: integerIn(row, "token") };
        return this.#countDeath(lease, `nothing was heard of ${textIn(row, "worker")}`);
      }),
    );
  }

  requeueRuns(experimentId: number, runIds: Iterable<number>, why?: string): Promise<void> {
    return this.#write(() => {
      for (const runId of runIds) requeueIn(this.#sql, experimentId, runId, why);
    });
  }

  continueRuns(experimentId: number, continuations: Iterable<Continuation>): Promise<void> {
    return this.#write(() => {
      for (const continuation of continuations) continueIn(this.#sql, experimentId, continuation);
    });
  }

  takeBackContinuations(runIds: Iterable<number>): Promise<void> {
    return this.#write(() => {
      for (const runId of runIds) {
        const isKnown = takeBackIn(this.#sql, runId);
        if (!isKnown) this.#setDigest(runId);
      }
    });
  }

  orderEpochs(orders: Iterable<Pick<Continuation, "runId" | "epochs">>): Promise<readonly number[]> {
    return this.#write(() =>
      Array.from(orders).flatMap((order) => (orderEpochsIn(this.#sql, order) ? [order.runId] : [])),
    );
  }

  updateKeys(keysOf: KeysOf): Promise<number> {
    return this.#write(() =>
      updateKeysIn(this.database, keysOf, (runId, update) => {
        // Damage from before stays known.
        const wasWhole = this.digests.stored(runId) === this.digests.of(runId);
        update();
        if (wasWhole) this.#sql.setDigest.run(storedInteger(runId), this.digests.of(runId));
      }),
    );
  }

  async removeRuns(removals: Iterable<Removal>): Promise<void> {
    await this.#write(() => removeRunsIn(this.database, removals));
    // To the disk: what is deleted next does not come back after a failure of power, so that these rows must not either.
    await this.perform(() => this.database.exec("PRAGMA wal_checkpoint(PASSIVE)"));
  }

  forgetRemovedFiles(files: Iterable<RemovedFile>): Promise<void> {
    return this.#write(() => forgetRemovedFilesIn(this.database, files));
  }

  setTag(tag: string, runIds: Iterable<number>, isOn: boolean): Promise<number> {
    return this.#write(() => setTagIn(this.database, tag, runIds, isOn));
  }

  setNote(runId: number, note: string | undefined): Promise<boolean> {
    return this.#write(() => setNoteIn(this.database, runId, note));
  }

  updateIdentities(identities: Iterable<readonly [runId: number, identity: string]>): Promise<void> {
    return this.#write(() => {
      for (const [runId, identity] of identities)
        if (this.#sql.updateIdentity.run(identity, runId).changes === 0)
          this.#sql.updateRemovedIdentity.run(identity, runId);
    });
  }

  setSystem(name: string, value: string): Promise<void> {
    return this.#write(() => {
      // The seed's table has no key that INSERT OR REPLACE could go by.
      if (this.#sql.setSystem.run(value, name).changes === 0) this.#sql.addSystem.run(name, value);
    });
  }

  async published(): Promise<void> {}

  override async close(): Promise<void> {
    await this.#line;
    if (!this.database.isOpen) return;
    try {
      await this.perform(() => {
        this.database.exec("PRAGMA busy_timeout = 10000");
        if (!this.#lock.isInPlace()) throw replaced(this.file, saveBeside(this.database, this.file));
        this.#sql.dropClaim.run(this.#claimToken);
        leaveWriteAheadLog(this.database);
      });
    } finally {
      await super.close();
      this.#lock[Symbol.dispose]();
    }
  }

  /**
   * One transaction, refused once the file is another one or another process has taken the claim over. Where another
   * program has locked the database it waits its turn, and later changes behind it.
   */
  #write<T>(work: () => T): Promise<T> {
    if (this.#line === undefined) {
      try {
        return Promise.resolve(this.#change(work));
      } catch (error) {
        if (!isBusy(error)) return Promise.reject(storeErrorFrom(error, this.file));
      }
    }
    const turn = (this.#line ?? Promise.resolve()).then(() => this.#changeWhenFree(work));
    const line: Promise<void> = turn.then(
      () => this.#leaveLine(line),
      () => this.#leaveLine(line),
    );
    this.#line = line;
    return turn;
  }

  #leaveLine(line: Promise<void>): void {
    if (this.#line === line) this.#line = undefined;
  }

  async #changeWhenFree<T>(work: () => T): Promise<T> {
    const deadline = performance.now() + this.#patienceMilliseconds;
    for (;;) {
      try {
        return this.#change(work);
      } catch (error) {
        if (!isBusy(error) || performance.now() > deadline) throw storeErrorFrom(error, this.file);
        await delay(stillMilliseconds);
      }
    }
  }

  #change<T>(work: () => T): T {
    if (!this.database.isOpen) throw new StoreError("STORE_CLOSED", `${this.location}: the store is closed`);
    return transaction(this.database, "write", () => {
      if (!this.#lock.isInPlace()) throw replaced(this.file);
      if (this.#sql.holdsClaim.get(this.#claimToken) === undefined) {
        const message = `${this.location}: another process has taken over this database; this one may not write any more`;
        throw new StoreError("STORE_CLAIM_LOST", message);
      }
      return work();
    });
  }

  /** A batch at a time, between which others have their turn and the log before the database stays small. */
  async #add(experimentId: number, runs: Iterable<NewRun> | AsyncIterable<NewRun>): Promise<AddedRuns> {
    let firstRunId: number | undefined;
    let nextRunId = 0;
    const addBatch = (batch: Iterable<NewRun>): Promise<number> =>
      this.#write(() => {
        firstRunId ??= nextRunId = integerIn(this.#sql.highestRunId.get() ?? {}, "run_id") + 1;
        let runId = nextRunId;
        for (const run of batch) this.#addRun(experimentId, runId++, run);
        this.#sql.setNextRunId.run(storedInteger(runId));
        const count = runId - nextRunId;
        nextRunId = runId;
        return count;
      });
    if (Symbol.asyncIterator in runs) {
      let batch: NewRun[] = [];
      for await (const run of runs) {
        batch.push(run);
        if (batch.length < batchRuns) continue;
        await addBatch(batch);
        batch = [];
      }
      await addBatch(batch);
    } else {
      const source = runs[Symbol.iterator]();
      while ((await addBatch(take(source, batchRuns))) === batchRuns) await setImmediate();
    }
    return { firstRunId: firstRunId ?? nextRunId, count: nextRunId - (firstRunId ?? nextRunId) };
  }

  #addRun(experimentId: number, runId: number, run: NewRun): void {
    const id = storedInteger(runId);
    this.#sql.addRun.run(id, run.description);
    this.#sql.addDetails.run(
      id,
      storedInteger(experimentId),
      run.identity,
      storedInteger(run.repetition),
      storedInteger(run.seed),
      storedInteger(Date.now()),
      storedInteger(experimentId),
      run.executor ?? null,
    );
    this.#sql.restore.run(storedInteger(Date.now()), run.identity);
    const params: readonly Param[] = [
      [pipelineParam, JSON.stringify(flatPipeline(run.pipeline))],
      ...withoutPipeline(run.params),
    ];
    for (let start = 0; start < params.length; start += mostRows) {
      const rows = params.slice(start, start + mostRows);
      this.#sql.addParams(rows.length).run(...rows.flatMap(([name, value]) => [id, name, value]));
    }
  }

  #holdsLease({ runId, token }: LeaseKey): boolean {
    return this.#sql.holdsLease.get(storedInteger(token), storedInteger(runId)) !== undefined;
  }

  #requireLease(lease: LeaseKey): void {
    if (!this.#holdsLease(lease)) throw leaseLost(lease.runId);
  }

  /** Ends the lease and takes the run out of `running`. */
  #leave(lease: LeaseKey, status: "pending" | "done" | "error" | "paused", returnStatus: string | null): void {
    const id = storedInteger(lease.runId);
    if (this.#sql.endLease.run(storedInteger(lease.token), id).changes === 0) throw leaseLost(lease.runId);
    if (this.#sql.leaveRunning.run(status, returnStatus, id).changes === 0) {
      throw new StoreError(
        "STORE_RUN_STATE",
        `run ${lease.runId} has a lease but is not running; the database was altered`,
      );
    }
    this.#sql.finishDetails.run(status === "pending" ? null : storedInteger(Date.now()), id);
  }

  #countDeath(lease: LeaseKey, detail: string): ReturnedRun {
    const { runId } = lease;
    const id = storedInteger(runId);
    const attempts = integerIn(this.#sql.attempts.get(id) ?? { attempts: 0 }, "attempts") + 1;
    const status = attempts < maximumAttempts ? "pending" : "error";
    const message = `the worker died in each of ${attempts} attempts at this run (the last time: ${detail})`;
    this.#leave(lease, status, status === "error" ? message : null);
    this.#sql.setAttempts.run(storedInteger(attempts), id);
    if (status === "error") this.#setDigest(runId);
    return { runId, status };
  }

  /** Of a run that has come to its end, by its result or an error. */
  #setDigest(runId: number): void {
    this.#sql.setDigest.run(storedInteger(runId), this.digests.of(runId));
  }

  #addHistory(runId: number, epochs: readonly EpochRecord[]): void {
    for (const epoch of epochs) {
      this.#sql.addEpoch.run(
        storedInteger(runId),
        storedInteger(epoch.epoch),
        ...epochColumns.map(({ of }) => storedNumber(of(epoch))),
        metricsJson(epoch),
      );
    }
  }

  #addArtifacts(runId: number, artifacts: readonly Artifact[]): void {
    for (const { path, kind, sizeBytes, sha256 = null } of artifacts) {
      const [id, size, now] = [runId, sizeBytes, Date.now()].map(storedInteger);
      this.#sql.addArtifact.run(id ?? null, path, kind, size ?? null, now ?? null, sha256);
    }
  }

  #addResult(runId: number, result: RunResult, directions: Readonly<Record<string, Direction>>): void {
    const id = storedInteger(runId);
    const values = seedColumns.map(({ name, whole }) => {
      const value = result[name] ?? null;
      return whole && Number.isSafeInteger(value) ? storedInteger(Number(value)) : storedNumber(value);
    });
    this.#sql.addResult.run(id, ...values);
    for (const [name, value] of Object.entries(result))
      if (!seedColumns.some((column) => column.name === name)) this.#sql.addMetric.run(id, name, storedNumber(value));
    for (const [name, direction] of Object.entries(directions)) this.#sql.setDirection.run(name, direction);
  }
}

/** @param copy where what it held was saved */
function replaced(location: string, copy?: string): StoreError {
  const what = `${location} was removed or replaced while this process wrote to it`;
  return new StoreError(
    "STORE_REPLACED",
    copy === undefined ? what : `${what}; all that it held is in ${copy}: give that file its name to go on`,
  );
}

/** Runs that one transaction adds: many, so that it pays; few, so that a heartbeat finds its turn. */
const batchRuns = 10_000;

/** Rows of params that one statement adds. */
const mostRows = 100;

function* take<Item>(source: Iterator<Item>, most: number): Generator<Item, void, undefined> {
  for (let taken = 0; taken < most; taken++) {
    const next = source.next();
    if (next.done === true) return;
    yield next.value;
  }
}

function leaseLost(runId: number): StoreError {
  const message = `run ${runId} was given back in the meantime, so nothing more is accepted from this attempt at it`;
  return new StoreError("STORE_LEASE_LOST", message);
}
