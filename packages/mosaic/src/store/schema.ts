/** Which schema a database has, and how it gets the newest one. Nothing here reads or changes runs. */
import type { DatabaseSync } from "node:sqlite";
import type { Migrations } from "./migrations.ts";
import { adoptOriginal, isOriginal } from "./original-database.ts";
import { StoreError } from "./store-error.ts";
import { integerIn, textIn } from "./stored-value.ts";

/** "MOSA": tells our databases from those of other programs that use `user_version` too. */
const applicationId = 0x4d4f5341;

export type Schema =
  | { readonly kind: "empty" }
  /** Written by the original Mosaic: the seed's four tables alone. */
  | { readonly kind: "original" }
  | { readonly kind: "numbered"; readonly version: number };

/** Refuses what is no database of Mosaic, and one of a schema that is newer than this program. */
export function detectSchema(database: DatabaseSync, path: string, newestVersion: number): Schema {
  const id = pragma(database, "application_id");
  const version = pragma(database, "user_version");
  if (id === applicationId) {
    if (version > newestVersion) {
      const message = `${path} has schema ${version}, this program knows schemas up to ${newestVersion}; update ml-mosaic`;
      throw new StoreError("STORE_NEWER_SCHEMA", message);
    }
    return { kind: "numbered", version };
  }
  const tables = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name").all();
  if (tables.length === 0) return { kind: "empty" };
  if (isOriginal(database)) return { kind: "original" };
  const names = tables.map((row) => textIn(row, "name"));
  const shown = names.length > 5 ? `${names.slice(0, 5).join(", ")}…` : names.join(", ");
  const message = `${path} is a database of another program (its tables: ${shown}); name another file`;
  throw new StoreError("STORE_FOREIGN_DATABASE", message);
}

/** Brings the database to the newest schema; belongs into a transaction. Does nothing when it has it. */
export function migrate(database: DatabaseSync, path: string, migrations: Migrations): void {
  const schema = detectSchema(database, path, migrations.length);
  const version = schema.kind === "numbered" ? schema.version : 0;
  if (version === migrations.length) return;
  if (schema.kind === "original") adoptOriginal(database);
  for (const sql of migrations.slice(version)) database.exec(sql);
  database.exec(`PRAGMA user_version = ${migrations.length}; PRAGMA application_id = ${applicationId}`);
}

function pragma(database: DatabaseSync, name: "application_id" | "user_version"): number {
  return integerIn(database.prepare(`PRAGMA ${name}`).get() ?? {}, name);
}
