/** Runs that were removed: what is kept of them, and how they leave the tables. */
import type { DatabaseSync } from "node:sqlite";
import type { Removal, RemovedFile, RemovedRun } from "./records.ts";
import { pipelineIn, prepareRunQueries, withoutPipeline } from "./run-queries.ts";
import { StoreError } from "./store-error.ts";
import { dateIn, integerIn, numberIn, type Row, storedInteger, textIn, textOrNullIn } from "./stored-value.ts";

/** The tables that have rows of runs, those first whose rows refer to others. */
const runTables = [
  "tags",
  "notes",
  "artifacts",
  "history",
  "earlier_results",
  "earlier_metrics",
  "run_metrics",
  "run_digests",
  "leases",
  "run_details",
  "run_results",
  "params",
  "runs",
] as const;

/** Belongs into a transaction. */
export function removeRunsIn(database: DatabaseSync, removals: Iterable<Removal>): void {
  const queries = prepareRunQueries(database);
  const keep = database.prepare(
    `INSERT INTO removed_runs (run_id, status, description, params, experiment_id, identity, repetition, removed_at)
     SELECT ?, status, coalesce(pipeline, ''), ?, experiment_id, identity, repetition, ?
     FROM runs LEFT JOIN run_details ON run_details.run_id = runs.run_id WHERE runs.run_id = ? LIMIT 1`,
  );
  const addFile = database.prepare("INSERT OR IGNORE INTO removed_files (run_id, path) VALUES (?, ?)");
  const deletions = runTables.map((table) => database.prepare(`DELETE FROM ${table} WHERE run_id = ?`));
  const now = storedInteger(Date.now());
  for (const { runId, files } of removals) {
    const id = storedInteger(runId);
    if (keep.run(id, JSON.stringify(queries.params(runId)), now, id).changes === 0)
      throw new StoreError("STORE_RUN_STATE", `there is no run ${runId}, so it cannot be removed`);
    for (const path of files) addFile.run(id, path);
    for (const deletion of deletions) deletion.run(id);
  }
  dropKeptFiles(database);
}

/** What a run that stays has written too, as a module that gives its file one name for all runs, is not theirs alone. */
function dropKeptFiles(database: DatabaseSync): void {
  database.exec("DELETE FROM removed_files WHERE path IN (SELECT path FROM artifacts)");
}

export function removedFilesIn(database: DatabaseSync): readonly RemovedFile[] {
  return database
    .prepare(
      `SELECT run_id, path FROM removed_files WHERE path NOT IN (SELECT path FROM artifacts) ORDER BY run_id, path`,
    )
    .all()
    .map((row) => ({ runId: integerIn(row, "run_id"), path: textIn(row, "path") }));
}

/** Belongs into a transaction. */
export function forgetRemovedFilesIn(database: DatabaseSync, files: Iterable<RemovedFile>): void {
  const forget = database.prepare("DELETE FROM removed_files WHERE run_id = ? AND path = ?");
  for (const { runId, path } of files) forget.run(storedInteger(runId), path);
  dropKeptFiles(database);
}

/** A page at a time: there may be many. Those that were added again are left out. */
export function prepareRemovedRuns(database: DatabaseSync) {
  const page = database.prepare("SELECT * FROM removed_runs WHERE run_id > ? ORDER BY run_id LIMIT ?");
  const one = database.prepare("SELECT * FROM removed_runs WHERE run_id = ?");
  const count = database.prepare("SELECT count(*) AS runs FROM removed_runs WHERE restored_at IS NULL");
  const find = database.prepare("SELECT 1 FROM removed_runs WHERE identity = ? AND restored_at IS NULL");
  return {
    after: (runId: number, most: number): readonly RemovedRun[] =>
      page.all(storedInteger(runId), storedInteger(most)).map(removedRunFrom),
    run(runId: number): RemovedRun | undefined {
      const row = one.get(storedInteger(runId));
      return row && removedRunFrom(row);
    },
    count: () => integerIn(count.get() ?? {}, "runs"),
    has: (identity: string) => find.get(identity) !== undefined,
  };
}

function removedRunFrom(row: Row): RemovedRun {
  const params: readonly (readonly [name: string, value: string])[] = JSON.parse(textIn(row, "params"));
  return {
    runId: integerIn(row, "run_id"),
    status: textIn(row, "status"),
    description: textIn(row, "description"),
    pipeline: pipelineIn(params),
    params: withoutPipeline(params),
    experimentId: numberIn(row, "experiment_id") ?? undefined,
    identity: textOrNullIn(row, "identity") ?? undefined,
    repetition: numberIn(row, "repetition") ?? undefined,
    removedAt: dateIn(row, "removed_at"),
    isRestored: row.restored_at !== null,
  };
}
