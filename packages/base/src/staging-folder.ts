import { mkdir, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { unfinishedName } from "./unfinished.ts";

/** Files that are being written inside the folder in which they are to appear together. */
export interface StagingFolder {
  /** Where to write them meanwhile: empty, and on the same disk. */
  readonly path: string;
  /**
   * Moves them into the folder.
   *
   * @param seal the one of them that says that the others are complete: gone before they change, there when all are
   * @returns their names
   */
  publish(seal?: string): Promise<readonly string[]>;
  /** Removes what was not published. */
  [Symbol.asyncDispose](): Promise<void>;
}

export async function stagingFolder(folder: string): Promise<StagingFolder> {
  const path = join(folder, unfinishedName("staging"));
  await mkdir(path);
  return {
    path,
    async publish(seal) {
      const names = (await readdir(path)).sort();
      const move = (name: string) => rename(join(path, name), join(folder, name));
      if (seal !== undefined) await rm(join(folder, seal), { force: true });
      for (const name of names) if (name !== seal) await move(name);
      if (seal !== undefined) await move(seal);
      return names;
    },
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }),
  };
}
