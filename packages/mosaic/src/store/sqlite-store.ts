import type { SQLOutputValue } from "node:sqlite";
import type { EpochRecord } from "@ml-mosaic/training";
import { addInBatches, addRunIn, usualBatch } from "./added-runs.ts";
import { ChangeLine, stillMilliseconds } from "./change-line.ts";
import { continueIn, orderEpochsIn, requeueIn, takeBackIn } from "./continuations.ts";
import { saveBeside } from "./copy-database.ts";
import type { DatabaseLock } from "./database-lock.ts";
import { isHeldIn, leaseLost, leaveIn, requireLeaseIn } from "./ended-leases.ts";
import { GatheredChanges } from "./gathered-changes.ts";
import { addArtifactsIn, addHistoryIn, addResultIn, setObservedIn } from "./recorded-values.ts";
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
  Removal,
  RemovedFile,
  ReturnedRun,
  SnapshotRecord,
} from "./records.ts";
import { forgetRemovedFilesIn, removeRunsIn } from "./removed-runs.ts";
import { returnStatusOf } from "./return-status.ts";
import { setNoteIn, setTagIn } from "./run-labels.ts";
import { pipelineIn, requirePipeline, withoutPipeline } from "./run-queries.ts";
import { prepareRunStatements, type RunStatements } from "./run-statements.ts";
import { type SqliteConnection, SqliteStoreReader } from "./sqlite-store-reader.ts";
import { type KeysOf, maximumAttempts, type Store } from "./store.ts";
import { StoreError } from "./store-error.ts";
import { integerIn, storedInteger, textIn, textOrNullIn } from "./stored-value.ts";
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

/** The writing side; holds the claim `claimToken` until `close`. */
export class SqliteStore extends SqliteStoreReader implements Store {
  readonly recoveredRuns: number;
  readonly hasTakenOver: boolean;
  readonly #lock: DatabaseLock;
  readonly #claimToken: bigint;
  readonly #claimMilliseconds: number;
  readonly #leaseMilliseconds: number;
  readonly #sql: RunStatements;
  /** Settles when the runs that are being added are. */
  #adding: Promise<void> | undefined;
  readonly #line: ChangeLine;
  readonly #gathered = new GatheredChanges((work) => this.#line.do(work));

  constructor(connection: SqliteWriterConnection) {
    super(connection);
    this.recoveredRuns = connection.recoveredRuns;
    this.hasTakenOver = connection.hasTakenOver ?? connection.recoveredRuns > 0;
    this.#lock = connection.lock;
    this.#claimToken = storedInteger(connection.claimToken);
    this.#claimMilliseconds = connection.claimMilliseconds;
    this.#leaseMilliseconds = connection.leaseMilliseconds;
    const { patienceMilliseconds } = connection;
    this.#line = new ChangeLine({ change: (work) => this.#change(work), patienceMilliseconds, file: this.file });
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

  addRuns(
    experimentId: number,
    runs: Iterable<NewRun> | AsyncIterable<NewRun>,
    batch = usualBatch,
  ): Promise<AddedRuns> {
    // One after the other, so that the ids of each call are in a row.
    const adding =
      this.#adding === undefined
        ? this.#add(experimentId, runs, batch)
        : this.#adding.then(() => this.#add(experimentId, runs, batch));
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
    return this.#gathered.add(() => {
      requireLeaseIn(this.#sql, lease);
      addHistoryIn(this.#sql, lease.runId, epochs);
    });
  }

  recordArtifacts(lease: LeaseKey, artifacts: readonly Artifact[]): Promise<void> {
    return this.#write(() => {
      requireLeaseIn(this.#sql, lease);
      addArtifactsIn(this.#sql, lease.runId, artifacts);
    });
  }

  recordSnapshot(lease: LeaseKey, { epochs, artifacts, executor, processor }: SnapshotRecord): Promise<void> {
    return this.#write(() => {
      requireLeaseIn(this.#sql, lease);
      addArtifactsIn(this.#sql, lease.runId, artifacts);
      this.#sql.setResumeEpoch.run(storedInteger(epochs), storedInteger(lease.runId));
      setObservedIn(this.#sql, lease.runId, { executor, processor });
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
        if (isHeldIn(this.#sql, lease)) this.#complete(lease, completion);
        else lost.push(lease.token);
      }
      return lost;
    });
  }

  #complete(lease: LeaseKey, { result, directions = {}, history = [], artifacts = [], ...observed }: Completion): void {
    leaveIn(this.#sql, lease, "done", returnStatusOf(result));
    addHistoryIn(this.#sql, lease.runId, history);
    addArtifactsIn(this.#sql, lease.runId, artifacts);
    addResultIn(this.#sql, lease.runId, result, directions);
    setObservedIn(this.#sql, lease.runId, observed);
    this.#setDigest(lease.runId);
  }

  failRun(lease: LeaseKey, errorText: string): Promise<void> {
    return this.#write(() => {
      leaveIn(this.#sql, lease, "error", errorText);
      this.#setDigest(lease.runId);
    });
  }

  pauseRun(lease: LeaseKey, resumeEpoch: number, observed: Observed = {}): Promise<void> {
    return this.#write(() => {
      leaveIn(this.#sql, lease, "paused", null);
      this.#sql.setResumeEpoch.run(storedInteger(resumeEpoch), storedInteger(lease.runId));
      setObservedIn(this.#sql, lease.runId, observed);
    });
  }

  giveBackRun(lease: LeaseKey, reason: GiveBackReason): Promise<ReturnedRun> {
    return this.#write(() => {
      if (reason.kind === "worker-died") return this.#countDeath(lease, reason.detail);
      leaveIn(this.#sql, lease, "pending", reason.detail ?? null);
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
    this.#gathered.pass();
    await this.#line.empty();
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
    this.#gathered.pass();
    return this.#line.do(work);
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

  async #add(
    experimentId: number,
    runs: Iterable<NewRun> | AsyncIterable<NewRun>,
    batchRuns: number,
  ): Promise<AddedRuns> {
    let firstRunId: number | undefined;
    let nextRunId = 0;
    const addBatch = (batch: Iterable<NewRun>) =>
      this.#write(() => {
        firstRunId ??= nextRunId = integerIn(this.#sql.highestRunId.get() ?? {}, "run_id") + 1;
        let runId = nextRunId;
        for (const run of batch) addRunIn(this.#sql, experimentId, runId++, run);
        this.#sql.setNextRunId.run(storedInteger(runId));
        const count = runId - nextRunId;
        nextRunId = runId;
        return count;
      });
    await addInBatches(runs, addBatch, batchRuns);
    return { firstRunId: firstRunId ?? nextRunId, count: nextRunId - (firstRunId ?? nextRunId) };
  }

  #countDeath(lease: LeaseKey, detail: string): ReturnedRun {
    const { runId } = lease;
    const id = storedInteger(runId);
    const attempts = integerIn(this.#sql.attempts.get(id) ?? { attempts: 0 }, "attempts") + 1;
    const status = attempts < maximumAttempts ? "pending" : "error";
    const message = `the worker died in each of ${attempts} attempts at this run (the last time: ${detail})`;
    leaveIn(this.#sql, lease, status, status === "error" ? message : null);
    this.#sql.setAttempts.run(storedInteger(attempts), id);
    if (status === "error") this.#setDigest(runId);
    return { runId, status };
  }

  /** Of a run that has come to its end, by its result or an error. */
  #setDigest(runId: number): void {
    this.#sql.setDigest.run(storedInteger(runId), this.digests.of(runId));
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
