import { mkdir, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { pathExists } from "./path-exists.ts";
import { isLeftUnfinished, unfinishedName } from "./unfinished.ts";

/** Files that are being written inside the folder in which they are to appear together. */
export interface StagingFolder {
  /** Where to write them meanwhile: empty, and on the same disk. */
  readonly path: string;
  /**
   * Moves them into the folder.
   *
   * @param seal the one of them that says that the others are complete: gone before they change, there when all are.
   *   Where moving fails, or the process is killed, `finishStaged` goes on with it
   * @returns their names
   */
  publish(seal?: string): Promise<readonly string[]>;
  /** Removes what was not published. */
  [Symbol.asyncDispose](): Promise<void>;
}

export async function stagingFolder(folder: string): Promise<StagingFolder> {
  const path = join(folder, unfinishedName("staging"));
  await mkdir(path);
  let isHalfMoved = false;
  return {
    path,
    async publish(seal) {
      isHalfMoved = seal !== undefined;
      const names = await move(path, folder, seal);
      isHalfMoved = false;
      return names;
    },
    async [Symbol.asyncDispose]() {
      if (!isHalfMoved) await rm(path, { recursive: true, force: true });
    },
  };
}

/** Moves what processes that are gone had complete, with its seal, and could not move to the end. */
export async function finishStaged(folder: string, seal: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const path = join(folder, name);
    if (!name.startsWith(".staging.") || !isLeftUnfinished(name) || !pathExists(join(path, seal))) continue;
    await move(path, folder, seal);
    await rm(path, { recursive: true, force: true });
  }
}

async function move(path: string, folder: string, seal: string | undefined): Promise<readonly string[]> {
  const names = (await readdir(path)).sort();
  const moveOne = (name: string) => rename(join(path, name), join(folder, name));
  if (seal !== undefined) await rm(join(folder, seal), { force: true });
  for (const name of names) if (name !== seal) await moveOne(name);
  if (seal !== undefined) await moveOne(seal);
  return names;
}
