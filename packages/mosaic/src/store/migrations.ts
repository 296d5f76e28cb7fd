import { readdir, readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { unlessTrouble } from "@ml-mosaic/base";
import { StoreError } from "./store-error.ts";

/** SQL that brings a database from the version before to the next; the first one makes version 1. */
export type Migrations = readonly string[];

const folder = new URL("./migrations/", import.meta.url);

/** The numbered SQL files beside this module, in order. A published package must carry them too. */
export async function loadMigrations(): Promise<Migrations> {
  try {
    const names = (await readdir(folder)).filter((name) => /^\d{4}_.*\.sql$/.test(name)).sort();
    const gap = names.findIndex((name, index) => Number.parseInt(name, 10) !== index + 1);
    if (names.length === 0 || gap !== -1) {
      const wanted = String(Math.max(gap, 0) + 1).padStart(4, "0");
      throw new Error(`the folder has no file ${wanted}_*.sql`);
    }
    return await Promise.all(names.map((name) => readFile(new URL(name, folder), "utf8")));
  } catch (error) {
    unlessTrouble(error);
    const message = `the SQL files in ${fileURLToPath(folder)} are missing or incomplete; install ml-mosaic again`;
    throw new StoreError("STORE_MIGRATIONS_MISSING", message, { cause: error });
  }
}
