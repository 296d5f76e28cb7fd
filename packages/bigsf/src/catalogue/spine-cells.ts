import type { PictureLayout } from "../pictures/picture-layout.ts";
import { resampled } from "./polyline.ts";
import type { Point } from "./skeleton-graph.ts";

/** Cells of a picture that spines go through: 1 there, 0 elsewhere. */
export function spineCells({ factor, rows, columns }: PictureLayout, spines: Iterable<readonly Point[]>): Uint8Array {
  const cells = new Uint8Array(rows * columns);
  for (const spine of spines)
    for (const { x, y } of resampled(spine, 0.5)) {
      const [row, column] = [Math.floor((y + 0.5) / factor), Math.floor((x + 0.5) / factor)];
      if (row >= 0 && column >= 0 && row < rows && column < columns) cells[row * columns + column] = 1;
    }
  return cells;
}
