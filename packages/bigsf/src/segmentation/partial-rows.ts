/** Rows that a segmentation has finished, kept beside its results until those are complete: what it goes on from. */
import { type FileHandle, open, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { errorCode, makeFolder } from "@ml-mosaic/base";

const rowsName = "unfinished_rows.f32";
const configName = "unfinished_config.yaml";

export interface PartialRows {
  /** Rows that are there, from the first on. */
  readonly count: number;
  /** Probabilities of some rows. */
  read(firstRow: number, rowCount: number): Promise<Float32Array>;
  /** Forgets the rows from this one on, so that the next are written in their place. */
  cutTo(count: number): Promise<void>;
  append(probability: Float32Array): Promise<void>;
  /** Ends it, and removes what was kept where the results are complete. */
  close(isComplete: boolean): Promise<void>;
}

/**
 * Opens what an earlier run of the same configuration left, or begins anew.
 *
 * @param config text on which alone the rows depend
 */
export async function openPartialRows(folder: string, config: string, width: number): Promise<PartialRows> {
  await makeFolder(folder);
  const [rowsPath, configPath] = [join(folder, rowsName), join(folder, configName)];
  const isSame = (await textOf(configPath)) === config;
  if (!isSame) {
    await rm(rowsPath, { force: true });
    await writeFile(configPath, config, { flush: true });
  }
  const file: FileHandle = await open(rowsPath, isSame ? "a+" : "w+");
  const rowBytes = 4 * width;
  const count = Math.floor((await file.stat()).size / rowBytes);
  return {
    count,
    async read(firstRow, rowCount) {
      const values = new Float32Array(rowCount * width);
      await file.read(new Uint8Array(values.buffer), 0, values.byteLength, firstRow * rowBytes);
      return values;
    },
    cutTo: (rows) => file.truncate(rows * rowBytes),
    async append(probability) {
      await file.appendFile(new Uint8Array(probability.buffer, probability.byteOffset, probability.byteLength));
    },
    async close(isComplete) {
      await file.close();
      if (isComplete) await removePartialRows(folder, config);
    },
  };
}

/** Removes what was kept for this configuration, also by a process that had its results complete and could not end. */
export async function removePartialRows(folder: string, config: string): Promise<void> {
  if ((await textOf(join(folder, configName))) !== config) return;
  for (const name of [rowsName, configName]) await rm(join(folder, name), { force: true });
}

/** Undefined where there is no such file. */
async function textOf(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (errorCode(error) === "ENOENT") return undefined;
    throw error;
  }
}
