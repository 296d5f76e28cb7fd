import type { PictureLayout } from "../pictures/picture-layout.ts";
import type { PatchGrid } from "./patch-grid.ts";
import { isKept } from "./patch-rules.ts";
import type { ScannedRow } from "./scan-patches.ts";

/** Finds which part of a map lies in patches that are kept, from the rows of a scan as they come. */
export interface KeptAreaBuilder {
  add(row: ScannedRow): void;
  /** 1 for the cells of a picture that are covered by at least half: [rows, columns]. */
  finish(): Uint8Array;
}

export function startKeptArea(
  { mapShape: [height, width], patchSize, stride }: PatchGrid,
  { factor, rows, columns }: PictureLayout,
): KeptAreaBuilder {
  /** For each column, the row below which no kept patch of those seen so far reaches. */
  const coveredUntil = new Int32Array(width);
  const covered = new Uint32Array(rows * columns);
  let nextRow = 0;

  /** Rows above the next positions: no later patch can cover them. */
  function settle(stop: number): void {
    for (; nextRow < stop; nextRow++) {
      const row = Math.floor(nextRow / factor) * columns;
      for (let x = 0; x < width; x++) {
        if ((coveredUntil[x] ?? 0) <= nextRow) continue;
        const cell = row + Math.floor(x / factor);
        covered[cell] = (covered[cell] ?? 0) + 1;
      }
    }
  }

  return {
    add({ y0, flags }) {
      settle(y0);
      let reached = 0;
      for (const [i, each] of flags.entries()) {
        if (!isKept(each)) continue;
        const x0 = i * stride;
        coveredUntil.fill(y0 + patchSize, Math.max(x0, reached), x0 + patchSize);
        reached = x0 + patchSize;
      }
    },
    finish() {
      settle(height);
      const full = (start: number, length: number) => Math.min(factor, length - start);
      const cells = new Uint8Array(covered.length);
      for (let cell = 0; cell < cells.length; cell++) {
        const size = full(Math.floor(cell / columns) * factor, height) * full((cell % columns) * factor, width);
        cells[cell] = 2 * (covered[cell] ?? 0) >= size ? 1 : 0;
      }
      return cells;
    },
  };
}
