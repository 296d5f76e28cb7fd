/** The folder in which a user's running experiments are known to each other's commands, and to nobody else. */

import { type Stats, statSync } from "node:fs";
import { lstat } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { isAbsolute, join } from "node:path";
import { errorCode, makeFolder } from "@ml-mosaic/base";
import { MosaicError } from "../errors.ts";

export interface ControlEnvironment {
  readonly XDG_RUNTIME_DIR?: string | undefined;
  readonly temporaryFolder?: string;
  readonly homeFolder?: string;
}

/**
 * Where experiments are looked for, and written into the first that is the user's own: `$XDG_RUNTIME_DIR/mosaic`, below
 * the system's temporary folder, which is all that a job without a login session (cron, a service) has, and at home,
 * where nobody else can be first.
 */
export function controlFolders(environment: ControlEnvironment = process.env): readonly string[] {
  const { XDG_RUNTIME_DIR: runtime, temporaryFolder = tmpdir(), homeFolder = homedir() } = environment;
  const fallbacks = [
    join(temporaryFolder, `mosaic-${process.getuid?.() ?? "user"}`),
    join(homeFolder, ".local", "state", "mosaic"),
  ];
  return runtime !== undefined && isOwnFolder(runtime) ? [join(runtime, "mosaic"), ...fallbacks] : fallbacks;
}

/** `sudo` and `su` may leave the variable of another user behind. */
function isOwnFolder(path: string): boolean {
  if (!isAbsolute(path)) return false;
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats?.isDirectory() === true && isOwn(stats);
}

function isOwn({ uid }: Stats): boolean {
  return process.getuid === undefined || uid === process.getuid();
}

/** Makes the folder for this user alone, where it is missing. */
export async function makePrivateFolder(folder: string): Promise<void> {
  await makeFolder(folder, 0o700);
  await requirePrivateFolder(folder);
}

/**
 * Those of the folders that are not somebody else's, who may have been first in a place where all may write.
 *
 * @throws MosaicError if all are
 */
export async function ownFolders(folders: readonly string[]): Promise<readonly string[]> {
  const own: string[] = [];
  for (const folder of folders) {
    const stats = await statsOf(folder);
    if (stats === undefined || isOwn(stats)) own.push(folder);
  }
  const [first] = folders;
  if (own.length === 0 && first !== undefined) throw notPrivate(first, "belongs to another user");
  return own;
}

/**
 * Whether the folder exists.
 *
 * @throws MosaicError if others could read or write it, or it is somebody else's: then nothing in it can be believed
 */
export async function requirePrivateFolder(folder: string): Promise<boolean> {
  const stats = await statsOf(folder);
  if (stats === undefined) return false;
  if (!stats.isDirectory()) throw notPrivate(folder, "is not a folder");
  if (!isOwn(stats)) throw notPrivate(folder, "belongs to another user");
  if (process.platform !== "win32" && (stats.mode & 0o077) !== 0)
    throw notPrivate(folder, `is open to other users (mode ${(stats.mode & 0o777).toString(8)})`);
  return true;
}

async function statsOf(folder: string): Promise<Stats | undefined> {
  try {
    return await lstat(folder);
  } catch (error) {
    if (errorCode(error) === "ENOENT") return undefined;
    throw error;
  }
}

function notPrivate(folder: string, fault: string): MosaicError {
  return new MosaicError(
    "CONTROL_FOLDER_NOT_PRIVATE",
    `${folder}, where running experiments are kept track of, ${fault}; remove it, or set XDG_RUNTIME_DIR to a folder of your own`,
  );
}
