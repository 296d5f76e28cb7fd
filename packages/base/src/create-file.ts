import { link, open, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { errorCode } from "./error-code.ts";
import { pathExists } from "./path-exists.ts";
import type { PendingOptions } from "./pending-file.ts";
import { unfinishedName } from "./unfinished.ts";

/** Makes a file that is whole as soon as it is there. Returns false where there is one already. */
export async function createFile(
  path: string,
  text: string,
  { durable = false, mode }: PendingOptions & { readonly mode?: number } = {},
): Promise<boolean> {
  const temporary = join(dirname(path), unfinishedName(basename(path)));
  try {
    const file = await open(temporary, "wx", mode);
    try {
      await file.writeFile(text);
      if (durable) await file.sync();
    } finally {
      await file.close();
    }
    return await linkNew(temporary, path);
  } finally {
    await rm(temporary, { force: true });
  }
}

async function linkNew(temporary: string, path: string): Promise<boolean> {
  try {
    await link(temporary, path);
    return true;
  } catch (error) {
    // Whoever was faster may have removed what else was unfinished.
    if (errorCode(error) === "EEXIST" || (errorCode(error) === "ENOENT" && pathExists(path))) return false;
    // Some disks (FAT) know one name a file only.
    if (errorCode(error) !== "EPERM" && errorCode(error) !== "ENOTSUP") throw error;
    await rename(temporary, path);
    return true;
  }
}
