import { flag, type MaskPlane, neighboursOf } from "./mask-plane.ts";
import { PlaceList } from "./place-list.ts";

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
 * of the ACM 32, 359 (1989), two halves of a step in turn. Pixels of the skeleton get its flag. Looked at are only pixels beside
 * which something has gone since they were last looked at, so that the inside of a wide mask costs nothing.
 *
 * @param places of the pixels of the mask in rising order
 * @returns those of the skeleton, in rising order
 */
export function thin(plane: MaskPlane, places: Int32Array, signal?: AbortSignal): Int32Array {
  const { flags } = plane;
  const neighbours = neighboursOf(plane);
  for (const place of places) flags[place] = (flags[place] ?? 0) | flag.skeleton;
  const [n0 = 0, n1 = 0, n2 = 0, n3 = 0, n4 = 0, n5 = 0, n6 = 0, n7 = 0] = neighbours;
  const at = (place: number) => ((flags[place] ?? 0) & flag.skeleton) >> 1;
  const around = (place: number) =>
    at(place + n0) |
    (at(place + n1) << 1) |
    (at(place + n2) << 2) |
    (at(place + n3) << 3) |
    (at(place + n4) << 4) |
    (at(place + n5) << 5) |
    (at(place + n6) << 6) |
    (at(place + n7) << 7);
  const edge = places.filter((place) => around(place) !== 255);
  /** Beside what has gone in the last half and in the one before; for the first two it is the edge. */
  let touched: readonly [Iterable<number>, Iterable<number>] = [edge, []];
  for (let half = 0; ; half++) {
    signal?.throwIfAborted();
    const table = removable[half % 2 === 0 ? 0 : 1];
    const looked = new PlaceList();
    for (const list of touched)
      for (const place of list) {
        const flagged = flags[place] ?? 0;
        if ((flagged & (flag.skeleton | flag.seen)) !== flag.skeleton) continue;
        flags[place] = flagged | flag.seen;
        looked.push(place);
      }
    const gone = new PlaceList();
    for (const place of looked) {
      flags[place] = (flags[place] ?? 0) & ~flag.seen;
      if (table[around(place)] === 1) gone.push(place);
    }
    for (const place of gone) flags[place] = (flags[place] ?? 0) & ~flag.skeleton;
    const beside = new PlaceList();
    for (const place of gone)
      for (const step of neighbours) if (((flags[place + step] ?? 0) & flag.skeleton) !== 0) beside.push(place + step);
    touched = [beside, touched[0]];
    if (looked.length === 0) break;
  }
  return places.filter((place) => ((flags[place] ?? 0) & flag.skeleton) !== 0);
}
