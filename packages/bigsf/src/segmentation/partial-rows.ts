/** Rows that a segmentation has finished, kept beside its results until those are complete: what it goes on from. */
import { type FileHandle, open, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { errorCode, makeFolder } from "@ml-mosaic/base";
import type { SegmentedRows } from "./segment-rows.ts";

const rowsName = "unfinished_rows.f32";
const configName = "unfinished_config.yaml";

/** What is kept of rows; uncertainties of all of them, or of none. */
export type KeptRows = Pick<SegmentedRows, "probability" | "uncertainty">;

export interface PartialRows {
  /** Rows that are there, from the first on. */
  readonly count: number;
  read(firstRow: number, rowCount: number): Promise<KeptRows>;
  /** Forgets the rows from this one on, so that the next are written in their place. */
  cutTo(count: number): Promise<void>;
  append(rows: KeptRows): Promise<void>;
  /** Ends it, and removes what was kept where the results are complete. */
  close(isComplete: boolean): Promise<void>;
}

/**
 * Opens what an earlier run of the same configuration left, or begins anew.
 *
 * @param config text on which alone the rows depend
 */
export async function openPartialRows(
  folder: string,
  config: string,
  { width, isSpread }: { readonly width: number; readonly isSpread: boolean },
): Promise<PartialRows> {
  await makeFolder(folder);
  const [rowsPath, configPath] = [join(folder, rowsName), join(folder, configName)];
  const isSame = (await textOf(configPath)) === config;
  if (!isSame) {
    await rm(rowsPath, { force: true });
    await writeFile(configPath, config, { flush: true });
  }
  const file: FileHandle = await open(rowsPath, isSame ? "a+" : "w+");
  // A row of probabilities, and behind it one of uncertainties, so that each is there with the other.
  const rowLength = isSpread ? 2 * width : width;
  const rowBytes = 4 * rowLength;
  const count = Math.floor((await file.stat()).size / rowBytes);
  return {
    count,
    async read(firstRow, rowCount) {
      const values = new Float32Array(rowCount * rowLength);
      await file.read(new Uint8Array(values.buffer), 0, values.byteLength, firstRow * rowBytes);
      const layer = (first: number) =>
        values.filter((_, place) => place % rowLength >= first && place % rowLength < first + width);
      return isSpread ? { probability: layer(0), uncertainty: layer(width) } : { probability: values };
    },
    cutTo: (rows) => file.truncate(rows * rowBytes),
    async append({ probability, uncertainty }) {
      const values = new Float32Array((probability.length / width) * rowLength);
      for (let row = 0; row * rowLength < values.length; row++) {
        values.set(probability.subarray(row * width, (row + 1) * width), row * rowLength);
        if (isSpread && uncertainty)
          values.set(uncertainty.subarray(row * width, (row + 1) * width), row * rowLength + width);
      }
      await file.appendFile(new Uint8Array(values.buffer));
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
