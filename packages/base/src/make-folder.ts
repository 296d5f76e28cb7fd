import { mkdir, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { errorCode } from "./error-code.ts";

/** Makes a folder, with those around it, where it is missing. */
export async function makeFolder(path: string, mode?: number): Promise<void> {
  try {
    await mkdir(path, { recursive: true, mode });
  } catch (error) {
    if (errorCode(error) !== "ENOENT") throw error;
    // So Node tells of a disk that cannot be written to, too: the first folder that is missing knows why.
    await mkdir(await firstMissing(path), { mode });
    await mkdir(path, { recursive: true, mode });
  }
}

async function firstMissing(path: string): Promise<string> {
  const parent = dirname(path);
  const isThere = await stat(parent).then(
    () => true,
    (error: unknown) => {
      if (errorCode(error) === "ENOENT") return false;
      throw error;
    },
  );
  return isThere || parent === path ? path : firstMissing(parent);
}
