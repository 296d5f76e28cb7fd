import { statSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as delay } from "node:timers/promises";
import { livenessOf } from "@ml-mosaic/base";
import { holderOf, readClaim } from "../claim/claim.ts";
import { type DatabaseLock, lockDatabase } from "./database-lock.ts";
import { checkDatabasePath, databaseFile, otherNames } from "./database-path.ts";
import { copyAt, databaseAt, followCopies } from "./follow-copies.ts";
import { readSettled } from "./hot-journal.ts";
import { loadMigrations } from "./migrations.ts";
import { fileSystemOf } from "./network-file-system.ts";
import { overlayOriginal } from "./original-database.ts";
import { claimFolderOf, openPublishedStore } from "./published-store.ts";
import { detectSchema, migrate } from "./schema.ts";
import { storeErrorFrom } from "./sqlite-error.ts";
import { SqliteStore, type SqliteWriterConnection } from "./sqlite-store.ts";
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
  /** How long a change waits while another program keeps the database locked. */
  readonly patienceSeconds?: number;
  /** Told what is in the way meanwhile. */
  readonly say?: (line: string) => void;
}

/** In WAL mode locks are held for moments only: at a commit, and when the last connection closes. */
const busyMilliseconds = 10_000;
const lockRetryMilliseconds = 100;

/**
 * Opens a database for writing, makes it where it is missing, and brings its schema up to date; a database of the
 * original Mosaic keeps its tables and gets the further ones. The process holds the only right to write until `close`.
 */
export async function openSqliteStore(path: string, options: SqliteStoreOptions = {}): Promise<Store> {
  const { create = true, say = () => undefined } = options;
  const location = databaseFile(path);
  const exists = checkDatabasePath(location, "write");
  if (!exists && !create) throw missing(location);
  const { kind, name } = fileSystemOf(exists ? location : dirname(location));
  const opening = { location, options, create };
  if (kind !== "network") {
    const notices = kind === "doubtful" ? [doubtNotice(location, name)] : [];
    return openAt(
      location,
      opening,
      (connection) => new SqliteStore({ ...connection, notices: [...notices, ...connection.notices] }),
    );
  }
  const store = await openPublishedStore(location, say, (file, make) => openAt(file, opening, make));
  // Whoever looks finds it.
  if (!exists) await store.published(true);
  return store;
}

interface Opening {
  readonly location: string;
  readonly options: SqliteStoreOptions;
  readonly create: boolean;
}

async function openAt<Opened extends SqliteStore>(
  file: string,
  { location, options, create }: Opening,
  make: (connection: SqliteWriterConnection) => Opened,
): Promise<Opened> {
  const { leaseSeconds = 60, claimSeconds = 20, patienceSeconds = 600 } = options;
  const claimMilliseconds = claimSeconds * 1000;
  const migrations = await loadMigrations();
  return withLock(file, (lock) =>
    withDatabase(file, "write", (database) => {
      const schema = detectSchema(database, location, migrations.length);
      if (schema.kind === "empty" && !create) throw emptyFile(location);
      // Before any lock is asked for: a writer that was stopped in the middle of a commit would never give it.
      refuseWhileClaimed(database, location);
      useWriteAheadLog(database, file);
      const { claimToken, recoveredRuns } = transaction(database, "write", () => {
        migrate(database, location, migrations);
        return { claimToken: takeClaim(database, location, claimMilliseconds), recoveredRuns: recoverRuns(database) };
      });
      // The claim into the file itself: it is to be seen under any name, and from where the kernel's locks are not.
      database.exec("PRAGMA wal_checkpoint(PASSIVE)");
      return make({
        database,
        lock,
        location,
        file,
        notices: lock.notices,
        claimToken,
        recoveredRuns,
        claimMilliseconds,
        leaseMilliseconds: leaseSeconds * 1000,
        patienceMilliseconds: patienceSeconds * 1000,
      });
    }),
  );
}

/**
 * Looks whether `openSqliteStore` could open or make a database there, and changes nothing.
 *
 * @throws StoreError where it could not
 */
export async function checkSqliteStore(path: string): Promise<void> {
  const location = databaseFile(path);
  const migrations = await loadMigrations();
  if (!checkDatabasePath(location, "write")) return;
  readSettled(location, () =>
    withDatabase(location, "read", (database) => {
      detectSchema(database, location, migrations.length);
      database.close();
    }),
  );
}

export interface SqliteReaderOptions {
  /**
   * For who reads for long: where another file takes the name, that one is read from then on, and as long as there is none,
   * each call fails.
   */
  readonly follows?: boolean;
}

/**
 * Opens a database for reading, while another process writes or not. It is not changed, unless its schema is an older
 * one, or a process died while it wrote and what it left has to be taken back.
 */
export async function openSqliteReader(
  path: string,
  { follows = false }: SqliteReaderOptions = {},
): Promise<StoreReader> {
  const location = databaseFile(path);
  const migrations = await loadMigrations();
  if (!checkDatabasePath(location, "read")) throw missing(location);
  const names = otherNames(location);
  const notices = [
    ...(await readingNotices(location)),
    ...(names === undefined ? [] : [`${location} ${names}: what is being written under the other is not seen`]),
  ];
  const schema = readSettled(location, () =>
    withDatabase(location, "read", (database) => {
      const found = detectSchema(database, location, migrations.length);
      if (found.kind === "numbered" && found.version === migrations.length) {
        return new SqliteStoreReader({ database, location, notices });
      }
      database.close();
      return found;
    }),
  );
  if (schema instanceof SqliteStoreReader) {
    const open = () =>
      withDatabase(location, "read", (database) => new SqliteStoreReader({ database, location, notices }));
    if (fileSystemOf(location).kind === "network") return followCopies(schema, { open, fileAt: copyAt });
    const fileAt = () => {
      const file = databaseAt(location);
      if (file === undefined) throw missing(location);
      return file;
    };
    return follows ? followCopies(schema, { open, fileAt }) : schema;
  }
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
      if (fileSystemOf(location).kind === "network")
        throw new StoreError(
          "STORE_NETWORK_FILE_SYSTEM",
          `${location} was made by an older version of Mosaic, and lies on a network file system, where whoever reads changes nothing: run one command that writes to it (mosaic note, mosaic tag), which brings it up to date`,
        );
      checkDatabasePath(location, "write");
      await withLock(location, (lock) => {
        using _lock = lock;
        withDatabase(location, "write", (database) => {
          refuseWhileClaimed(database, location);
          transaction(database, "write", () => migrate(database, location, migrations));
          database.close();
        });
      });
      return withDatabase(location, "read", (database) => new SqliteStoreReader({ database, location, notices }));
    default:
      return schema satisfies never;
  }
}

/**
 * Takes the lock and uses it; it is released when that fails. Whoever has it is named where there is a claim, and waited
 * for where there is none: it is about to claim, or at work for a moment only.
 */
async function withLock<T>(location: string, use: (lock: DatabaseLock) => T): Promise<T> {
  const deadline = performance.now() + busyMilliseconds;
  for (;;) {
    const lock = lockDatabase(location);
    if (lock !== undefined) {
      try {
        return use(lock);
      } catch (error) {
        lock[Symbol.dispose]();
        throw error;
      }
    }
    withDatabase(location, "read", (database) => {
      refuseWhileClaimed(database, location);
      database.close();
    });
    if (performance.now() > deadline)
      throw new StoreError("STORE_BUSY", `${location}: another process keeps it locked; wait until it has finished`);
    await delay(lockRetryMilliseconds);
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

function doubtNotice(location: string, name: string): string {
  return `${location} lies on a file system that may be a network's (${name}): use it from one machine only`;
}

/** What there is to say of where a database lies that is read. */
async function readingNotices(location: string): Promise<readonly string[]> {
  const { kind, name } = fileSystemOf(location);
  if (kind === "local") return [];
  if (kind === "doubtful") return [doubtNotice(location, name)];
  const claim = await readClaim(claimFolderOf(location));
  if (claim === undefined)
    return [`${location} lies on a network file system (${name}): what another machine writes may not be seen`];
  if (claim.state !== "open" || livenessOf(claim.process) === "dead") return [];
  const { mtime } = statSync(location);
  return [`${location} is the copy of ${mtime.toISOString()}; ${holderOf(claim)}, replaces it about twice a minute`];
}

function missing(location: string): StoreError {
  return new StoreError("STORE_MISSING", `${location} does not exist; check the name`);
}

function emptyFile(location: string): StoreError {
  return new StoreError("STORE_MISSING", `${location} is empty: nothing has been run yet`);
}
