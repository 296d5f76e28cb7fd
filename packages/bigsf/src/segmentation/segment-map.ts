import type { Header } from "@ml-mosaic/fits";
import { type Calibrator, calibratedAll } from "../calibration/calibrator.ts";
import type { PartialRows } from "./partial-rows.ts";
import { patchStarts } from "./patch-starts.ts";
import { createResultFiles } from "./result-files.ts";
import { type SegmentedRows, type SegmentRowsOptions, segmentRows } from "./segment-rows.ts";

export interface SegmentMapOptions extends SegmentRowsOptions {
  /** Of the map; the results carry it on. */
  readonly header: Header;
  /** Of the map, axes of length 1 included. */
  readonly imageShape: readonly number[];
  /** What the model says is made right by it. */
  readonly calibrator?: Calibrator | undefined;
  /** Probabilities above it are a filament. */
  readonly threshold: number;
  /** How the results are made, for their headers. */
  readonly history: readonly string[];
  /** Where the results go. */
  readonly folder: string;
  /** What an earlier run has finished; gets what this one finishes. */
  readonly partial?: PartialRows | undefined;
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
  const { header, imageShape: shape, calibrator, threshold, history, folder, onRows } = options;
  await using files = await createResultFiles(folder, { header, shape, threshold, history });
  let valid = 0;
  let filament = 0;
  for await (const said of allRows(options)) {
    const rows =
      calibrator === undefined ? said : { ...said, probability: calibratedAll(calibrator, said.probability) };
    const mask = await files.write(rows);
    for (const value of rows.probability) if (!Number.isNaN(value)) valid++;
    for (const value of mask) filament += value;
    onRows?.(rows, mask);
  }
  await files.finish();
  return { valid, filament };
}

/** Rows that were finished before, as they were, then the others. */
async function* allRows(options: SegmentMapOptions): AsyncGenerator<SegmentedRows> {
  const { map, missing, partial, patchSize, overlap } = options;
  if (partial === undefined) return yield* segmentRows(options);
  const [height, width] = map.shape;
  const tops = patchStarts(Math.max(height, patchSize), patchSize, patchSize - overlap);
  const startRow = partial.count >= height ? height : (tops.findLast((top) => top <= partial.count) ?? 0);
  await partial.cutTo(startRow);
  for (let firstRow = 0; firstRow < startRow; firstRow += patchSize) {
    const rowCount = Math.min(patchSize, startRow - firstRow);
    const probability = await partial.read(firstRow, rowCount);
    const values = await map.section(firstRow, firstRow + rowCount, 0, width);
    for (const [pixel, value] of probability.entries()) if (Number.isNaN(value)) values[pixel] = Number.NaN;
    yield { firstRow, rowCount, probability, values };
  }
  if (startRow === height) return;
  for await (const rows of segmentRows({ ...options, missing, startRow })) {
    yield rows;
    await partial.append(rows.probability);
  }
}
