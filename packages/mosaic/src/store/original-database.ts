/** Databases that the original Mosaic wrote: the seed's four tables, without keys, and with whatever column types. */
import type { DatabaseSync } from "node:sqlite";
import { pathToFileURL } from "node:url";
import type { Migrations } from "./migrations.ts";
import { seedColumns } from "./seed-columns.ts";
import { textIn } from "./stored-value.ts";

const seedTables: ReadonlyMap<string, readonly string[]> = new Map([
  ["system", ["param_name", "param_value"]],
  ["params", ["run_id", "param_name", "param_value"]],
  ["runs", ["run_id", "status", "pipeline", "return_status"]],
  // Early versions had no overfit, trainability and slope.
  ["run_results", ["run_id", "train_loss", "test_loss"]],
]);

/** Whether a database without our mark has the tables of the original. */
export function isOriginal(database: DatabaseSync): boolean {
  for (const [table, needed] of seedTables) {
    const present = new Set(columnsOf(database, table));
    if (!needed.every((column) => present.has(column))) return false;
  }
  return true;
}

/** Makes the four tables those of schema 1, without touching a row: the missing columns and the indexes. */
export function adoptOriginal(database: DatabaseSync): void {
  for (const column of missingResultColumns(database)) database.exec(`ALTER TABLE run_results ADD COLUMN "${column}"`);
  database.exec(`
    CREATE INDEX IF NOT EXISTS original_runs_run ON runs (run_id);
    CREATE INDEX IF NOT EXISTS original_results_run ON run_results (run_id);
  `);
}

/**
 * Lets an empty database in memory stand before such a file, which is not changed: the tables that the file lacks are
 * empty ones in memory. A table name without a schema means the one in memory where there is one, else the file's; so
 * all queries work as they are.
 */
export function overlayOriginal(memory: DatabaseSync, path: string, migrations: Migrations): void {
  for (const sql of migrations) memory.exec(sql);
  for (const table of seedTables.keys()) memory.exec(`DROP TABLE ${table}`);
  memory.prepare("ATTACH ? AS original").run(`${pathToFileURL(path).href}?mode=ro`);
  const missing = missingResultColumns(memory);
  if (missing.length > 0) {
    const empty = missing.map((column) => `NULL AS "${column}"`).join(", ");
    // Only a temporary view may name a table of another schema.
    memory.exec(`CREATE TEMP VIEW run_results AS SELECT *, ${empty} FROM original.run_results`);
  }
}

function missingResultColumns(database: DatabaseSync): readonly string[] {
  const present = new Set(columnsOf(database, "run_results"));
  return seedColumns.map(({ name }) => name).filter((column) => !present.has(column));
}

function columnsOf(database: DatabaseSync, table: string): readonly string[] {
  return database
    .prepare("SELECT name FROM pragma_table_info(?)")
    .all(table)
    .map((row) => textIn(row, "name"));
}
