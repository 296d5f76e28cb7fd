import type { DatabaseSync } from "node:sqlite";
import type { EpochRecord } from "@ml-mosaic/training";
import { boundedRequest } from "./bounded-request.ts";
import type {
  Artifact,
  ChangeCursor,
  ColumnSource,
  CurveTimes,
  EarlierResult,
  ExperimentRecord,
  FoundRun,
  MetricSummary,
  ParamSummary,
  RemovedFile,
  RemovedRun,
  RunChanges,
  RunColumns,
  RunCurves,
  RunQuery,
  RunRecord,
  ValueCondition,
  WriterRecord,
} from "./records.ts";
import { prepareRemovedRuns, removedFilesIn } from "./removed-runs.ts";
import { runChangesIn } from "./run-changes.ts";
import { runColumnsIn } from "./run-columns.ts";
import { prepareRunCurves, seriesIn } from "./run-curves.ts";
import { prepareRunDigests, type RunDigests } from "./run-digest.ts";
import { prepareRunQueries, type RunQueries, resultFrom } from "./run-queries.ts";
import {
  metricSummariesIn,
  optionNamesIn,
  optionsIn,
  paramSummariesIn,
  readPipelinesIn,
  runsWithValueIn,
  valuesIn,
} from "./run-values.ts";
import { storeErrorFrom } from "./sqlite-error.ts";
import type { StoreReader, VisitPipeline } from "./store.ts";
import { StoreError } from "./store-error.ts";
import { dateIn, dateOrNullIn, integerIn, numberIn, storedInteger, textIn, textOrNullIn } from "./stored-value.ts";
import { transaction } from "./transaction.ts";
import { readClaim } from "./writer-claim.ts";

/** Runs read in one go by `runs`: large enough to be fast, small enough not to hold up anything else. */
const pageSize = 200;

export interface SqliteConnection {
  readonly database: DatabaseSync;
  /** What the database is called. */
  readonly location: string;
  /** Where SQLite has it open, where that is elsewhere. */
  readonly file?: string;
  readonly notices: readonly string[];
}

/** The reading side over one connection, which `close` ends. */
export class SqliteStoreReader implements StoreReader {
  readonly location: string;
  readonly notices: readonly string[];
  protected readonly database: DatabaseSync;
  protected readonly file: string;
  protected readonly queries: RunQueries;
  protected readonly digests: RunDigests;
  readonly #removed: ReturnType<typeof prepareRemovedRuns>;
  /** The last ones; who follows running runs asks for the same names again and again. */
  #curves: { readonly key: string; readonly read: ReturnType<typeof prepareRunCurves> } | undefined;

  constructor({ database, location, file = location, notices }: SqliteConnection) {
    this.database = database;
    this.file = file;
    this.location = location;
    this.notices = notices;
    this.queries = prepareRunQueries(database);
    this.digests = prepareRunDigests(database);
    this.#removed = prepareRemovedRuns(database);
  }

  experiments(): Promise<readonly ExperimentRecord[]> {
    return this.perform(() =>
      this.database
        .prepare("SELECT * FROM experiments ORDER BY experiment_id")
        .all()
        .map((row) => ({
          experimentId: integerIn(row, "experiment_id"),
          configuration: textIn(row, "configuration"),
          engineVersion: textIn(row, "engine_version"),
          machineJson: textIn(row, "machine"),
          createdAt: dateIn(row, "created_at"),
        })),
    );
  }

  countByStatus(experimentId?: number): Promise<ReadonlyMap<string, number>> {
    return this.perform(() => {
      const rows =
        experimentId === undefined
          ? this.database.prepare("SELECT status, count(*) AS runs FROM runs GROUP BY status").all()
          : this.database
              .prepare(
                `SELECT status, count(*) AS runs FROM run_details JOIN runs ON runs.run_id = run_details.run_id
                 WHERE experiment_id = ? GROUP BY status`,
              )
              .all(storedInteger(experimentId));
      return new Map(rows.map((row) => [textIn(row, "status"), integerIn(row, "runs")]));
    });
  }

  findRuns(identities: Iterable<string>): Promise<ReadonlyMap<string, readonly FoundRun[]>> {
    return this.perform(() => {
      const find = this.database.prepare(
        `SELECT run_details.run_id, experiment_id, status, repetition, epochs, executor,
           (SELECT param_value FROM params WHERE params.run_id = run_details.run_id AND param_name = 'epochs') AS asked
         FROM run_details
         JOIN runs ON runs.run_id = run_details.run_id
         LEFT JOIN run_results ON run_results.run_id = run_details.run_id
         WHERE identity = ? ORDER BY run_details.run_id`,
      );
      const found = new Map<string, readonly FoundRun[]>();
      return transaction(this.database, "read", () => {
        for (const identity of identities) {
          const runs = find.all(identity).map((row) => ({
            runId: integerIn(row, "run_id"),
            experimentId: integerIn(row, "experiment_id"),
            status: textIn(row, "status"),
            repetition: integerIn(row, "repetition"),
            epochs: numberIn(row, "epochs"),
            epochsAsked: numberIn(row, "asked"),
            executor: textOrNullIn(row, "executor"),
          }));
          if (runs.length > 0) found.set(identity, runs);
        }
        return found;
      });
    });
  }

  async *runs(query: RunQuery = {}): AsyncGenerator<RunRecord, void, void> {
    const ids = await this.perform(() => this.queries.ids(query));
    for (let start = 0; start < ids.length; start += pageSize) {
      // A page is read whole, so that no statement stays open while the caller works.
      const page = await this.perform(() =>
        transaction(this.database, "read", () =>
          ids.slice(start, start + pageSize).map((id) => this.queries.run(id, query.withHistory ?? false)),
        ),
      );
      for (const run of page) if (run !== undefined) yield run;
    }
  }

  runIds(query: RunQuery = {}): Promise<readonly number[]> {
    return this.perform(() => this.queries.ids(query));
  }

  runsWithValue(condition: ValueCondition): Promise<readonly number[]> {
    return this.perform(() => transaction(this.database, "read", () => runsWithValueIn(this.database, condition)));
  }

  valuesOf(name: string): Promise<ReadonlyMap<number, string | number | null>> {
    return this.perform(() => transaction(this.database, "read", () => valuesIn(this.database, name)));
  }

  optionsOf(name: string): Promise<ReadonlyMap<number, string | null>> {
    return this.perform(() => optionsIn(this.database, name));
  }

  statuses(): Promise<ReadonlyMap<number, string>> {
    return this.perform(() => this.queries.statuses());
  }

  readPipelines(visit: VisitPipeline): Promise<void> {
    return this.perform(() => readPipelinesIn(this.database, visit));
  }

  notes(): Promise<ReadonlyMap<number, string>> {
    return this.perform(() => this.queries.labels.notes());
  }

  async request(sql: string): Promise<readonly number[]> {
    await this.perform(() => undefined);
    return boundedRequest(this.file, sql);
  }

  paramSummaries(): Promise<readonly ParamSummary[]> {
    return this.perform(() => paramSummariesIn(this.database));
  }

  optionNames(): Promise<readonly string[]> {
    return this.perform(() => optionNamesIn(this.database));
  }

  metricSummaries(): Promise<readonly MetricSummary[]> {
    return this.perform(() => metricSummariesIn(this.database));
  }

  history(runId: number): Promise<readonly EpochRecord[]> {
    return this.perform(() => this.queries.history(runId));
  }

  lastEpoch(runId: number): Promise<EpochRecord | undefined> {
    return this.perform(() => this.queries.lastEpoch(runId));
  }

  columns(sources: readonly ColumnSource[]): Promise<RunColumns> {
    return this.perform(() => transaction(this.database, "read", () => runColumnsIn(this.database, sources)));
  }

  changes(since?: ChangeCursor): Promise<RunChanges> {
    return this.perform(() => transaction(this.database, "read", () => runChangesIn(this.database, since)));
  }

  async *curves(
    runIds: Iterable<number>,
    names: readonly string[],
    after = 0,
    times: CurveTimes = { seconds: true },
  ): AsyncGenerator<RunCurves, void, void> {
    const key = JSON.stringify([names, times]);
    if (this.#curves?.key !== key)
      this.#curves = { key, read: await this.perform(() => prepareRunCurves(this.database, names, times)) };
    const { read } = this.#curves;
    const ids = [...runIds];
    for (let start = 0; start < ids.length; start += pageSize)
      yield* await this.perform(() => ids.slice(start, start + pageSize).map((runId) => read(runId, after)));
  }

  series(): Promise<readonly string[]> {
    return this.perform(() =>
      seriesIn(
        this.database,
        metricSummariesIn(this.database).map(({ name }) => name),
      ),
    );
  }

  earlierResults(runId: number): Promise<readonly EarlierResult[]> {
    return this.perform(() => {
      const id = storedInteger(runId);
      const metrics = this.database.prepare(
        "SELECT name, value FROM earlier_metrics WHERE run_id = ? AND replaced_at = ? ORDER BY name",
      );
      return this.database
        .prepare("SELECT * FROM earlier_results WHERE run_id = ? ORDER BY replaced_at, epochs")
        .all(id)
        .map((row) => ({
          replacedAt: dateIn(row, "replaced_at"),
          returnStatus: textOrNullIn(row, "return_status"),
          result: resultFrom(row, metrics.all(id, storedInteger(integerIn(row, "replaced_at")))),
        }));
    });
  }

  progressOf(runId: number): Promise<Date | undefined> {
    return this.perform(() => {
      const row = this.database.prepare("SELECT progress_at FROM leases WHERE run_id = ?").get(storedInteger(runId));
      return row === undefined ? undefined : (dateOrNullIn(row, "progress_at") ?? undefined);
    });
  }

  artifacts(runId: number): Promise<readonly Artifact[]> {
    return this.perform(() =>
      this.database
        .prepare("SELECT kind, path, size_bytes, sha256 FROM artifacts WHERE run_id = ? ORDER BY path")
        .all(storedInteger(runId))
        .map((row) => {
          const sha256 = textOrNullIn(row, "sha256");
          return {
            kind: textIn(row, "kind"),
            path: textIn(row, "path"),
            sizeBytes: integerIn(row, "size_bytes"),
            ...(sha256 === null ? {} : { sha256 }),
          };
        }),
    );
  }

  checkResult(runId: number): Promise<"whole" | "damaged" | "unchecked"> {
    return this.perform(() =>
      transaction(this.database, "read", () => {
        const stored = this.digests.stored(runId);
        if (stored === undefined) return "unchecked";
        return stored === this.digests.of(runId) ? "whole" : "damaged";
      }),
    );
  }

  checkStructure(): Promise<readonly string[]> {
    return this.perform(() =>
      this.database
        .prepare("PRAGMA integrity_check")
        .all()
        .map((row) => textIn(row, "integrity_check"))
        .filter((line) => line !== "ok"),
    );
  }

  tagCounts(): Promise<ReadonlyMap<string, number>> {
    return this.perform(() => this.queries.labels.counts());
  }

  runsTagged(tag: string): Promise<readonly number[]> {
    return this.perform(() => this.queries.labels.taggedWith(tag));
  }

  async *removedRuns(): AsyncGenerator<RemovedRun, void, void> {
    let last = -1;
    let page: readonly RemovedRun[];
    do {
      page = await this.perform(() => this.#removed.after(last, pageSize));
      yield* page;
      last = page.at(-1)?.runId ?? last;
    } while (page.length === pageSize);
  }

  removedRun(runId: number): Promise<RemovedRun | undefined> {
    return this.perform(() => this.#removed.run(runId));
  }

  countRemoved(): Promise<number> {
    return this.perform(() => this.#removed.count());
  }

  findRemoved(identities: Iterable<string>): Promise<ReadonlySet<string>> {
    return this.perform(() => new Set(Iterator.from(identities).filter(this.#removed.has)));
  }

  removedFiles(): Promise<readonly RemovedFile[]> {
    return this.perform(() => removedFilesIn(this.database));
  }

  system(): Promise<ReadonlyMap<string, string>> {
    return this.perform(() => {
      const rows = this.database.prepare("SELECT param_name, param_value FROM system").all();
      return new Map(rows.map((row) => [textIn(row, "param_name"), textIn(row, "param_value")]));
    });
  }

  writer(): Promise<WriterRecord | undefined> {
    return this.perform(() => readClaim(this.database));
  }

  async close(): Promise<void> {
    if (this.database.isOpen) this.database.close();
  }

  /** Runs `work` at once, in the caller's turn, and makes SQLite's errors the store's. */
  protected async perform<T>(work: () => T): Promise<T> {
    if (!this.database.isOpen) throw new StoreError("STORE_CLOSED", `${this.location}: the store is closed`);
    try {
      return work();
    } catch (error) {
      throw storeErrorFrom(error, this.file);
    }
  }
}
