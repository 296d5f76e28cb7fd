import type { PictureLayout } from "./picture-layout.ts";

/** Which cells of a picture a mask reaches: those of which one pixel at least is in it. */
export interface InsideCells {
  /** [rows, columns], 1 or 0. */
  readonly cells: Uint8Array;
  /** @param mask whole rows of the map, from `firstRow` on; not 0 inside */
  add(firstRow: number, mask: Uint8Array): void;
}

/** Takes rows of a mask as they come. */
export function insideCells(
  { factor, rows, columns }: PictureLayout,
  [, width]: readonly [height: number, width: number],
): InsideCells {
  const cells = new Uint8Array(rows * columns);
  return {
    cells,
    add(firstRow, mask) {
      for (let i = 0; i < mask.length; i++) {
        if (mask[i] === 0) continue;
        const row = Math.floor((firstRow + Math.floor(i / width)) / factor);
        cells[row * columns + Math.floor((i % width) / factor)] = 1;
      }
    },
  };
}
