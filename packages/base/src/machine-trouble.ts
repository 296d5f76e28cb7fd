import { constants } from "node:os";
import { fileURLToPath } from "node:url";
import { getSystemErrorMap } from "node:util";
import { errorCode } from "./error-code.ts";
import { pathExists } from "./path-exists.ts";

/** What of the machine fails, by the code of the system's error, and what helps. */
const troubles: Readonly<Record<string, string>> = {
  EDQUOT: "the quota of the disk is used up; make room",
  EFBIG: "a file has reached the size that is allowed; raise the limit (ulimit -f)",
  EIO: "the disk fails to read or write; check it",
  EMFILE: "too many files are open; raise the limit (ulimit -n)",
  ENFILE: "too many files are open on this machine; end other programs",
  ENODEV: "the disk is gone; connect it again",
  ENOMEM: "the memory is used up; end other programs",
  ENOSPC: "the disk is full; make room",
  ENXIO: "the disk is gone; connect it again",
  EROFS: "the file system can only be read; mount it for writing",
  ESTALE: "the file system has lost a file that was open; mount it anew",
};

/** What SQLite makes of them, by its primary result codes: https://www.sqlite.org/rescode.html */
const ofSqlite: Readonly<Record<number, string>> = { 10: "EIO", 13: "ENOSPC" };

/** Trouble of the machine that has no code of the system; its message says what fails, and what helps. */
export class MachineTrouble extends Error {}

/**
 * Says what of the machine has failed, and what to do, where an error or what is behind it is of that kind: nothing that
 * whoever met it could have done otherwise.
 */
export function machineTrouble(error: unknown): string | undefined {
  return rootsOf(error)
    .flatMap((root) => (root instanceof MachineTrouble ? [root.message] : codesOf(root).map(troubleCalled)))
    .find((trouble) => trouble !== undefined);
}

/** For errors that are told elsewhere, or later: the machine's are thrown, before a wrong thing is concluded from them. */
export function unlessTrouble(error: unknown): undefined {
  if (machineTrouble(error) !== undefined) throw error;
}

function troubleCalled(code: string): string | undefined {
  return Object.hasOwn(troubles, code) ? troubles[code] : undefined;
}

const codesByWords = new Map(Array.from(getSystemErrorMap().values(), ([code, words]) => [words, code]));

/** The code of an error of which only the system's words are known, as in "i/o error". */
export function codeOfWords(words: string): string | undefined {
  return codesByWords.get(words.toLowerCase());
}

/** By number too: Node has no name for some, so that a used-up quota is an "Unknown system error -122", or "UNKNOWN". */
function codesOf(error: Error): readonly string[] {
  const named = errorCode(error) ?? "";
  const number = "errno" in error ? -Number(error.errno) : 0;
  // Of a package.json that it cannot read Node tells in the system's words alone: "Cannot read package config …: i/o error."
  const words = named === "ERR_INVALID_PACKAGE_CONFIG" ? /: ([^:]+)\.$/.exec(error.message)?.[1] : undefined;
  const worded = words === undefined ? undefined : codeOfWords(words);
  // The higher bits of SQLite's code say more than is asked here.
  const sqlite = "errcode" in error ? ofSqlite[Number(error.errcode) & 0xff] : undefined;
  const numbered = Object.entries(constants.errno).flatMap(([code, each]) => (each === number ? [code] : []));
  // And a module that is there, but could not be looked at, it calls missing.
  const unseen = named === "ERR_MODULE_NOT_FOUND" && "url" in error && isThere(String(error.url)) ? "EIO" : undefined;
  return [named, worded, sqlite, unseen, ...numbered].filter((code) => code !== undefined);
}

function isThere(url: string): boolean {
  try {
    return url.startsWith("file:") && pathExists(fileURLToPath(url));
  } catch {
    return true;
  }
}

/** An error and all that is behind it; one may be its own cause. */
export function rootsOf(error: unknown): readonly Error[] {
  const roots = new Set<Error>();
  const follow = (each: unknown) => {
    if (!(each instanceof Error) || roots.has(each)) return;
    roots.add(each);
    follow(each.cause);
    if (each instanceof AggregateError) each.errors.forEach(follow);
    if (each instanceof SuppressedError) [each.error, each.suppressed].forEach(follow);
  };
  follow(error);
  return [...roots];
}
