/** The spool folder: its owner's alone, since whoever can write there has workers carry out what they say. */
import { rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { errorCode, makeFolder } from "@ml-mosaic/base";
import { MosaicError } from "../errors.ts";

/** For a supervisor, which makes what is missing. */
export async function makeSpoolFolder(folder: string): Promise<void> {
  await makeFolder(pilotsFolder(folder), 0o700);
  await requirePrivate(folder);
}

/**
 * For a worker, which makes nothing: the name may be mistyped.
 *
 * @returns whether a supervisor has made it already
 * @throws MosaicError where it cannot be one, or nobody could make it there
 */
export async function isSpoolFolder(folder: string): Promise<boolean> {
  if (await isMissing(pilotsFolder(folder))) {
    if (await isMissing(dirname(folder)))
      throw new MosaicError(
        "NO_SPOOL",
        `there is no ${folder}, nor ${dirname(folder)}: name the folder that mosaic run --spool names, by its path on this machine`,
      );
    return false;
  }
  await requirePrivate(folder);
  return true;
}

async function isMissing(path: string): Promise<boolean> {
  try {
    return !(await stat(path)).isDirectory();
  } catch (error) {
    if (errorCode(error) === "ENOENT" || errorCode(error) === "ENOTDIR") return true;
    throw error;
  }
}

async function requirePrivate(folder: string): Promise<void> {
  const { uid, mode } = await stat(folder);
  const isOwn = process.getuid === undefined || process.getuid() === uid;
  if (isOwn && (mode & 0o022) === 0) return;
  const why = isOwn ? "others may write to it" : "it is another user's";
  throw new MosaicError(
    "SPOOL_NOT_PRIVATE",
    `${folder} cannot be the spool folder, as ${why}: its workers do what is written there. Name a folder of your own (chmod 700)`,
  );
}

export function pilotsFolder(folder: string): string {
  return join(folder, "pilots");
}

/** Of a pilot and a supervisor: the files of both directions. */
export function linkPaths(folder: string, pilot: string, supervisor: number) {
  const path = (direction: string) => join(pilotsFolder(folder), pilot, `${direction}-${supervisor}`);
  return { toPilot: path("told"), fromPilot: path("said") };
}

/** What a pilot and its supervisors have said, when nobody reads it any more. */
export async function forgetPilot(folder: string, name: string): Promise<void> {
  await rm(join(pilotsFolder(folder), name), { recursive: true, force: true }).catch(() => undefined);
}
