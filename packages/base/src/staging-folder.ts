/** Its system calls are made at once: each takes a tenth of what handing it to a thread takes. */
import { mkdirSync, readdirSync, renameSync, rmdirSync, rmSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { errorCode } from "./error-code.ts";
import { pathExists } from "./path-exists.ts";
import { isLeftUnfinished, unfinishedName } from "./unfinished.ts";

/** Files that are being written inside the folder in which they are to appear together. */
export interface StagingFolder {
  /** Where to write them meanwhile: empty, and on the same disk. */
  readonly path: string;
  /**
   * Moves them into the folder.
   *
   * @returns their names, in the order in which they were moved
   */
  publish(order?: PublishOrder): Promise<readonly string[]>;
  /** Removes what was not published. */
  [Symbol.asyncDispose](): Promise<void>;
}

export interface PublishOrder {
  /** These before all others, in this order. */
  readonly first?: readonly string[];
  /**
   * The one that says that the others are complete: gone before they change, there when all are. Where moving fails, or the
   * process is killed, `finishStaged` goes on with it.
   */
  readonly seal?: string;
}

export async function stagingFolder(folder: string): Promise<StagingFolder> {
  const path = join(folder, unfinishedName("staging"));
  mkdirSync(path);
  let isHalfMoved = false;
  return {
    path,
    async publish(order = {}) {
      isHalfMoved = order.seal !== undefined;
      const names = await move(path, folder, order);
      isHalfMoved = false;
      return names;
    },
    async [Symbol.asyncDispose]() {
      if (!isHalfMoved) await removeFolder(path);
    },
  };
}

/** Moves what processes that are gone had complete, with its seal, and could not move to the end. */
export async function finishStaged(folder: string, seal: string): Promise<void> {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    if (!name.startsWith(".staging.") || !isLeftUnfinished(name) || !pathExists(join(path, seal))) continue;
    await move(path, folder, { seal });
    await removeFolder(path);
  }
}

async function removeFolder(path: string): Promise<void> {
  try {
    // Empty, where all that it held was moved.
    rmdirSync(path);
  } catch {
    await rm(path, { recursive: true, force: true });
  }
}

async function move(path: string, folder: string, { first = [], seal }: PublishOrder): Promise<readonly string[]> {
  const there = readdirSync(path).sort();
  const names = [...new Set([...first, ...there.filter((name) => name !== seal)])];
  if (seal !== undefined) {
    await rm(join(folder, seal), { force: true });
    names.push(seal);
  }
  for (const name of names) moveInto(folder, join(path, name), name);
  return names;
}

function moveInto(folder: string, from: string, name: string): void {
  const to = join(folder, name);
  try {
    renameSync(from, to);
  } catch (error) {
    if (errorCode(error) !== "ENOTEMPTY" && errorCode(error) !== "EEXIST") throw error;
    // A folder does not take the place of another that has files; killed between, it comes into an empty place.
    const old = join(folder, unfinishedName(name));
    renameSync(to, old);
    renameSync(from, to);
    rmSync(old, { recursive: true, force: true });
  }
}
