/** The folder in which a user's running experiments are known to each other's commands, and to nobody else. */

import { type Stats, statSync } from "node:fs";
import { lstat, mkdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { isAbsolute, join } from "node:path";
import { errorCode } from "@ml-mosaic/base";
import { MosaicError } from "../errors.ts";

export interface ControlEnvironment {
  readonly XDG_RUNTIME_DIR?: string | undefined;
  readonly temporaryFolder?: string;
}

/**
 * Where experiments are looked for, the first one being where they are written: `$XDG_RUNTIME_DIR/mosaic`, and below the
 * system's temporary folder, which is all that a job without a login session (cron, a service) has.
 */
export function controlFolders(environment: ControlEnvironment = process.env): readonly string[] {
  const { XDG_RUNTIME_DIR: runtime, temporaryFolder = tmpdir() } = environment;
  const fallback = join(temporaryFolder, `mosaic-${process.getuid?.() ?? "user"}`);
  return runtime !== undefined && isOwnFolder(runtime) ? [join(runtime, "mosaic"), fallback] : [fallback];
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
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await requirePrivateFolder(folder);
}

/**
 * Whether the folder exists.
 *
 * @throws MosaicError if others could read or write it, or it is somebody else's: then nothing in it can be believed
 */
export async function requirePrivateFolder(folder: string): Promise<boolean> {
  let stats: Stats;
  try {
    stats = await lstat(folder);
  } catch (error) {
    if (errorCode(error) === "ENOENT") return false;
    throw error;
  }
  const fault = !stats.isDirectory()
    ? "is not a folder"
    : !isOwn(stats)
      ? "belongs to another user"
      : process.platform !== "win32" && (stats.mode & 0o077) !== 0
        ? `is open to other users (mode ${(stats.mode & 0o777).toString(8)})`
        : undefined;
  if (fault === undefined) return true;
  throw new MosaicError(
    "CONTROL_FOLDER_NOT_PRIVATE",
    `${folder}, where running experiments are kept track of, ${fault}; remove it, or set XDG_RUNTIME_DIR to a folder of your own`,
  );
}
