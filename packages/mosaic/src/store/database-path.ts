import { accessSync, closeSync, constants, openSync, readSync, type Stats, statSync } from "node:fs";
import { dirname } from "node:path";
import { errorCode } from "@ml-mosaic/base";
import { notADatabaseError } from "./sqlite-error.ts";
import { StoreError } from "./store-error.ts";

const magic = Buffer.from("SQLite format 3\0", "latin1");

/**
 * Looks at the path before SQLite does, whose messages say too little ("unable to open database file"), and which would
 * take a file of one byte for an empty database. Returns whether the file exists.
 */
export function checkDatabasePath(path: string, access: "read" | "write"): boolean {
  const stats = inspect(path);
  const folder = dirname(path);
  if (stats === undefined) {
    const folderStats = inspect(folder);
    if (folderStats === undefined || !folderStats.isDirectory()) {
      throw new StoreError("STORE_FOLDER_MISSING", `${path}: the folder ${folder} does not exist; make it first`);
    }
    if (access === "write") requirePermission(folder, constants.W_OK, `make a database in ${folder}`);
    return false;
  }
  if (!stats.isFile()) {
    const what = stats.isDirectory() ? "a folder" : "not an ordinary file";
    throw new StoreError("STORE_NOT_A_FILE", `${path} is ${what}; name a database file`);
  }
  requirePermission(path, constants.R_OK, `read ${path}`);
  if (stats.size > 0 && !readStart(path).equals(magic)) throw notADatabaseError(path);
  if (access === "write") {
    requirePermission(path, constants.W_OK, `write ${path}`);
    requirePermission(folder, constants.W_OK, `write beside ${path}, where SQLite keeps its -wal file`);
  }
  return true;
}

function inspect(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch (error) {
    if (errorCode(error) === "ENOTDIR") return undefined;
    if (errorCode(error) === "EACCES") {
      throw new StoreError("STORE_NO_PERMISSION", `no permission to look at ${path}`, { cause: error });
    }
    throw new StoreError("STORE_CANNOT_OPEN", `${path} cannot be opened`, { cause: error });
  }
}

function requirePermission(path: string, mode: number, purpose: string): void {
  try {
    accessSync(path, mode);
  } catch (error) {
    throw new StoreError("STORE_NO_PERMISSION", `no permission to ${purpose}`, { cause: error });
  }
}

function readStart(path: string): Buffer {
  const start = Buffer.alloc(magic.length);
  const file = openSync(path, "r");
  try {
    readSync(file, start, 0, start.length, 0);
  } finally {
    closeSync(file);
  }
  return start;
}
