import type { Header } from "@ml-mosaic/fits";
import type { PartialRows } from "./partial-rows.ts";
import { patchStarts } from "./patch-starts.ts";
import { createResultFiles } from "./result-files.ts";
import { type MapRows, type SegmentedRows, type SegmentRowsOptions, segmentRows } from "./segment-rows.ts";

export interface SegmentMapOptions extends SegmentRowsOptions {
  /** Of the map; the results carry it on. */
  readonly header: Header;
  /** Of the map, axes of length 1 included. */
  readonly imageShape: readonly number[];
  /** Probabilities above it are a filament. */
  readonly threshold: number;
  /** How the results are made, for their headers. */
  readonly history: readonly string[];
  /** Probabilities on the map's pixels that are taken as they are, instead of predictions. */
  readonly outOfFold?: MapRows | undefined;
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
 * Segments a map into FITS files. They appear under their names when all are complete.
 *
 * @throws BigsfError, FitsError
 */
export async function segmentMap(options: SegmentMapOptions): Promise<SegmentCounts> {
  const { header, imageShape: shape, threshold, history, folder, onRows } = options;
  const isSpread = options.voices.length > 1 && options.outOfFold === undefined;
  await using files = await createResultFiles(folder, { header, shape, threshold, history, isSpread });
  let valid = 0;
  let filament = 0;
  for await (const rows of allRows(options)) {
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
  const { map, missing, outOfFold, partial, patchSize, overlap } = options;
  if (outOfFold !== undefined) return yield* rowsOf(outOfFold, options);
  if (partial === undefined) return yield* segmentRows(options);
  const [height, width] = map.shape;
  const tops = patchStarts(Math.max(height, patchSize), patchSize, patchSize - overlap);
  const startRow = partial.count >= height ? height : (tops.findLast((top) => top <= partial.count) ?? 0);
  await partial.cutTo(startRow);
  for (let firstRow = 0; firstRow < startRow; firstRow += patchSize) {
    const rowCount = Math.min(patchSize, startRow - firstRow);
    const { probability, uncertainty } = await partial.read(firstRow, rowCount);
    const values = await map.section(firstRow, firstRow + rowCount, 0, width);
    for (const [pixel, value] of probability.entries()) if (Number.isNaN(value)) values[pixel] = Number.NaN;
    yield { firstRow, rowCount, probability, uncertainty, values };
  }
  if (startRow === height) return;
  for await (const rows of segmentRows({ ...options, missing, startRow })) {
    yield rows;
    await partial.append(rows);
  }
}

/** Probabilities that are there already; NaN where the map has no data too. */
async function* rowsOf(
  said: MapRows,
  { map, missing, patchSize, onProgress, signal }: SegmentMapOptions,
): AsyncGenerator<SegmentedRows> {
  const [height, width] = map.shape;
  for (let firstRow = 0; firstRow < height; firstRow += patchSize) {
    signal?.throwIfAborted();
    const end = Math.min(height, firstRow + patchSize);
    const [probabilities, values, trusted] = await Promise.all(
      [said, map, missing].map((plane) => plane?.section(firstRow, end, 0, width)),
    );
    const probability = Float32Array.from(probabilities ?? [], (value, pixel) =>
      Number.isFinite(values?.[pixel]) && (trusted === undefined || (trusted[pixel] ?? 0) > 0) ? value : Number.NaN,
    );
    const shown = Float64Array.from(probability, (value, pixel) =>
      Number.isNaN(value) ? Number.NaN : (values?.[pixel] ?? Number.NaN),
    );
    yield { firstRow, rowCount: end - firstRow, probability, values: shown };
    onProgress?.(end, height);
  }
}
