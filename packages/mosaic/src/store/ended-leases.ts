/** Leases as they are checked and come to their end. All belongs into a transaction. */
import type { LeaseKey } from "./records.ts";
import type { RunStatements } from "./run-statements.ts";
import { StoreError } from "./store-error.ts";
import { storedInteger } from "./stored-value.ts";

export function isHeldIn(sql: RunStatements, { runId, token }: LeaseKey): boolean {
  return sql.holdsLease.get(storedInteger(token), storedInteger(runId)) !== undefined;
}

/** @throws StoreError where the run was given back */
export function requireLeaseIn(sql: RunStatements, lease: LeaseKey): void {
  if (!isHeldIn(sql, lease)) throw leaseLost(lease.runId);
}

/** Ends the lease and takes the run out of `running`. */
export function leaveIn(
  sql: RunStatements,
  lease: LeaseKey,
  status: "pending" | "done" | "error" | "paused",
  returnStatus: string | null,
): void {
  const id = storedInteger(lease.runId);
  if (sql.endLease.run(storedInteger(lease.token), id).changes === 0) throw leaseLost(lease.runId);
  if (sql.leaveRunning.run(status, returnStatus, id).changes === 0) {
    throw new StoreError(
      "STORE_RUN_STATE",
      `run ${lease.runId} has a lease but is not running; the database was altered`,
    );
  }
  sql.finishDetails.run(status === "pending" ? null : storedInteger(Date.now()), id);
}

export function leaseLost(runId: number): StoreError {
  const message = `run ${runId} was given back in the meantime, so nothing more is accepted from this attempt at it`;
  return new StoreError("STORE_LEASE_LOST", message);
}
