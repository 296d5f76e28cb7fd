import { accessSync, constants } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { errorCode, MachineTrouble, machineTrouble } from "@ml-mosaic/base";
import { StoreError } from "./store-error.ts";

// Primary result codes: https://www.sqlite.org/rescode.html
const busy = 5;
const locked = 6;
const readOnly = 8;
const ioError = 10;
const corrupt = 11;
const full = 13;
const cannotOpen = 14;
const authorization = 23;
const notADatabase = 26;

export function isBusy(error: unknown): boolean {
  const code = primaryCode(error);
  return code === busy || code === locked;
}

export function isCorrupt(error: unknown): boolean {
  return primaryCode(error) === corrupt;
}

/** What SQLite threw, as the error that a store promises; any other error comes back as it is. */
export function storeErrorFrom(error: unknown, path: string): unknown {
  const code = primaryCode(error);
  if (!(error instanceof Error) || code === undefined) return error;
  const options = { cause: error };
  switch (code) {
    case busy:
    case locked:
      return new StoreError("STORE_BUSY", `${path}: another program keeps the database locked; close it`, options);
    case authorization:
      return new StoreError("STORE_NO_PERMISSION", `${path}: no permission to write the database`, options);
    case readOnly:
    case cannotOpen:
      return refusedError(path, error);
    case ioError:
      return new StoreError("STORE_IO", `${path}: reading or writing failed (${error.message})`, options);
    case corrupt:
      return corruptError(path, error);
    case full:
      return new StoreError("STORE_DISK_FULL", `${path}: the disk is full; make room and go on`, options);
    case notADatabase:
      return notADatabaseError(path, options);
    default:
      return new StoreError("STORE_SQL", `${path}: ${error.message}`, options);
  }
}

/** SQLite calls damaged what the disk failed to read, too: the file is looked at once more. */
function corruptError(path: string, cause: Error): StoreError {
  if (isWhole(path)) {
    const trouble = new MachineTrouble("the disk fails to read or write; check it", { cause });
    return new StoreError("STORE_IO", `${path} is not damaged, but could not be read: ${trouble.message}`, {
      cause: trouble,
    });
  }
  return new StoreError(
    "STORE_CORRUPT",
    `${path} is damaged (${cause.message}); go back to a copy, or save what can be read with SQLite's .recover`,
    { cause },
  );
}

function isWhole(path: string): boolean {
  try {
    const database = new DatabaseSync(path, { readOnly: true });
    try {
      return database.prepare("PRAGMA integrity_check(1)").get()?.integrity_check === "ok";
    } finally {
      database.close();
    }
  } catch {
    return false;
  }
}

/** SQLite does not say why it may not write or open a file: it is asked again what the user may do, and what the disk can. */
function refusedError(path: string, cause: Error): StoreError {
  try {
    for (const each of [path, dirname(path)]) accessSync(each, constants.R_OK | constants.W_OK);
  } catch (refusal) {
    const code = errorCode(refusal);
    if (code === "EACCES" || code === "EPERM")
      return new StoreError("STORE_NO_PERMISSION", `${path}: no permission to write the database`, { cause });
    const trouble = machineTrouble(refusal);
    if (trouble !== undefined) return cannotOpenError(path, new MachineTrouble(trouble, { cause }));
  }
  return cannotOpenError(path, new MachineTrouble("the disk fails; check it", { cause }));
}

function cannotOpenError(path: string, cause: MachineTrouble): StoreError {
  const what = "the database, or the -wal and -shm files that SQLite needs beside it, cannot be opened for writing";
  return new StoreError("STORE_CANNOT_OPEN", `${path}: ${what}: ${cause.message}`, { cause });
}

export function notADatabaseError(path: string, options?: ErrorOptions): StoreError {
  const message = `${path} is not an SQLite database; name the .db file that mosaic_run made, or a new one`;
  return new StoreError("STORE_NOT_A_DATABASE", message, options);
}

/** undefined for what SQLite did not throw. */
function primaryCode(error: unknown): number | undefined {
  if (!(error instanceof Error) || !("errcode" in error) || typeof error.errcode !== "number") return undefined;
  // The higher bits hold the extended code.
  return error.errcode & 0xff;
}
