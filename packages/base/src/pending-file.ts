// What asks only for names is called at once: it takes a tenth of what handing it to a thread takes.
import { accessSync, constants, realpathSync, renameSync, type Stats, statSync } from "node:fs";
import { open, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { CodedError } from "./coded-error.ts";
import { errorCode, isSystemError } from "./error-code.ts";
import { machineTrouble } from "./machine-trouble.ts";
import { messageOf } from "./message-of.ts";
import { isUnfinished, removeUnfinishedOf, unfinishedName } from "./unfinished.ts";

/** A file that is being written beside the one whose place it is to take: whatever happens, that is the old or the new. */
export interface PendingFile {
  /** Where to write; nothing is there. On the same disk as the file itself. */
  readonly temporary: string;
  /** Gives the file its name. */
  publish(): Promise<void>;
  /** Removes what was not published. */
  [Symbol.asyncDispose](): Promise<void>;
}

export interface PendingOptions {
  /**
   * Whether a power failure must not undo it: costs milliseconds, so it is for what is long work, not for what is written
   * again in a moment.
   */
  readonly durable?: boolean;
}

/**
 * Follows links. A new file of a folder that is unfinished itself, such as a staging folder, is written in its own place:
 * nobody looks there before all is whole.
 *
 * @throws WriteError where something else than a file is there, or nothing can be written in the folder
 */
export async function pendingFile(path: string, { durable = false }: PendingOptions = {}): Promise<PendingFile> {
  const stats = statOf(path);
  if (stats === undefined && isUnfinished(basename(dirname(path)))) return pendingAt(path, path, durable);
  const target = writableTarget(path, stats);
  const folder = dirname(target);
  // What a killed process left of the same file is in nobody's way: where it cannot be removed, it stays.
  await removeUnfinishedOf(folder, basename(target)).catch(() => undefined);
  return pendingAt(target, join(folder, unfinishedName(basename(target))), durable);
}

function pendingAt(target: string, temporary: string, durable: boolean): PendingFile {
  let isPublished = false;
  return {
    temporary,
    async publish() {
      if (durable) await synchronize(temporary);
      if (temporary !== target) renameSync(temporary, target);
      isPublished = true;
    },
    async [Symbol.asyncDispose]() {
      if (!isPublished) await rm(temporary, { force: true });
    },
  };
}

/** @throws WriteError if a file could not be written there: to be known before long work is begun */
export async function requireReplaceable(path: string): Promise<void> {
  writableTarget(path, statOf(path));
}

/** What the system said when a file was written, as an error that says what to do; any other error comes back as it is. */
export function asWriteError(path: string, error: unknown): unknown {
  return isSystemError(error) ? new WriteError(path, reasonOf(error), error) : error;
}

async function synchronize(path: string): Promise<void> {
  const file = await open(path, "r+");
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Refuses what a rename must not replace, and a place where nothing can be written. */
function writableTarget(path: string, stats: Stats | undefined): string {
  if (stats !== undefined && !stats.isFile())
    throw new WriteError(path, `it is ${stats.isDirectory() ? "a folder" : "not an ordinary file"}`);
  const target = stats === undefined ? path : targetOf(path);
  const folder = dirname(target);
  const folderStats = statOf(folder);
  if (folderStats === undefined || !folderStats.isDirectory())
    throw new WriteError(path, `the folder ${folder} does not exist; make it first`);
  try {
    accessSync(folder, constants.W_OK | constants.X_OK);
  } catch (error) {
    const reason = machineTrouble(error) === undefined ? `no permission to write in ${folder}` : reasonOf(error);
    throw new WriteError(path, reason, error);
  }
  return target;
}

/** Where links lead; what has been removed since it was looked at is no link any more. */
function targetOf(path: string): string {
  try {
    return realpathSync.native(path);
  } catch (error) {
    if (errorCode(error) === "ENOENT") return path;
    throw new WriteError(path, reasonOf(error), error);
  }
}

function statOf(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch (error) {
    const code = errorCode(error);
    if (code === "ENOTDIR") return undefined;
    throw new WriteError(path, code === "EACCES" ? "no permission to look there" : reasonOf(error), error);
  }
}

/** A file cannot be written. */
export class WriteError extends CodedError<"CANNOT_WRITE_FILE"> {
  /** Why, and what to do, without the file. */
  readonly reason: string;

  constructor(path: string, reason: string, cause?: unknown) {
    super("CANNOT_WRITE_FILE", `${path} cannot be written: ${reason}`, { cause });
    this.reason = reason;
  }
}

function reasonOf(error: unknown): string {
  const trouble = machineTrouble(error);
  return trouble === undefined ? messageOf(error) : `${trouble} and try again`;
}
