/** Runs that wait once more, done ones that are to be trained further, and the way back. All belongs into a transaction. */
import type { Continuation } from "./records.ts";
import type { RunStatements } from "./run-statements.ts";
import { StoreError } from "./store-error.ts";
import { integerIn, storedInteger, textIn, textOrNullIn } from "./stored-value.ts";

export function requeueIn(sql: RunStatements, experimentId: number, runId: number, why: string | null = null): void {
  const id = storedInteger(runId);
  const status = statusIn(sql, runId);
  if (!isWaiting(status)) {
    const state = status === undefined ? "is not of this program" : `is ${status}`;
    throw new StoreError(
      "STORE_RUN_STATE",
      `run ${runId} ${state}; only pending, paused and failed runs can be queued`,
    );
  }
  sql.queueRun.run(why, id);
  if (status === "error") {
    sql.forgetAttempts.run(id);
    sql.dropDigest.run(id);
    sql.setOrdered.run(storedInteger(Date.now()), id);
  }
  sql.moveRun.run(storedInteger(experimentId), id);
}

export function continueIn(sql: RunStatements, experimentId: number, { runId, epochs, identity }: Continuation): void {
  const id = storedInteger(runId);
  const now = storedInteger(Date.now());
  const done = sql.epochsDone.get(id);
  const status = statusIn(sql, runId);
  if (isWaiting(status) && sql.latestEarlier.get(id) !== undefined) requeueIn(sql, experimentId, runId);
  else if (status === "done" && done !== undefined) {
    sql.keepResult.run(now, id);
    sql.keepMetrics.run(now, id);
    sql.dropResult.run(id);
    sql.dropDigest.run(id);
    sql.dropMetrics.run(id);
    sql.continueRun.run(id);
    sql.renewAttempts.run(id);
    sql.setResumeEpoch.run(storedInteger(integerIn(done, "epochs")), id);
    sql.moveRun.run(storedInteger(experimentId), id);
  } else {
    throw new StoreError(
      "STORE_RUN_STATE",
      `run ${runId} is not a done run of this program, so it cannot be trained further`,
    );
  }
  sql.setOrdered.run(now, id);
  sql.setEpochs.run(String(epochs), id);
  if (identity !== undefined) sql.setIdentity.run(identity, id);
}

/** Returns whether the digest of what is stored of the run is known, as it is not where an earlier version had it queued. */
export function takeBackIn(sql: RunStatements, runId: number): boolean {
  const id = storedInteger(runId);
  const earlier = sql.latestEarlier.get(id);
  const resumption = sql.resumption.get(id);
  const epochs = earlier === undefined ? undefined : integerIn(earlier, "epochs");
  if (
    earlier === undefined ||
    epochs === undefined ||
    !isWaiting(statusIn(sql, runId)) ||
    resumption === undefined ||
    integerIn(resumption, "resume_epoch") !== epochs
  ) {
    throw new StoreError(
      "STORE_RUN_STATE",
      `run ${runId} does not wait to go on from a result that it had, so it cannot have that back`,
    );
  }
  const { rowid = null, replaced_at: replacedAt = null, sha256 = null } = earlier;
  sql.trimHistory.run(id, storedInteger(epochs));
  sql.returnResult.run(rowid);
  sql.returnMetrics.run(id, replacedAt);
  sql.returnRun.run(textOrNullIn(earlier, "return_status"), id);
  const { experiment_id = null, identity = null, ordered_at = null, started_at = null, finished_at = null } = earlier;
  sql.returnDetails.run(experiment_id, identity, ordered_at, started_at, finished_at, id);
  sql.setEpochs.run(textOrNullIn(earlier, "epochs_asked") ?? String(epochs), id);
  sql.dropEarlier.run(rowid);
  sql.dropEarlierMetrics.run(id, replacedAt);
  if (sha256 === null) return false;
  sql.setDigest.run(id, sha256);
  return true;
}

/** Returns whether the run has been given that number. */
export function orderEpochsIn(sql: RunStatements, { runId, epochs }: Pick<Continuation, "runId" | "epochs">): boolean {
  const parameters = { $run: storedInteger(runId), $epochs: String(epochs), $least: storedInteger(epochs) };
  return sql.orderEpochs.run(parameters).changes > 0;
}

function statusIn(sql: RunStatements, runId: number): string | undefined {
  const row = sql.statusOf.get(storedInteger(runId));
  return row === undefined ? undefined : textIn(row, "status");
}

function isWaiting(status: string | undefined): boolean {
  return status === "pending" || status === "paused" || status === "error";
}
