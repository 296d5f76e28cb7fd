import type { FoldOptions } from "./fold-options.ts";

export interface AreaAssignment {
  /** Row and column of each area in the grid of areas, in order of first appearance among the patches: [areas * 2]. */
  readonly areas: Int32Array<ArrayBuffer>;
  /** The area of each patch, -1 for one that is dropped: [patches]. */
  readonly areaOf: Int32Array<ArrayBuffer>;
}

type AreaOptions = Pick<FoldOptions, "area_size" | "patch_size" | "overlap">;

/**
 * Puts each patch into the area that its first pixel lies in. One that reaches over a far edge of the area by more than
 * `overlap` is dropped: with overlap 0, patches of different areas have no pixel in common.
 *
 * @param positions first row and column of each patch: [patches * 2]
 */
export function assignAreas(
  positions: Int32Array,
  { area_size: areaSize, patch_size: patchSize, overlap }: AreaOptions,
): AreaAssignment {
  const patches = positions.length / 2;
  // A division is slow, and the quotient of a row or column is needed for every patch: look it up.
  const [rows, columns] = [cuts(positions, 0), cuts(positions, 1)];
  function cuts(values: Int32Array, axis: 0 | 1): Int32Array {
    let largest = 0;
    for (let index = axis; index < values.length; index += 2) largest = Math.max(largest, values[index] ?? 0);
    return Int32Array.from({ length: largest + 1 }, (_, start) => {
      const area = Math.floor(start / areaSize);
      return start + patchSize > (area + 1) * areaSize + overlap ? -1 : area;
    });
  }
  const width = 1 + columns.reduce((a, b) => Math.max(a, b), 0);
  const height = 1 + rows.reduce((a, b) => Math.max(a, b), 0);
  const numbers = new Int32Array(width * height).fill(-1);
  const areaOf = new Int32Array(patches).fill(-1);
  const areas: number[] = [];
  for (let patch = 0; patch < patches; patch++) {
    const row = rows[positions[2 * patch] ?? 0] ?? -1;
    const column = columns[positions[2 * patch + 1] ?? 0] ?? -1;
    if (row < 0 || column < 0) continue;
    const place = row * width + column;
    let area = numbers[place] ?? -1;
    if (area < 0) {
      area = areas.length / 2;
      numbers[place] = area;
      areas.push(row, column);
    }
    areaOf[patch] = area;
  }
  return { areas: Int32Array.from(areas), areaOf };
}
