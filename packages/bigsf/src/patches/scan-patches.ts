import type { MapSection, Maps } from "../maps/maps.ts";
import type { PatchGrid } from "./patch-grid.ts";
import { HAS_LABELS, HAS_MIXED_TARGET, HAS_SIGNAL, HAS_TARGET } from "./patch-rules.ts";

/** What is known of all positions that begin in one row of the map. */
export interface ScannedRow {
  readonly y0: number;
  /** `HAS_SIGNAL`, … of each position from left to right; the array is used again for the next row. */
  readonly flags: Uint8Array;
}

export interface ScanOptions {
  /** Gets each section from the first row of the map to the last, before its rows are told. */
  readonly onSection?: (section: MapSection, firstRow: number) => void;
  /** About this many pixels are read at once; but at least a row; 2^18 by default. */
  readonly sectionPixels?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Goes once through a map and tells of every position in raster order whether there is a positive pixel, a labelled
 * one, and so on, without cutting a patch. Memory is a few rows.
 *
 * For each column it remembers the last row with such a pixel: the column has one in the window if that row is not
 * above it. The same is done along the row. So a position costs the same whatever the patch's size.
 */
export async function* scanPatches(
  maps: Maps,
  { mapShape: [height, width], patchSize, stride, columns }: PatchGrid,
  { onSection, sectionPixels = 2 ** 18, signal }: ScanOptions = {},
): AsyncGenerator<ScannedRow> {
  const signalRow = new Int32Array(width).fill(-1);
  const labelRow = new Int32Array(width).fill(-1);
  const targetRow = new Int32Array(width).fill(-1);
  // Neighbours that differ: a target has one value exactly if the window has no such pair in it.
  const sideEdgeRow = new Int32Array(width).fill(-1);
  const upEdgeRow = new Int32Array(width).fill(-1);
  const flags = new Uint8Array(columns);
  const above = new Float32Array(width);
  const rowsAtOnce = Math.max(1, Math.floor(sectionPixels / width));
  for (let first = 0; first < height; first += rowsAtOnce) {
    signal?.throwIfAborted();
    const stop = Math.min(first + rowsAtOnce, height);
    const section = await maps.section(first, stop, 0, width);
    onSection?.(section, first);
    const { image, target, labelled } = section;
    for (let y = first; y < stop; y++) {
      const row = (y - first) * width;
      let left = target[row] ?? 0;
      for (let x = 0; x < width; x++) {
        if ((image[row + x] ?? 0) > 0) signalRow[x] = y;
        if (labelled[row + x] === 1) labelRow[x] = y;
        const value = target[row + x] ?? 0;
        if (value !== 0) targetRow[x] = y;
        if (value !== left) sideEdgeRow[x] = y;
        if (y > 0 && value !== above[x]) upEdgeRow[x] = y;
        above[x] = value;
        left = value;
      }
      const y0 = y - patchSize + 1;
      if (y0 < 0 || y0 % stride !== 0) continue;
      sweep(y0);
      yield { y0, flags };
    }
  }

  function sweep(y0: number): void {
    let lastSignal = -1;
    let lastLabel = -1;
    let lastTarget = -1;
    let lastSideEdge = -1;
    let lastUpEdge = -1;
    let next = patchSize - 1;
    let position = 0;
    for (let x = 0; x < width; x++) {
      if ((signalRow[x] ?? -1) >= y0) lastSignal = x;
      if ((labelRow[x] ?? -1) >= y0) lastLabel = x;
      if ((targetRow[x] ?? -1) >= y0) lastTarget = x;
      if ((sideEdgeRow[x] ?? -1) >= y0) lastSideEdge = x;
      if ((upEdgeRow[x] ?? -1) > y0) lastUpEdge = x;
      if (x !== next) continue;
      const x0 = x - patchSize + 1;
      flags[position++] =
        (lastSignal >= x0 ? HAS_SIGNAL : 0) |
        (lastLabel >= x0 ? HAS_LABELS : 0) |
        (lastTarget >= x0 ? HAS_TARGET : 0) |
        (lastSideEdge > x0 || lastUpEdge >= x0 ? HAS_MIXED_TARGET : 0);
      next += stride;
    }
  }
}
