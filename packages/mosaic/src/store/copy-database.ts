import { randomUUID } from "node:crypto";
import { open, rm } from "node:fs/promises";
import { join, parse } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { MachineTrouble } from "@ml-mosaic/base";
import { checkDatabasePath, databaseFile } from "./database-path.ts";
import { readSettled } from "./hot-journal.ts";
import { loadMigrations } from "./migrations.ts";
import { detectSchema, type Schema } from "./schema.ts";
import { isBusy, isCorrupt, storeErrorFrom } from "./sqlite-error.ts";
import { StoreError } from "./store-error.ts";
import { transaction } from "./transaction.ts";

/**
 * Writes one moment of a database, as one plain file, to `target`, which must not exist, while another process writes to
 * the source or not. It is forced to the disk. A run that is running is pending in the copy, which nobody works on.
 *
 * @param targetName what messages call the target, which may be a temporary name
 */
export async function copyDatabase(source: string, target: string, targetName = target): Promise<void> {
  const location = databaseFile(source);
  if (!checkDatabasePath(location, "read")) {
    throw new StoreError("STORE_MISSING", `${location} does not exist; check the name`);
  }
  const { length: newestVersion } = await loadMigrations();
  try {
    const schema = readSettled(location, () => vacuumInto(location, target, targetName, newestVersion));
    if (schema.kind === "numbered" && schema.version > 0) {
      alter(target, targetName, [leaveAlone, becomeAnother]);
    }
    await flush(target);
  } catch (error) {
    // SQLite leaves its journal beside a copy that it could not complete.
    for (const ending of ["", "-journal"]) await rm(target + ending, { force: true });
    throw error;
  }
}

/**
 * VACUUM INTO reads in one transaction, so that a writer neither waits nor shows through half-way. SQLite's backup would
 * begin anew at every commit of another process, unless it did all in one step, and would copy the free pages too.
 */
function vacuumInto(location: string, target: string, targetName: string, newestVersion: number): Schema {
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(location, { readOnly: true, timeout: 10_000 });
    const schema = detectSchema(database, location, newestVersion);
    if (schema.kind === "empty")
      throw new StoreError("STORE_MISSING", `${location} is empty: nothing has been run yet`);
    copy(database, location, target, targetName);
    return schema;
  } catch (error) {
    throw storeErrorFrom(error, location);
  } finally {
    database?.close();
  }
}

function copy(database: DatabaseSync, location: string, target: string, targetName: string): void {
  try {
    database.prepare("VACUUM INTO ?").run(target);
  } catch (error) {
    // The target is new, and nobody else's.
    throw storeErrorFrom(error, isCorrupt(error) || isBusy(error) ? location : targetName);
  }
}

/** Saves what a connection has under a new name, where its own file is gone from its name. Returns the new one. */
export function saveBeside(database: DatabaseSync, location: string): string {
  const { dir, name, ext } = parse(location);
  const time = new Date().toISOString().replace(/[-:]|\.\d+/g, "");
  const target = join(dir, `${name}-saved-${time}-${process.pid}${ext}`);
  copy(database, location, target, target);
  alter(target, target, [leaveAlone]);
  return target;
}

/** The claim and the leases are of processes that work on the original. */
function leaveAlone(copy: DatabaseSync): void {
  copy.exec(`
    UPDATE runs SET status = 'pending' WHERE status = 'running' AND run_id IN (SELECT run_id FROM leases);
    DELETE FROM leases;
    DELETE FROM writer_claim;
  `);
}

/** It has an id of its own, and keeps those of its originals, to find the files of their runs. */
function becomeAnother(copy: DatabaseSync): void {
  copy.exec(`
    CREATE TEMP TABLE originals AS
      SELECT group_concat(param_value, ' ') AS ids FROM (
        SELECT param_value FROM system WHERE param_name IN ('database_id', 'copy_of') ORDER BY param_name = 'copy_of'
      );
    DELETE FROM system WHERE param_name IN ('database_id', 'copy_of');
    INSERT INTO system (param_name, param_value) SELECT 'copy_of', ids FROM originals WHERE ids IS NOT NULL;
    DROP TABLE originals;
  `);
  copy.prepare("INSERT INTO system (param_name, param_value) VALUES ('database_id', ?)").run(randomUUID());
}

function alter(target: string, targetName: string, changes: readonly ((copy: DatabaseSync) => void)[]): void {
  let database: DatabaseSync | undefined;
  try {
    const copy = new DatabaseSync(target);
    database = copy;
    transaction(copy, "write", () => {
      for (const change of changes) change(copy);
    });
  } catch (error) {
    const cause = storeErrorFrom(error, targetName);
    // It was whole when it was written, a moment ago.
    if (!(cause instanceof StoreError) || cause.code !== "STORE_CORRUPT") throw cause;
    const trouble = new MachineTrouble("the disk does not give back what was written to it; check it", { cause });
    throw new StoreError("STORE_IO", `${targetName} cannot be read: ${trouble.message}`, { cause: trouble });
  } finally {
    database?.close();
  }
}

async function flush(path: string): Promise<void> {
  const file = await open(path, "r+");
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}
