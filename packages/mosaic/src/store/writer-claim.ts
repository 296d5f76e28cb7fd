/** The right to write: one row at most, held by one process. */
import type { DatabaseSync } from "node:sqlite";
import { currentProcess, livenessOf } from "@ml-mosaic/base";
import type { WriterRecord } from "./records.ts";
import { StoreError } from "./store-error.ts";
import { dateIn, integerIn, storedInteger, textIn } from "./stored-value.ts";

/**
 * Fails while another process holds the claim. A holder that this process can see counts as alive as long as it exists,
 * even when it is stopped; one that it cannot see (another container, a machine before its restart) as long as its
 * heartbeat lasts.
 */
export function refuseWhileClaimed(database: DatabaseSync, path: string): void {
  const holder = readClaim(database);
  if (!holder?.alive) return;
  const message =
    `${path}: process ${holder.pid} has been writing to this database since ${holder.claimedAt.toISOString()}; ` +
    "wait until it has finished, or stop it";
  throw new StoreError("STORE_CLAIMED", message);
}

/** Takes the claim, from a dead holder too, and returns its token; belongs into a transaction. */
export function takeClaim(database: DatabaseSync, path: string, claimMilliseconds: number): number {
  refuseWhileClaimed(database, path);
  database.exec("DELETE FROM writer_claim");
  const self = currentProcess();
  const now = Date.now();
  const { lastInsertRowid } = database
    .prepare(`INSERT INTO writer_claim (pid, process_started, scope, claimed_at, expires_at) VALUES (?, ?, ?, ?, ?)`)
    .run(self.pid, self.started, self.scope, storedInteger(now), storedInteger(now + claimMilliseconds));
  return Number(lastInsertRowid);
}

/** undefined too where the database is so new, or so old, that it knows of no claims. */
export function readClaim(database: DatabaseSync): WriterRecord | undefined {
  if (database.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'writer_claim'").get() === undefined) return undefined;
  const row = database.prepare("SELECT * FROM writer_claim").get();
  if (row === undefined) return undefined;
  const pid = integerIn(row, "pid");
  const liveness = livenessOf({ pid, started: textIn(row, "process_started"), scope: textIn(row, "scope") });
  const alive = liveness === "alive" || (liveness === "unknown" && integerIn(row, "expires_at") > Date.now());
  return { pid, claimedAt: dateIn(row, "claimed_at"), alive };
}
