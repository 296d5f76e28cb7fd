import { dirname, resolve } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { checkDatabasePath } from "./database-path.ts";
import { loadMigrations } from "./migrations.ts";
import { fileSystemOf } from "./network-file-system.ts";
import { overlayOriginal } from "./original-database.ts";
import { detectSchema, migrate } from "./schema.ts";
import { storeErrorFrom } from "./sqlite-error.ts";
import { SqliteStore } from "./sqlite-store.ts";
import { SqliteStoreReader } from "./sqlite-store-reader.ts";
import type { Store, StoreReader } from "./store.ts";
import { StoreError } from "./store-error.ts";
import { transaction } from "./transaction.ts";
import { useWriteAheadLog } from "./write-ahead-log.ts";
import { refuseWhileClaimed, takeClaim } from "./writer-claim.ts";

export interface SqliteStoreOptions {
  /** Whether a missing database is made (true) or an error. */
  readonly create?: boolean;
  /** How long a lease lasts without a heartbeat. */
  readonly leaseSeconds?: number;
  /** How long the claim lasts without a heartbeat, where another process cannot see whether this one lives. */
  readonly claimSeconds?: number;
}

/** In WAL mode locks are held for moments only: at a commit, and when the last connection closes. */
const busyMilliseconds = 10_000;

/**
 * Opens a database for writing, makes it where it is missing, and brings its schema up to date; a database of the
 * original Mosaic keeps its tables and gets the further ones. The process holds the only right to write until `close`.
 */
export async function openSqliteStore(path: string, options: SqliteStoreOptions = {}): Promise<Store> {
  const { create = true, leaseSeconds = 60, claimSeconds = 20 } = options;
  const location = resolve(path);
  const migrations = await loadMigrations();
  const exists = checkDatabasePath(location, "write");
  if (!exists && !create) throw missing(location);
  const notices = fileSystemNotices(location, exists, "write");
  const claimMilliseconds = claimSeconds * 1000;
  return withDatabase(location, "write", (database) => {
    const schema = detectSchema(database, location, migrations.length);
    if (schema.kind === "empty" && !create) throw emptyFile(location);
    // Before any lock is asked for: a writer that was stopped in the middle of a commit would never give it.
    if (schema.kind === "numbered" && schema.version > 0) refuseWhileClaimed(database, location);
    useWriteAheadLog(database, location);
    const { claimToken, recoveredRuns } = transaction(database, "write", () => {
      migrate(database, location, migrations);
      return { claimToken: takeClaim(database, location, claimMilliseconds), recoveredRuns: recoverRuns(database) };
    });
    const leaseMilliseconds = leaseSeconds * 1000;
    return new SqliteStore({
      database,
      location,
      notices,
      claimToken,
      recoveredRuns,
      claimMilliseconds,
      leaseMilliseconds,
    });
  });
}

/** Opens a database for reading, while another process writes or not. It is not changed, unless its schema is an older one. */
export async function openSqliteReader(path: string): Promise<StoreReader> {
  const location = resolve(path);
  const migrations = await loadMigrations();
  if (!checkDatabasePath(location, "read")) throw missing(location);
  const notices = fileSystemNotices(location, true, "read");
  const schema = withDatabase(location, "read", (database) => {
    const found = detectSchema(database, location, migrations.length);
    if (found.kind === "numbered" && found.version === migrations.length) {
      return new SqliteStoreReader({ database, location, notices });
    }
    database.close();
    return found;
  });
  if (schema instanceof SqliteStoreReader) return schema;
  switch (schema.kind) {
    case "empty":
      throw emptyFile(location);
    case "original":
      return withDatabase(location, "overlay", (database) => {
        overlayOriginal(database, location, migrations);
        return new SqliteStoreReader({ database, location, notices });
      });
    case "numbered":
      // An older schema of ours: the queries are for the newest one only.
      withDatabase(location, "write", (database) => {
        transaction(database, "write", () => migrate(database, location, migrations));
        database.close();
      });
      return withDatabase(location, "read", (database) => new SqliteStoreReader({ database, location, notices }));
    default:
      return schema satisfies never;
  }
}

/** Opens a connection, for an overlay one to memory, and uses it; it is closed when that fails. */
function withDatabase<T>(
  location: string,
  access: "read" | "write" | "overlay",
  use: (database: DatabaseSync) => T,
): T {
  let database: DatabaseSync | undefined;
  try {
    const target = access === "overlay" ? ":memory:" : location;
    database = new DatabaseSync(target, { readOnly: access === "read", timeout: busyMilliseconds });
    return use(database);
  } catch (error) {
    if (database?.isOpen) database.close();
    throw storeErrorFrom(error, location);
  }
}

/** A lease that is there when the claim changes hands is a dead supervisor's. */
function recoverRuns(database: DatabaseSync): number {
  const { changes } = database
    .prepare(
      `UPDATE runs SET status = 'pending'
       WHERE status = 'running' AND CAST(run_id AS INTEGER) IN (SELECT run_id FROM leases)`,
    )
    .run();
  database.exec("DELETE FROM leases");
  return Number(changes);
}

function fileSystemNotices(location: string, exists: boolean, access: "read" | "write"): readonly string[] {
  const { kind, name } = fileSystemOf(exists ? location : dirname(location));
  if (kind === "local") return [];
  if (kind === "network" && access === "write") {
    const message = `${location} lies on a network file system (${name}), where SQLite loses data; name a path on a local disk`;
    throw new StoreError("STORE_NETWORK_FILE_SYSTEM", message);
  }
  const doubt = kind === "network" ? "what another machine writes may not be seen" : "use it from one machine only";
  return [`${location} lies on a file system that may be a network's (${name}): ${doubt}`];
}

function missing(location: string): StoreError {
  return new StoreError("STORE_MISSING", `${location} does not exist; check the name`);
}

function emptyFile(location: string): StoreError {
  return new StoreError("STORE_MISSING", `${location} is empty: nothing has been run yet`);
}
