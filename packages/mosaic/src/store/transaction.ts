import type { DatabaseSync } from "node:sqlite";

/**
 * Runs `work` in one transaction: it commits when `work` returns and rolls back when it throws. `write` takes the write
 * lock at once, because a read lock that grows into one fails instead of waiting; `read` gives all queries one snapshot.
 */
export function transaction<T>(database: DatabaseSync, mode: "read" | "write", work: () => T): T {
  database.exec(mode === "write" ? "BEGIN IMMEDIATE" : "BEGIN");
  try {
    const value = work();
    database.exec("COMMIT");
    return value;
  } catch (error) {
    // On a full disk and the like SQLite has rolled back on its own.
    if (database.isTransaction) database.exec("ROLLBACK");
    throw error;
  }
}
