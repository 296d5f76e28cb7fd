import { layOutPicture, type PictureLayout } from "./picture-layout.ts";

/** A map made small enough to be drawn. */
export interface Preview {
  readonly mapShape: readonly [height: number, width: number];
  readonly layout: PictureLayout;
  /** Mean of the finite pixels of each cell, NaN where there are none: [rows, columns], the first row at the bottom. */
  readonly values: Float32Array;
}

/** Takes rows of a map as they come; memory is that of the picture. */
export interface PreviewBuilder {
  readonly layout: PictureLayout;
  /** @param rows whole rows of the map, from `firstRow` on */
  add(firstRow: number, rows: ArrayLike<number>): void;
  finish(): Preview;
}

export function startPreview(mapShape: readonly [height: number, width: number]): PreviewBuilder {
  const layout = layOutPicture(mapShape);
  const { factor, rows, columns } = layout;
  const [, width] = mapShape;
  const sums = new Float64Array(rows * columns);
  const counts = new Uint32Array(rows * columns);
  return {
    layout,
    add(firstRow, pixels) {
      for (let start = 0, y = firstRow; start < pixels.length; start += width, y++) {
        const row = Math.floor(y / factor) * columns;
        for (let x = 0, cell = row, left = factor; x < width; x++) {
          const value = pixels[start + x] ?? Number.NaN;
          // True for finite values only.
          if (value - value === 0) {
            sums[cell] = (sums[cell] ?? 0) + value;
            counts[cell] = (counts[cell] ?? 0) + 1;
          }
          left -= 1;
          if (left > 0) continue;
          cell += 1;
          left = factor;
        }
      }
    },
    finish() {
      // Not with from(…), which makes an object of each number on the way: maps have millions of cells.
      const values = new Float32Array(sums.length);
      for (let cell = 0; cell < values.length; cell++) values[cell] = (sums[cell] ?? 0) / (counts[cell] ?? 0);
      return { mapShape, layout, values };
    },
  };
}
