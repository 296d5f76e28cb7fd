/** Boxes of pixels, and where their rows lie among the pixels of the image. */
import { FitsError, type Place } from "../fits-error.ts";

/** First pixel and the one after the last, from 0. */
export type Range = readonly [start: number, stop: number];

/** @throws FitsError `REGION_INVALID` unless there is one range per axis, whole and inside the image */
export function checkRegion(ranges: readonly Range[], shape: readonly number[], place: Place | undefined): void {
  const inside = ranges.every(([start, stop], axis) => {
    const length = shape[axis] ?? -1;
    return Number.isInteger(start) && Number.isInteger(stop) && 0 <= start && start <= stop && stop <= length;
  });
  if (inside && ranges.length === shape.length) return;
  throw new FitsError({
    code: "REGION_INVALID",
    place,
    problem: `the region ${JSON.stringify(ranges)} does not lie in the image of shape ${JSON.stringify(shape)}`,
    remedy: "Give [start, stop] for each axis, the slowest first, with 0 <= start <= stop <= its length",
  });
}

export function regionShape(ranges: readonly Range[]): readonly number[] {
  return ranges.map(([start, stop]) => stop - start);
}

export function countOf(shape: readonly number[]): number {
  return shape.length === 0 ? 0 : shape.reduce((product, length) => product * length, 1);
}

export interface Runs {
  /** Pixels that lie one after the other, both in the image and in the region. */
  readonly length: number;
  /** Where each run starts in the image, in pixels, in the region's order. */
  readonly starts: () => Generator<number>;
}

/** Cuts a region into the longest runs: whole rows, planes… join where the region is as wide as the image. */
export function runsOf(ranges: readonly Range[], shape: readonly number[]): Runs {
  const sizes = regionShape(ranges);
  let axis = shape.length - 1;
  let length = sizes[axis] ?? 0;
  while (axis > 0 && sizes[axis] === shape[axis]) {
    axis -= 1;
    length *= sizes[axis] ?? 1;
  }
  const strides = shape.map((_, i) => shape.slice(i + 1).reduce((product, n) => product * n, 1));
  const base = ranges.reduce((sum, [start], i) => sum + start * (strides[i] ?? 0), 0);
  const outer = sizes.slice(0, Math.max(axis, 0));
  return {
    length,
    *starts() {
      if (countOf(sizes) === 0) return;
      const position = outer.map(() => 0);
      let start = base;
      for (;;) {
        yield start;
        let i = outer.length - 1;
        for (; i >= 0; i--) {
          const next = (position[i] ?? 0) + 1;
          start += strides[i] ?? 0;
          if (next < (outer[i] ?? 0)) {
            position[i] = next;
            break;
          }
          start -= next * (strides[i] ?? 0);
          position[i] = 0;
        }
        if (i < 0) return;
      }
    },
  };
}
