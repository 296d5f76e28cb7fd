import type { FoldOptions } from "./fold-options.ts";

export interface AreaAssignment {
  /** Row and column of each area in the grid of areas, in order of first appearance among the patches: [areas * 2]. */
  readonly areas: Int32Array<ArrayBuffer>;
  /** The map of each area: [areas]. */
  readonly mapOfArea: Int32Array<ArrayBuffer>;
  /** The area of each patch, -1 for one that is dropped: [patches]. */
  readonly areaOf: Int32Array<ArrayBuffer>;
}

type AreaOptions = Pick<FoldOptions, "by" | "area_size" | "patch_size" | "overlap">;

/**
 * Puts each patch into the area that its first pixel lies in. One that reaches over a far edge of the area by more than
 * `overlap` is dropped: with overlap 0, patches of different areas have no pixel in common. No area has patches of two
 * maps; `by: map` makes one of each map, and drops nothing.
 *
 * @param positions first row and column of each patch in its map: [patches * 2]
 * @param mapStarts first patch of each map
 */
export function assignAreas(
  positions: Int32Array,
  { by, area_size: areaSize, patch_size: patchSize, overlap }: AreaOptions,
  mapStarts: readonly number[] = [0],
): AreaAssignment {
  const patches = positions.length / 2;
  if (by === "map") return assignMaps(patches, mapStarts);
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
  const mapOfArea: number[] = [];
  let map = -1;
  for (let patch = 0; patch < patches; patch++) {
    while (patch === mapStarts[map + 1]) {
      map += 1;
      numbers.fill(-1);
    }
    const row = rows[positions[2 * patch] ?? 0] ?? -1;
    const column = columns[positions[2 * patch + 1] ?? 0] ?? -1;
    if (row < 0 || column < 0) continue;
    const place = row * width + column;
    let area = numbers[place] ?? -1;
    if (area < 0) {
      area = areas.length / 2;
      numbers[place] = area;
      areas.push(row, column);
      mapOfArea.push(map);
    }
    areaOf[patch] = area;
  }
  return { areas: Int32Array.from(areas), mapOfArea: Int32Array.from(mapOfArea), areaOf };
}

function assignMaps(patches: number, mapStarts: readonly number[]): AreaAssignment {
  const areaOf = new Int32Array(patches);
  for (const [map, start] of mapStarts.entries()) areaOf.fill(map, start);
  return { areas: new Int32Array(2 * mapStarts.length), mapOfArea: Int32Array.from(mapStarts.keys()), areaOf };
}
