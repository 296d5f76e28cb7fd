/** Which tiles a region touches, and how their pixels get into it. */
import type { StoredArray } from "../image/pixel-types.ts";
import type { Range } from "../image/region.ts";

export interface Tile {
  /** Number of the tile, and of its row in the table: the fastest axis counts first. */
  readonly row: number;
  /** First pixel of the tile in the image, the slowest axis first. */
  readonly start: readonly number[];
  /** Shape, smaller at the far edges. */
  readonly size: readonly number[];
}

/** The tiles that a region which is not empty touches. */
export function* tilesOf(
  ranges: readonly Range[],
  shape: readonly number[],
  tileShape: readonly number[],
): Generator<Tile> {
  const first = ranges.map(([start], i) => Math.floor(start / (tileShape[i] ?? 1)));
  const last = ranges.map(([, stop], i) => Math.floor((stop - 1) / (tileShape[i] ?? 1)));
  const counts = shape.map((length, i) => Math.ceil(length / (tileShape[i] ?? 1)));
  const at = [...first];
  for (;;) {
    const start = at.map((n, i) => n * (tileShape[i] ?? 1));
    yield {
      row: at.reduce((row, n, i) => row * (counts[i] ?? 1) + n, 0),
      start,
      size: start.map((from, i) => Math.min(tileShape[i] ?? 1, (shape[i] ?? 0) - from)),
    };
    let axis = at.length - 1;
    while (axis >= 0 && at[axis] === last[axis]) {
      at[axis] = first[axis] ?? 0;
      axis -= 1;
    }
    if (axis < 0) return;
    at[axis] = (at[axis] ?? 0) + 1;
  }
}

/** Copies what a tile and a region have in common. @param pixels of the region, of the same type as the tile's values */
export function copyTile(
  values: StoredArray,
  { start, size }: Tile,
  pixels: StoredArray,
  ranges: readonly Range[],
): void {
  const from = ranges.map(([low], i) => Math.max(low, start[i] ?? 0));
  const to = ranges.map(([, high], i) => Math.min(high, (start[i] ?? 0) + (size[i] ?? 0)));
  const axes = ranges.length;
  const length = (to[axes - 1] ?? 0) - (from[axes - 1] ?? 0);
  const at = [...from];
  for (;;) {
    let source = 0;
    let target = 0;
    for (let i = 0; i < axes; i++) {
      const [low, high] = ranges[i] ?? [0, 0];
      source = source * (size[i] ?? 1) + (at[i] ?? 0) - (start[i] ?? 0);
      target = target * (high - low) + (at[i] ?? 0) - low;
    }
    setValues(pixels, values.subarray(source, source + length), target);
    let axis = axes - 2;
    while (axis >= 0 && (at[axis] ?? 0) + 1 === to[axis]) {
      at[axis] = from[axis] ?? 0;
      axis -= 1;
    }
    if (axis < 0) return;
    at[axis] = (at[axis] ?? 0) + 1;
  }
}

function setValues(target: StoredArray, values: StoredArray, at: number): void {
  if (target instanceof BigInt64Array) {
    if (values instanceof BigInt64Array) target.set(values, at);
  } else if (!(values instanceof BigInt64Array)) target.set(values, at);
}
