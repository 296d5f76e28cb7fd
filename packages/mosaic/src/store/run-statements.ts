/** The writing statements, prepared once for a connection. What they mean together is said in `sqlite-store.ts`. */
import type { DatabaseSync, StatementSync } from "node:sqlite";
import { epochColumns } from "./epoch-columns.ts";
import { seedColumns } from "./seed-columns.ts";

export type RunStatements = ReturnType<typeof prepareRunStatements>;

/** Whether `$processor` is the last line of `processors`. */
const isLast = "substr(char(10) || processors, -length($processor) - 1) = char(10) || $processor";

export function prepareRunStatements(database: DatabaseSync) {
  const prepare = (sql: string): StatementSync => database.prepare(sql);
  const columns = seedColumns.map(({ name }) => `"${name}"`).join(", ");
  const placesFor = (values: readonly unknown[]) => values.map(() => "?").join(", ");
  /** By how many rows they add. */
  const addParams = new Map<number, StatementSync>();
  return {
    holdsClaim: prepare("SELECT 1 FROM writer_claim WHERE token = ?"),
    renewClaim: prepare("UPDATE writer_claim SET expires_at = ? WHERE token = ?"),
    dropClaim: prepare("DELETE FROM writer_claim WHERE token = ?"),

    addRun: prepare("INSERT INTO runs (run_id, status, pipeline) VALUES (?, 'pending', ?)"),
    addParams: (rows: number): StatementSync => {
      const known =
        addParams.get(rows) ??
        prepare(
          `INSERT INTO params (run_id, param_name, param_value) VALUES ${Array(rows).fill("(?, ?, ?)").join(", ")}`,
        );
      addParams.set(rows, known);
      return known;
    },
    addDetails: prepare(
      `INSERT INTO run_details (run_id, experiment_id, identity, repetition, seed, created_at, ordered_at, executor)
       VALUES (?, ?, ?, ?, ?, ?, (SELECT created_at FROM experiments WHERE experiment_id = ?), ?)`,
    ),
    highestRunId: prepare(
      // The original counts in `system.next_run_id`; a run of it may have rows in params before it has one in runs.
      `SELECT max(
         (SELECT coalesce(max(CAST(run_id AS INTEGER)), 0) FROM runs),
         (SELECT coalesce(max(CAST(run_id AS INTEGER)), 0) FROM run_results),
         (SELECT coalesce(max(run_id), 0) FROM removed_runs),
         (SELECT coalesce(max(CAST(param_value AS INTEGER)), 1) - 1 FROM system WHERE param_name = 'next_run_id')
       ) AS run_id`,
    ),
    updateIdentity: prepare("UPDATE run_details SET identity = ? WHERE run_id = ?"),
    updateRemovedIdentity: prepare("UPDATE removed_runs SET identity = ? WHERE run_id = ?"),
    restore: prepare("UPDATE removed_runs SET restored_at = ? WHERE identity = ? AND restored_at IS NULL"),
    setNextRunId: prepare("UPDATE system SET param_value = ? WHERE param_name = 'next_run_id'"),

    // CROSS JOIN keeps the order: the few pending runs first, by their index.
    nextPending: prepare(
      `SELECT run_details.run_id, pipeline, identity, repetition, seed, attempts, resume_epoch, from_snapshot, executor
       FROM runs CROSS JOIN run_details ON run_details.run_id = runs.run_id
       WHERE status = 'pending' AND experiment_id = $experiment AND runs.run_id NOT IN (SELECT value FROM json_each($leftOut))
         AND ($processor IS NULL OR from_snapshot = 0 OR processors IS NULL OR ${isLast})
       ORDER BY runs.run_id LIMIT $most`,
    ),
    pending: prepare(
      `SELECT run_details.run_id, pipeline, identity, repetition, seed, attempts, resume_epoch, from_snapshot, executor
       FROM runs JOIN run_details ON run_details.run_id = runs.run_id
       WHERE status = 'pending' AND experiment_id = ? AND runs.run_id = ?`,
    ),
    startRun: prepare(
      "UPDATE runs SET status = 'running', return_status = NULL WHERE run_id = ? AND status = 'pending'",
    ),
    startDetails: prepare(
      `UPDATE run_details SET started_at = ?, finished_at = NULL,
         processors = CASE from_snapshot WHEN 1 THEN processors END
       WHERE run_id = ?`,
    ),
    trimHistory: prepare("DELETE FROM history WHERE run_id = ? AND epoch > ?"),

    addLease: prepare("INSERT INTO leases (run_id, worker, leased_at, expires_at) VALUES (?, ?, ?, ?)"),
    lastToken: prepare("SELECT seq FROM sqlite_sequence WHERE name = 'leases'"),
    holdsLease: prepare("SELECT 1 FROM leases WHERE token = ? AND run_id = ?"),
    renewLease: prepare("UPDATE leases SET expires_at = ?, progress_at = ? WHERE token = ? AND run_id = ?"),
    endLease: prepare("DELETE FROM leases WHERE token = ? AND run_id = ?"),
    expiredLeases: prepare("SELECT token, run_id, worker FROM leases WHERE expires_at < ? ORDER BY token"),

    leaveRunning: prepare("UPDATE runs SET status = ?, return_status = ? WHERE run_id = ? AND status = 'running'"),
    finishDetails: prepare("UPDATE run_details SET finished_at = ? WHERE run_id = ?"),
    attempts: prepare("SELECT attempts FROM run_details WHERE run_id = ?"),
    setAttempts: prepare("UPDATE run_details SET attempts = ? WHERE run_id = ?"),
    setExecutor: prepare("UPDATE run_details SET executor = ? WHERE run_id = ?"),
    addProcessor: prepare(
      `UPDATE run_details SET processors = CASE
         WHEN processors IS NULL THEN $processor
         WHEN ${isLast} THEN processors
         ELSE processors || char(10) || $processor END
       WHERE run_id = $run`,
    ),
    setDataDigest: prepare("UPDATE run_details SET data_digest = ? WHERE run_id = ?"),
    setResumeEpoch: prepare("UPDATE run_details SET resume_epoch = ?, from_snapshot = 1 WHERE run_id = ?"),

    addResult: prepare(`INSERT INTO run_results (run_id, ${columns}) VALUES (?, ${placesFor(seedColumns)})`),
    addMetric: prepare("INSERT INTO run_metrics (run_id, name, value) VALUES (?, ?, ?)"),
    setDirection: prepare("INSERT OR REPLACE INTO metrics (name, direction) VALUES (?, ?)"),
    addEpoch: prepare(
      `INSERT OR REPLACE INTO history (run_id, epoch, ${epochColumns.map(({ name }) => name).join(", ")}, metrics)
       VALUES (?, ?, ${placesFor(epochColumns)}, ?)`,
    ),
    addArtifact: prepare(
      "INSERT OR REPLACE INTO artifacts (run_id, path, kind, size_bytes, created_at, sha256) VALUES (?, ?, ?, ?, ?, ?)",
    ),
    setDigest: prepare("INSERT OR REPLACE INTO run_digests (run_id, sha256) VALUES (?, ?)"),
    dropDigest: prepare("DELETE FROM run_digests WHERE run_id = ?"),

    statusOf: prepare(
      "SELECT status FROM run_details JOIN runs ON runs.run_id = run_details.run_id WHERE run_details.run_id = ?",
    ),
    queueRun: prepare(
      "UPDATE runs SET status = 'pending', return_status = ? WHERE run_id = ? AND status IN ('paused', 'error')",
    ),
    moveRun: prepare("UPDATE run_details SET experiment_id = ? WHERE run_id = ?"),
    forgetAttempts: prepare(
      "UPDATE run_details SET attempts = 0, resume_epoch = 0, from_snapshot = 0 WHERE run_id = ?",
    ),

    resumption: prepare("SELECT resume_epoch FROM run_details WHERE run_id = ?"),
    setIdentity: prepare("UPDATE run_details SET identity = ? WHERE run_id = ?"),
    setOrdered: prepare("UPDATE run_details SET ordered_at = ? WHERE run_id = ?"),

    epochsDone: prepare("SELECT epochs FROM run_results WHERE run_id = ?"),
    keepResult: prepare(
      `INSERT INTO earlier_results (run_id, replaced_at, return_status, ${columns},
         experiment_id, identity, ordered_at, started_at, finished_at, epochs_asked, sha256)
       SELECT runs.run_id, ?, return_status, ${columns},
         experiment_id, identity, ordered_at, started_at, finished_at,
         (SELECT param_value FROM params WHERE params.run_id = runs.run_id AND param_name = 'epochs'),
         (SELECT sha256 FROM run_digests WHERE run_digests.run_id = runs.run_id)
       FROM runs
       JOIN run_results ON run_results.run_id = runs.run_id
       JOIN run_details ON run_details.run_id = runs.run_id
       WHERE runs.run_id = ?`,
    ),
    latestEarlier: prepare(
      "SELECT rowid, * FROM earlier_results WHERE run_id = ? ORDER BY replaced_at DESC, epochs DESC LIMIT 1",
    ),
    returnResult: prepare(
      `INSERT INTO run_results (run_id, ${columns}) SELECT run_id, ${columns} FROM earlier_results WHERE rowid = ?`,
    ),
    returnMetrics: prepare(
      `INSERT INTO run_metrics (run_id, name, value)
       SELECT run_id, name, value FROM earlier_metrics WHERE run_id = ? AND replaced_at = ?`,
    ),
    returnRun: prepare(
      "UPDATE runs SET status = 'done', return_status = ? WHERE run_id = ? AND status IN ('pending', 'paused', 'error')",
    ),
    returnDetails: prepare(
      `UPDATE run_details SET attempts = 0, experiment_id = coalesce(?, experiment_id), identity = coalesce(?, identity),
         ordered_at = coalesce(?, ordered_at), started_at = coalesce(?, started_at), finished_at = coalesce(?, finished_at)
       WHERE run_id = ?`,
    ),
    dropEarlier: prepare("DELETE FROM earlier_results WHERE rowid = ?"),
    dropEarlierMetrics: prepare("DELETE FROM earlier_metrics WHERE run_id = ? AND replaced_at = ?"),
    orderEpochs: prepare(
      `UPDATE params SET param_value = $epochs WHERE run_id = $run AND param_name = 'epochs'
         AND EXISTS (SELECT 1 FROM runs WHERE run_id = $run AND status = 'pending')
         AND (SELECT resume_epoch FROM run_details WHERE run_id = $run) < $least
         AND NOT EXISTS (SELECT 1 FROM earlier_results WHERE run_id = $run)`,
    ),
    keepMetrics: prepare(
      `INSERT INTO earlier_metrics (run_id, replaced_at, name, value)
       SELECT run_id, ?, name, value FROM run_metrics WHERE run_id = ?`,
    ),
    dropResult: prepare("DELETE FROM run_results WHERE run_id = ?"),
    dropMetrics: prepare("DELETE FROM run_metrics WHERE run_id = ?"),
    continueRun: prepare(
      "UPDATE runs SET status = 'pending', return_status = NULL WHERE run_id = ? AND status = 'done'",
    ),
    setEpochs: prepare("UPDATE params SET param_value = ? WHERE run_id = ? AND param_name = 'epochs'"),
    renewAttempts: prepare("UPDATE run_details SET attempts = 0 WHERE run_id = ?"),

    setSystem: prepare("UPDATE system SET param_value = ? WHERE param_name = ?"),
    addSystem: prepare("INSERT INTO system (param_name, param_value) VALUES (?, ?)"),
  };
}
