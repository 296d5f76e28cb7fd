import { join } from "node:path";
import { createFits, type FitsWriter, type Header, type ImageRows } from "@ml-mosaic/fits";
import { resultHeader } from "./result-header.ts";
import type { SegmentedRows } from "./segment-rows.ts";

/** Names of the results in their folder. */
export const probabilityName = "probability.fits";
export const maskName = "mask.fits";
/** Of several voices. */
export const uncertaintyName = "uncertainty.fits";

export interface ResultFilesOptions {
  /** Header of the map that is segmented. */
  readonly header: Header;
  /** Shape of the map, which the results have too. */
  readonly shape: readonly number[];
  /** Probabilities above it are a filament. */
  readonly threshold: number;
  /** How the results were made. */
  readonly history: readonly string[];
  /** Whether there are uncertainties too. */
  readonly isSpread?: boolean | undefined;
}

/** The maps that segmentation gives, written row by row; nothing appears under its name before `finish`. */
export interface ResultFiles {
  /** @returns the mask of the rows: 1 where there is a filament, 0 elsewhere, also where the map has no data */
  write(rows: SegmentedRows): Promise<Uint8Array>;
  finish(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Probabilities as float32, NaN where the map has no data, the mask as uint8, and perhaps uncertainties as float32, each with
 * the header of the map.
 */
export async function createResultFiles(
  folder: string,
  { header, shape, threshold, history, isSpread = false }: ResultFilesOptions,
): Promise<ResultFiles> {
  await using opened = new AsyncDisposableStack();
  const start = async (file: string, name: string, type: "float32" | "uint8", what: string) => {
    const writer = opened.use(await createFits(join(folder, file)));
    const cards = resultHeader(header, { meaning: name.toLowerCase(), history: [what, ...history] });
    const rows = await writer.startImage({ shape, type, header: cards, name });
    return { writer, rows } satisfies { writer: FitsWriter; rows: ImageRows };
  };
  const probability = await start(probabilityName, "PROBABILITY", "float32", "probability of a filament, NaN: no data");
  const mask = await start(maskName, "MASK", "uint8", `mask: 1 where the probability is above ${threshold}, else 0`);
  const spread = "standard deviation of what models, or one on turned patches, say";
  const uncertainty = isSpread ? await start(uncertaintyName, "UNCERTAINTY", "float32", spread) : undefined;
  const all = [probability, mask, ...(uncertainty === undefined ? [] : [uncertainty])];
  const writers = opened.move();
  return {
    async write(rows) {
      const above = new Uint8Array(rows.probability.length);
      for (let i = 0; i < above.length; i++) if ((rows.probability[i] ?? 0) > threshold) above[i] = 1;
      await probability.rows.write(rows.probability);
      await mask.rows.write(above);
      if (rows.uncertainty !== undefined) await uncertainty?.rows.write(rows.uncertainty);
      return above;
    },
    async finish() {
      for (const { writer, rows } of all) {
        await rows.end();
        await writer.close();
      }
    },
    [Symbol.asyncDispose]: () => writers.disposeAsync(),
  };
}
