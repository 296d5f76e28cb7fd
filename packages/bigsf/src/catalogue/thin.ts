import { flag, type MaskPlane, neighboursOf } from "./mask-plane.ts";

/** Whether the pixels around one, bit i for the neighbour i of `neighboursOf`, let it go in the first or second half of a step. */
const removable: readonly [Uint8Array, Uint8Array] = [
  Uint8Array.from({ length: 256 }, (_, around) => Number(isRemovable(around, false))),
  Uint8Array.from({ length: 256 }, (_, around) => Number(isRemovable(around, true))),
];

/** Conditions of Guo and Hall, in their numbering x1 … x8. */
function isRemovable(around: number, isSecond: boolean): boolean {
  const x = (index: number) => ((around >> ((index - 1) % 8)) & 1) === 1;
  let crossings = 0;
  let [pairsFromFirst, pairsFromSecond] = [0, 0];
  for (const k of [1, 2, 3, 4]) {
    if (!x(2 * k - 1) && (x(2 * k) || x(2 * k + 1))) crossings++;
    if (x(2 * k - 1) || x(2 * k)) pairsFromFirst++;
    if (x(2 * k) || x(2 * k + 1)) pairsFromSecond++;
  }
  const pairs = Math.min(pairsFromFirst, pairsFromSecond);
  if (crossings !== 1 || pairs < 2 || pairs > 3) return false;
  return isSecond ? !((x(6) || x(7) || !x(4)) && x(5)) : !((x(2) || x(3) || !x(8)) && x(1));
}

/**
 * Thins the mask to lines of one pixel, which hang together as the mask does and have its holes: Guo and Hall, Communications
 * of the ACM 32, 359 (1989), two halves of a step in turn. Pixels of the skeleton get its flag.
 *
 * @param places of the pixels of the mask in rising order
 * @returns those of the skeleton, in rising order
 */
export function thin(plane: MaskPlane, places: Int32Array, signal?: AbortSignal): Int32Array {
  const { flags } = plane;
  const [n0 = 0, n1 = 0, n2 = 0, n3 = 0, n4 = 0, n5 = 0, n6 = 0, n7 = 0] = neighboursOf(plane);
  const at = (place: number) => ((flags[place] ?? 0) & flag.skeleton) >> 1;
  for (const place of places) flags[place] = (flags[place] ?? 0) | flag.skeleton;
  let left = places.slice();
  for (;;) {
    signal?.throwIfAborted();
    const before = left.length;
    for (const table of removable) {
      for (const place of left) {
        const around =
          at(place + n0) |
          (at(place + n1) << 1) |
          (at(place + n2) << 2) |
          (at(place + n3) << 3) |
          (at(place + n4) << 4) |
          (at(place + n5) << 5) |
          (at(place + n6) << 6) |
          (at(place + n7) << 7);
        if (table[around] === 1) flags[place] = (flags[place] ?? 0) | flag.marked;
      }
      let kept = 0;
      for (const place of left) {
        const flagged = flags[place] ?? 0;
        if ((flagged & flag.marked) === 0) left[kept++] = place;
        else flags[place] = flagged & ~(flag.marked | flag.skeleton);
      }
      left = left.subarray(0, kept);
    }
    if (left.length === before) return left.slice();
  }
}
