import {
  accessSync,
  closeSync,
  constants,
  openSync,
  readlinkSync,
  readSync,
  realpathSync,
  type Stats,
  statSync,
} from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { errorCode, machineTrouble, messageOf } from "@ml-mosaic/base";
import { isMountPoint } from "./network-file-system.ts";
import { notADatabaseError } from "./sqlite-error.ts";
import { StoreError } from "./store-error.ts";

/** A database, by the one name of its file: no symbolic link, no `..`. The file need not exist. */
export function databaseFile(path: string): string {
  const absolute = resolve(path);
  try {
    return realpathSync(absolute);
  } catch (error) {
    if (machineTrouble(error) !== undefined) throw cannotOpen(path, error);
    // What is wrong otherwise is said by `checkDatabasePath`.
    if (errorCode(error) !== "ENOENT") return absolute;
  }
  // A link to nothing: what is made there has the name that it points to.
  const target = linkTarget(absolute);
  if (target !== undefined) return databaseFile(resolve(dirname(absolute), target));
  const folder = dirname(absolute);
  return folder === absolute ? absolute : join(databaseFile(folder), basename(absolute));
}

function linkTarget(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}

const magic = Buffer.from("SQLite format 3\0", "latin1");
const smallestDatabaseBytes = 512;

/**
 * Looks at the path before SQLite does, whose messages say too little ("unable to open database file"), and which would
 * take a file of one byte for an empty database. Returns whether the file exists.
 */
export function checkDatabasePath(path: string, access: "read" | "write"): boolean {
  requireShortName(path);
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
  // SQLite judges the rest. Here a larger file is not opened: closing it would end the locks of a connection to it.
  if (stats.size > 0 && stats.size < smallestDatabaseBytes && !readStart(path).equals(magic))
    throw notADatabaseError(path);
  if (access === "write") {
    const names = otherNames(path);
    if (names !== undefined) throw new StoreError("STORE_SEVERAL_NAMES", `${path} ${names}. ${oneNameRemedy}`);
    requirePermission(path, constants.W_OK, `write ${path}`);
    requirePermission(folder, constants.W_OK, `write beside ${path}, where SQLite keeps its -wal file`);
  }
  return true;
}

/** What SQLite takes, of which it calls the rest a file that cannot be opened: https://www.sqlite.org/src/file/src/os_unix.c */
const mostPathBytes = 512;
const mostNameBytes = 255;
/** Beside the database lies, now and then, a file of its name with this behind it. */
const longestEnding = "-journal".length;

export function requireShortName(path: string): void {
  const check = (what: string, text: string, most: number) => {
    const bytes = Buffer.byteLength(text);
    if (bytes > most - longestEnding)
      throw new StoreError(
        "STORE_NAME_TOO_LONG",
        `${path}: the ${what} has ${bytes} bytes, and SQLite opens databases with up to ${most - longestEnding}; give it a shorter one`,
      );
  };
  check("name", basename(path), mostNameBytes);
  check("path", path, mostPathBytes);
}

/**
 * Why the file may be known by other names that no link leads to, or undefined. SQLite keeps the newest changes in a file
 * beside the database that is named like it, so that under two names each would miss what was written under the other.
 */
export function otherNames(path: string): string | undefined {
  const links = inspect(path)?.nlink ?? 1;
  if (links > 1) return `is one of ${links} names (hard links) of the same file`;
  return isMountPoint(path)
    ? "is a file that is mounted by itself, and has another name where it comes from"
    : undefined;
}

const oneNameRemedy =
  "Under two names SQLite loses data: keep one name and make symbolic links to it, mount the folder instead of the file, or make a copy with mosaic savedb";

function inspect(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch (error) {
    if (errorCode(error) === "ENOTDIR") return undefined;
    if (errorCode(error) === "EACCES") {
      throw new StoreError("STORE_NO_PERMISSION", `no permission to look at ${path}`, { cause: error });
    }
    throw cannotOpen(path, error);
  }
}

function requirePermission(path: string, mode: number, purpose: string): void {
  try {
    accessSync(path, mode);
  } catch (error) {
    if (machineTrouble(error) !== undefined) throw cannotOpen(path, error);
    throw new StoreError("STORE_NO_PERMISSION", `no permission to ${purpose}`, { cause: error });
  }
}

function cannotOpen(path: string, cause: unknown): StoreError {
  return new StoreError("STORE_CANNOT_OPEN", `${path} cannot be opened: ${machineTrouble(cause) ?? messageOf(cause)}`, {
    cause,
  });
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
