/**
 * The lock on a database's file, for as long as a process writes to it. The claim in the database says who writes, but a
 * writer under another name (a mount, a link) may not see it in time; the kernel's lock is on the file itself, and ends
 * with the process.
 */
import { spawnSync } from "node:child_process";
import { closeSync, constants, fstatSync, openSync, statSync } from "node:fs";
import { messageOf } from "@ml-mosaic/base";
import { StoreError } from "./store-error.ts";

export interface DatabaseLock {
  /** What the user should be told. */
  readonly notices: readonly string[];
  /** Whether the path still names the file that is locked. */
  isInPlace(): boolean;
  /** To be called when SQLite has closed the file. */
  [Symbol.dispose](): void;
}

/**
 * Files that this process has locked. It must not open them a second time by itself: closing any descriptor of a file
 * ends all the POSIX locks that the process has on it, SQLite's too.
 */
const lockedHere = new Set<string>();

/** Locks the file, which is made where it is missing. Returns undefined while somebody else has the lock. */
export function lockDatabase(location: string): DatabaseLock | undefined {
  const before = statSync(location, { throwIfNoEntry: false });
  if (before !== undefined && lockedHere.has(fileKey(before))) return undefined;
  const descriptor = open(location);
  try {
    const { isTaken, without } = flock(descriptor);
    if (isTaken) {
      closeSync(descriptor);
      return undefined;
    }
    const key = fileKey(fstatSync(descriptor));
    lockedHere.add(key);
    return {
      notices: without === undefined ? [] : [`${location} is not safe from writers in other containers: ${without}`],
      isInPlace() {
        const now = statSync(location, { throwIfNoEntry: false });
        return now !== undefined && fileKey(now) === key;
      },
      [Symbol.dispose]() {
        if (lockedHere.delete(key)) closeSync(descriptor);
      },
    };
  } catch (error) {
    closeSync(descriptor);
    throw error;
  }
}

function open(location: string): number {
  try {
    return openSync(location, constants.O_RDWR | constants.O_CREAT, 0o644);
  } catch (error) {
    throw new StoreError("STORE_CANNOT_OPEN", `${location} cannot be opened for writing (${messageOf(error)})`, {
      cause: error,
    });
  }
}

/** Node has no call for it; the command locks what it inherits, for all who have it open from the same opening. */
function flock(descriptor: number): { readonly isTaken: boolean; readonly without?: string } {
  // Elsewhere there is no such command, and no mount of a single file.
  if (process.platform !== "linux") return { isTaken: false };
  const stdio = ["ignore", "ignore", "pipe", descriptor] as const;
  const { error, status, stderr } = spawnSync("flock", ["-n", "-x", "3"], { stdio: [...stdio], encoding: "utf8" });
  if (error !== undefined)
    return { isTaken: false, without: `the command flock, of util-linux, cannot be run (${error.message})` };
  if (status === 0 || status === 1) return { isTaken: status === 1 };
  return { isTaken: false, without: `flock cannot lock it (${stderr.trim()})` };
}

function fileKey({ dev, ino }: { readonly dev: number; readonly ino: number }): string {
  return `${dev}:${ino}`;
}
