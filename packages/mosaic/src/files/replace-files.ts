import { randomBytes } from "node:crypto";
import type { Stats } from "node:fs";
import { access, constants, realpath, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { MosaicError } from "../errors.ts";

/**
 * Has new files written under temporary names and puts them in the targets' places when all are whole: whatever happens,
 * every target is the old file or the new one.
 *
 * @param write gets one path for each target, in their order, in the target's folder; nothing is there
 */
export async function replaceFiles(
  targets: readonly string[],
  write: (temporaries: readonly string[]) => Promise<void>,
): Promise<void> {
  const places: { readonly target: string; readonly temporary: string }[] = [];
  for (const path of targets) {
    const target = await writableTarget(path);
    const unique = `${process.pid}.${randomBytes(4).toString("hex")}`;
    places.push({ target, temporary: join(dirname(target), `.${basename(target).slice(0, 200)}.${unique}.tmp`) });
  }
  try {
    await write(places.map(({ temporary }) => temporary));
    for (const { temporary, target } of places) await rename(temporary, target);
  } catch (error) {
    for (const { temporary } of places) await rm(temporary, { force: true });
    throw systemCode(error) === undefined ? error : cannotWrite(targets.join(" and "), reasonOf(error), error);
  }
}

/** @throws MosaicError if `replaceFiles` could not write there: to be known before long work is begun */
export async function requireReplaceable(path: string): Promise<void> {
  await writableTarget(path);
}

/** Follows links. Refuses what a rename must not replace, and a place where nothing can be written. */
async function writableTarget(path: string): Promise<string> {
  const stats = await statOf(path);
  if (stats !== undefined && !stats.isFile())
    throw cannotWrite(path, `it is ${stats.isDirectory() ? "a folder" : "not an ordinary file"}`);
  const target = stats === undefined ? path : await realpath(path);
  const folder = dirname(target);
  const folderStats = await statOf(folder);
  if (folderStats === undefined || !folderStats.isDirectory())
    throw cannotWrite(path, `the folder ${folder} does not exist; make it first`);
  try {
    await access(folder, constants.W_OK | constants.X_OK);
  } catch (error) {
    throw cannotWrite(path, `no permission to write in ${folder}`, error);
  }
  return target;
}

async function statOf(path: string): Promise<Stats | undefined> {
  try {
    return await stat(path);
  } catch (error) {
    const code = systemCode(error);
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw cannotWrite(path, code === "EACCES" ? "no permission to look there" : reasonOf(error), error);
  }
}

function cannotWrite(path: string, reason: string, cause?: unknown): MosaicError {
  return new MosaicError("cannot-write-file", `${path} cannot be written: ${reason}`, { cause });
}

function reasonOf(error: unknown): string {
  const code = systemCode(error);
  if (code === "ENOSPC" || code === "EDQUOT") return "the disk is full; make room and try again";
  return error instanceof Error ? error.message : String(error);
}

/** Such as ENOSPC; undefined for what the system did not throw. */
function systemCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("syscall" in error) || !("code" in error)) return undefined;
  return String(error.code);
}
