import type { Header } from "@ml-mosaic/fits";
import { createResultFiles } from "./result-files.ts";
import { type SegmentedRows, type SegmentRowsOptions, segmentRows } from "./segment-rows.ts";

export interface SegmentMapOptions extends SegmentRowsOptions {
  /** Of the map; the results carry it on. */
  readonly header: Header;
  /** Of the map, axes of length 1 included. */
  readonly imageShape: readonly number[];
  /** Probabilities above it are a filament. */
  readonly threshold: number;
  /** How the results are made, for their headers. */
  readonly history: readonly string[];
  /** Where the results go. */
  readonly folder: string;
  /** Sees all rows from the first to the last, with their mask. */
  readonly onRows?: ((rows: SegmentedRows, mask: Uint8Array) => void) | undefined;
}

export interface SegmentCounts {
  /** Pixels with data. */
  readonly valid: number;
  /** Pixels whose probability is above the threshold. */
  readonly filament: number;
}

/**
 * Segments a map into two FITS files. They appear under their names when both are complete.
 *
 * @throws BigsfError, FitsError
 */
export async function segmentMap(options: SegmentMapOptions): Promise<SegmentCounts> {
  const { header, imageShape: shape, threshold, history, folder, onRows } = options;
  await using files = await createResultFiles(folder, { header, shape, threshold, history });
  let valid = 0;
  let filament = 0;
  for await (const rows of segmentRows(options)) {
    const mask = await files.write(rows);
    for (const value of rows.probability) if (!Number.isNaN(value)) valid++;
    for (const value of mask) filament += value;
    onRows?.(rows, mask);
  }
  await files.finish();
  return { valid, filament };
}
