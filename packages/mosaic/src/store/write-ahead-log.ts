import type { DatabaseSync } from "node:sqlite";
import { isBusy } from "./sqlite-error.ts";
import { StoreError } from "./store-error.ts";
import { textIn } from "./stored-value.ts";

/** WAL mode: readers and the writer do not wait for each other. */
export function useWriteAheadLog(database: DatabaseSync, location: string): void {
  const mode = textIn(database.prepare("PRAGMA journal_mode = WAL").get() ?? {}, "journal_mode");
  if (mode !== "wal") {
    const message = `${location}: its file system has no shared memory between processes; move the database to a local disk`;
    throw new StoreError("STORE_NETWORK_FILE_SYSTEM", message);
  }
  // NORMAL: a commit is handed to the operating system but not forced to the disk, so it survives the death of any
  // process (kill -9 too) and costs microseconds. A power failure or a crash of the whole system can lose the last
  // commits, back to the last checkpoint (about every 4 MB of changes; what it copies is forced to the disk), and never
  // damages the database: the runs in question are then pending or running again, and are trained again. FULL would
  // force every commit, at milliseconds each, for results that can be had again.
  database.exec("PRAGMA synchronous = NORMAL");
  // After a burst (many runs added at once) the -wal file shrinks again.
  database.exec(`PRAGMA journal_size_limit = ${16 * 2 ** 20}`);
}

/**
 * Makes the database one plain file again, which can be copied, and read on a disk that nobody can write to. Where a
 * reader is at it the mode stays; the next writer to close tries again.
 */
export function leaveWriteAheadLog(database: DatabaseSync): void {
  database.exec("PRAGMA busy_timeout = 0");
  try {
    database.exec("PRAGMA journal_mode = DELETE");
  } catch (error) {
    if (!isBusy(error)) throw error;
  }
}
