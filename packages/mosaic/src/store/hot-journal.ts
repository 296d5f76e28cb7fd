/** What a process leaves that died while SQLite changed the file itself: a -journal with the pages as they were. */
import { DatabaseSync } from "node:sqlite";
import { lockDatabase } from "./database-lock.ts";
import { checkDatabasePath } from "./database-path.ts";
import { StoreError } from "./store-error.ts";

// SQLITE_READONLY_ROLLBACK
const needsRollback = 776;

/** Reads; where a connection that only reads cannot, because a change is to be taken back first, takes it back. */
export function readSettled<T>(location: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!isOfHotJournal(error)) throw error;
    takeBack(location);
    return read();
  }
}

function isOfHotJournal(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return ("errcode" in error && error.errcode === needsRollback) || isOfHotJournal(error.cause);
}

function takeBack(location: string): void {
  try {
    checkDatabasePath(location, "write");
    using lock = lockDatabase(location);
    // Whoever has it takes the change back.
    if (lock === undefined) return;
    const database = new DatabaseSync(location, { timeout: 10_000 });
    try {
      database.prepare("SELECT count(*) FROM sqlite_schema").get();
    } finally {
      database.close();
    }
  } catch (cause) {
    const message = `${location}: a process died while it changed the file, and taking the change back (from ${location}-journal, which is a part of the database) needs permission to write both and their folder; open it once where that is so, as with mosaic status`;
    throw new StoreError("STORE_NO_PERMISSION", message, { cause });
  }
}
