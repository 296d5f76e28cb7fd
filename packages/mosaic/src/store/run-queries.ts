/** Reading runs: one object of prepared statements for a connection, whether it reads or writes. */
import type { DatabaseSync } from "node:sqlite";
import type { EpochRecord } from "@ml-mosaic/training";
import { readPipeline } from "../pipelines/flat-pipeline.ts";
import type { Pipeline } from "../pipelines/pipeline.ts";
import { metricsFrom } from "./epoch-columns.ts";
import type { Param, RunDetails, RunQuery, RunRecord, RunResult } from "./records.ts";
import { prepareRunLabels } from "./run-labels.ts";
import { seedColumns } from "./seed-columns.ts";
import { StoreError } from "./store-error.ts";
import {
  dateIn,
  dateOrNullIn,
  integerIn,
  numberIn,
  type Row,
  storedInteger,
  textIn,
  textOrNullIn,
} from "./stored-value.ts";

export interface RunQueries {
  /** Ids of the runs that match, ascending. */
  readonly ids: (query: RunQuery) => readonly number[];
  readonly run: (runId: number, withHistory: boolean) => RunRecord | undefined;
  readonly history: (runId: number) => readonly EpochRecord[];
  readonly lastEpoch: (runId: number) => EpochRecord | undefined;
  readonly statuses: () => ReadonlyMap<number, string>;
  readonly labels: ReturnType<typeof prepareRunLabels>;
  /** Rows of `params`, `pipeline` included. */
  readonly params: (runId: number) => readonly Param[];
}

export function prepareRunQueries(database: DatabaseSync): RunQueries {
  // Ids are compared as numbers, because an original database may keep them as text.
  const allIds = database.prepare("SELECT run_id FROM runs");
  const idsByStatus = database.prepare("SELECT run_id FROM runs WHERE status = ?");
  // An original database may have an id twice, and sorting all of them by number takes a tenth of a second of 100,000.
  const lastOf = (runs: string) =>
    database.prepare(
      isKey(database, "runs", "run_id")
        ? `SELECT run_id FROM ${runs} ORDER BY run_id DESC LIMIT :last`
        : `SELECT DISTINCT CAST(run_id AS INTEGER) AS run_id FROM ${runs} ORDER BY 1 DESC LIMIT :last`,
    );
  const lastIds = lastOf("runs");
  const lastIdsByStatus = lastOf("runs WHERE status = :status");
  const experimentIds = database.prepare("SELECT run_id FROM run_details WHERE experiment_id = ?");
  const run = database.prepare("SELECT * FROM runs WHERE run_id = ?");
  const details = database.prepare("SELECT * FROM run_details WHERE run_id = ?");
  const result = database.prepare("SELECT * FROM run_results WHERE run_id = ?");
  const metrics = database.prepare("SELECT name, value FROM run_metrics WHERE run_id = ? ORDER BY name");
  const history = database.prepare("SELECT * FROM history WHERE run_id = ? ORDER BY epoch");
  const lastEpoch = database.prepare("SELECT * FROM history WHERE run_id = ? ORDER BY epoch DESC LIMIT 1");
  const params = database.prepare("SELECT param_name, param_value FROM params WHERE run_id = ? ORDER BY rowid");
  // A run has some thirty of them: arrays take half of the time of objects.
  params.setReturnArrays(true);

  const returnedIds = lastOf("runs WHERE status = :status AND return_status IS NOT NULL");
  const allStatuses = database.prepare("SELECT run_id, status FROM runs");
  const labels = prepareRunLabels(database);

  const historyOf = (runId: number): readonly EpochRecord[] => history.all(storedInteger(runId)).map(epochFrom);
  const paramsOf = (runId: number): readonly Param[] =>
    params.all(storedInteger(runId)).map((row): Param => [textIn(row, "0"), textIn(row, "1")]);

  // Row by row, since there may be a million.
  const known = (status: string | undefined) =>
    (status === undefined ? allIds.iterate() : idsByStatus.iterate(status)).map((row) => integerIn(row, "run_id"));
  const existing = (runIds: ReadonlySet<number>, status: string | undefined): readonly number[] =>
    [...runIds].filter((id) => {
      const row = Number.isSafeInteger(id) ? run.get(storedInteger(id)) : undefined;
      return row !== undefined && (status === undefined || textIn(row, "status") === status);
    });

  return {
    history: historyOf,
    params: paramsOf,
    labels,
    statuses: () => new Map(allStatuses.iterate().map((row) => [integerIn(row, "run_id"), textIn(row, "status")])),
    lastEpoch: (runId) => {
      const row = lastEpoch.get(storedInteger(runId));
      return row === undefined ? undefined : epochFrom(row);
    },
    ids: ({ runIds, experimentId, status, last, returned }) => {
      if (last !== undefined && runIds === undefined && experimentId === undefined) {
        // What is asked of hundreds of thousands of runs, as by `mosaic status`: only the few that are shown leave SQLite.
        const most = { last: storedInteger(last) };
        const rows =
          status === undefined
            ? lastIds.all(most)
            : (returned === true ? returnedIds : lastIdsByStatus).all({ ...most, status });
        return rows.map((row) => integerIn(row, "run_id")).reverse();
      }
      const wanted = runIds === undefined ? undefined : new Set(runIds);
      const ofExperiment =
        experimentId === undefined
          ? undefined
          : new Set(experimentIds.iterate(storedInteger(experimentId)).map((row) => integerIn(row, "run_id")));
      const found = wanted !== undefined && wanted.size <= fewIds ? existing(wanted, status).values() : known(status);
      const sorted = Float64Array.from(
        found.filter((id) => (wanted?.has(id) ?? true) && (ofExperiment?.has(id) ?? true)),
      ).sort();
      const ids = Array.from(sorted).filter((id, index) => id !== sorted[index - 1]);
      return last === undefined ? ids : ids.slice(Math.max(0, ids.length - last));
    },
    run: (runId, withHistory) => {
      const id = storedInteger(runId);
      const row = run.get(id);
      if (row === undefined) return undefined;
      const detailsRow = details.get(id);
      const resultRow = result.get(id);
      const allParams = paramsOf(runId);
      return {
        runId,
        status: textIn(row, "status"),
        description: textIn(row, "pipeline"),
        returnStatus: textOrNullIn(row, "return_status"),
        pipeline: pipelineIn(allParams),
        params: withoutPipeline(allParams),
        result: resultRow === undefined ? null : resultFrom(resultRow, metrics.all(id)),
        history: withHistory ? historyOf(runId) : [],
        tags: labels.tagsOf(runId),
        note: labels.noteOf(runId),
        details: detailsRow === undefined ? null : detailsFrom(detailsRow),
      };
    },
  };
}

/** Whether each value is a whole number and there once: of a key of several columns each may be there more often. */
function isKey(database: DatabaseSync, table: string, column: string): boolean {
  const keys = database.prepare("SELECT name, upper(type) AS type FROM pragma_table_info(?) WHERE pk > 0").all(table);
  return keys.length === 1 && keys.every(({ name, type }) => name === column && type === "INTEGER");
}

/** Up to so many ids are looked up one by one, instead of reading all. */
const fewIds = 1000;

/** The row of `params` that holds the pipeline's JSON. */
export const pipelineParam = "pipeline";

export function pipelineIn(params: readonly Param[]): Pipeline | undefined {
  const json = params.find(([name]) => name === pipelineParam)?.[1];
  return json === undefined ? undefined : readPipeline(json);
}

/** @throws StoreError where the run has no pipeline that can be read */
export function requirePipeline({ runId, pipeline }: Pick<RunRecord, "runId" | "pipeline">): Pipeline {
  if (pipeline !== undefined) return pipeline;
  throw new StoreError(
    "STORE_CORRUPT",
    `the database is damaged: run ${runId} has no pipeline that can be read in params; mosaic show shows what it has. Leave that run out`,
  );
}

export function withoutPipeline(params: readonly Param[]): readonly Param[] {
  return params.filter(([name]) => name !== pipelineParam);
}

/**
 * @param row of `run_results` or `earlier_results`
 * @param metrics rows of what goes beside it
 */
export function resultFrom(row: Row, metrics: readonly Row[]): RunResult {
  return Object.fromEntries([
    ...seedColumns.map(({ name }) => [name, numberIn(row, name)] as const),
    ...metrics.map((metric) => [textIn(metric, "name"), numberIn(metric, "value")] as const),
  ]);
}

function epochFrom(row: Row): EpochRecord {
  return {
    epoch: integerIn(row, "epoch"),
    lr: numberIn(row, "lr") ?? Number.NaN,
    trainLoss: numberIn(row, "train_loss") ?? Number.NaN,
    validLoss: numberIn(row, "test_loss") ?? Number.NaN,
    trainAccuracy: numberIn(row, "train_acc") ?? undefined,
    validAccuracy: numberIn(row, "test_acc") ?? undefined,
    ...metricsFrom(textOrNullIn(row, "metrics")),
    seconds: numberIn(row, "seconds") ?? Number.NaN,
  };
}

function detailsFrom(row: Row): RunDetails {
  return {
    experimentId: integerIn(row, "experiment_id"),
    identity: textIn(row, "identity"),
    repetition: integerIn(row, "repetition"),
    seed: integerIn(row, "seed"),
    attempts: integerIn(row, "attempts"),
    resumeEpoch: integerIn(row, "resume_epoch"),
    fromSnapshot: integerIn(row, "from_snapshot") === 1,
    createdAt: dateIn(row, "created_at"),
    orderedAt: dateOrNullIn(row, "ordered_at") ?? dateIn(row, "created_at"),
    startedAt: dateOrNullIn(row, "started_at"),
    finishedAt: dateOrNullIn(row, "finished_at"),
    executor: textOrNullIn(row, "executor"),
    dataDigest: textOrNullIn(row, "data_digest"),
    processors: textOrNullIn(row, "processors")?.split("\n") ?? [],
  };
}
