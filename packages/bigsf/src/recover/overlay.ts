import type { PixelBox } from "../maps/region.ts";
import type { MapRows } from "../segmentation/segment-rows.ts";

/** Pixels of a box, row after row. */
export interface Piece {
  readonly box: PixelBox;
  readonly values: Float32Array;
}

/** A map in which some boxes, which share no pixel, are changed. */
export function overlaid(
  map: MapRows,
  pieces: readonly Piece[],
  change: (before: number, value: number) => number,
): MapRows {
  return {
    shape: map.shape,
    async section(y0, y1, x0, x1) {
      const values = await map.section(y0, y1, x0, x1);
      const width = x1 - x0;
      for (const { box, values: own } of pieces) {
        const [left, right] = [Math.max(x0, box.x0), Math.min(x1, box.x1)];
        for (let y = Math.max(y0, box.y0); y < Math.min(y1, box.y1); y++) {
          for (let x = left; x < right; x++) {
            const at = (y - y0) * width + x - x0;
            values[at] = change(values[at] ?? Number.NaN, own[(y - box.y0) * (box.x1 - box.x0) + x - box.x0] ?? 0);
          }
        }
      }
      return values;
    },
  };
}

/** A part of a map as a map of its own. */
export function cutRows(map: MapRows, { y0, y1, x0, x1 }: PixelBox): MapRows {
  return {
    shape: [y1 - y0, x1 - x0],
    section: (top, bottom, left, right) => map.section(y0 + top, y0 + bottom, x0 + left, x0 + right),
  };
}

/** As far as it lies in the map. */
export function grown(box: PixelBox, by: number, [height, width]: readonly [number, number]): PixelBox {
  return {
    y0: Math.max(0, box.y0 - by),
    y1: Math.min(height, box.y1 + by),
    x0: Math.max(0, box.x0 - by),
    x1: Math.min(width, box.x1 + by),
  };
}

export function meet(a: PixelBox, b: PixelBox): boolean {
  return a.y0 < b.y1 && b.y0 < a.y1 && a.x0 < b.x1 && b.x0 < a.x1;
}
