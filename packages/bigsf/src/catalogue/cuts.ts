import type { MapSamples } from "./map-samples.ts";
import { distanceToEdge, flag, type MaskPlane, placeOf } from "./mask-plane.ts";
import type { Spine } from "./spine.ts";

/** Values of a map on lines across a spine, one at each of its points. */
export interface Cuts {
  /** In pixels from the spine, to its left positive; the same for all cuts. */
  readonly offsets: Float64Array;
  readonly count: number;
  /** [cuts, offsets]; NaN where there are no data, and where another filament lies or begins. */
  readonly values: Float64Array;
  /** Of the mask. */
  readonly halfWidth: number;
}

const step = 0.5;
/** Cuts over which a crest is looked for. */
const crestCuts = 4;

/**
 * Cuts the map across a spine, each cut centred on the crest near the spine: skeletons of masks are off it by parts of a pixel,
 * and their mean profile would be too wide.
 *
 * @param halfWidth of the mask, in pixels @param reach in pixels to each side; from the width of the mask where it is not given
 */
export async function cutAcross(
  spine: Spine,
  plane: MaskPlane,
  map: MapSamples,
  { halfWidth, reach }: { readonly halfWidth: number; readonly reach: number | undefined },
): Promise<Cuts> {
  const most = reach ?? Math.min(60, Math.max(10, 5 * halfWidth));
  const perSide = Math.ceil(most / step);
  const offsets = Float64Array.from({ length: 2 * perSide + 1 }, (_, i) => (i - perSide) * step);
  const first = await sampleCuts(spine, plane, map, offsets, undefined, halfWidth);
  const crest = crestOffsets(first, offsets, spine.points.length, halfWidth);
  const values = await sampleCuts(spine, plane, map, offsets, crest, halfWidth);
  return { offsets, count: spine.points.length, values, halfWidth };
}

/** Of the mask at the spine, in pixels: the median. */
export function halfWidthOf({ points }: Spine, plane: MaskPlane): number {
  const widths = points
    .map(({ x, y }) => placeOf(plane, Math.round(x), Math.round(y)))
    .filter((place) => ((plane.flags[place] ?? 0) & flag.mask) !== 0)
    .map((place) => distanceToEdge(plane, place) - 0.5)
    .sort((a, b) => a - b);
  return widths[widths.length >> 1] ?? 1;
}

async function sampleCuts(
  { points, tangents }: Spine,
  plane: MaskPlane,
  map: MapSamples,
  offsets: Float64Array,
  crest: Float64Array | undefined,
  halfWidth: number,
): Promise<Float64Array> {
  const count = offsets.length;
  const [xs, ys] = [new Float64Array(points.length * count), new Float64Array(points.length * count)];
  for (const [cut, { x, y }] of points.entries()) {
    const tangent = tangents[cut] ?? { x: 1, y: 0 };
    const shift = crest?.[cut] ?? 0;
    for (const [i, offset] of offsets.entries()) {
      xs[cut * count + i] = x - (offset + shift) * tangent.y;
      ys[cut * count + i] = y + (offset + shift) * tangent.x;
    }
  }
  const values = await map.at(xs, ys);
  const isMask = (at: number) => {
    const [x, y] = [Math.round(xs[at] ?? 0), Math.round(ys[at] ?? 0)];
    if (!(x >= 0 && y >= 0 && x < plane.width && y < plane.height)) return false;
    return ((plane.flags[placeOf(plane, x, y)] ?? 0) & flag.mask) !== 0;
  };
  const middle = (count - 1) / 2;
  for (let cut = 0; cut < points.length; cut++)
    for (const direction of [-1, 1]) {
      const at = (i: number) => cut * count + middle + direction * i;
      // Out of its own mask, and no farther than to the next; a mask that does not end is that of one that joins.
      let i = 1;
      while (i <= middle && isMask(at(i))) i++;
      const joined = i * step > 3 * halfWidth + 2;
      while (!joined && i <= middle && !isMask(at(i))) i++;
      for (let beyond = joined ? 0 : i; beyond <= middle; beyond++) values[at(beyond)] = Number.NaN;
    }
  return values;
}

/** How far from the spine the centroid of what stands out lies, smoothed along it. */
function crestOffsets(values: Float64Array, offsets: Float64Array, cuts: number, halfWidth: number): Float64Array {
  const count = offsets.length;
  const within = Math.max(2, 1.5 * halfWidth);
  const raw = new Float64Array(cuts);
  for (let cut = 0; cut < cuts; cut++) {
    const from = Math.max(0, cut - crestCuts);
    const to = Math.min(cuts - 1, cut + crestCuts);
    const near: { offset: number; mean: number }[] = [];
    for (const [i, offset] of offsets.entries()) {
      if (Math.abs(offset) > within) continue;
      let [sum, finite] = [0, 0];
      for (let other = from; other <= to; other++) {
        const value = values[other * count + i] ?? Number.NaN;
        if (Number.isNaN(value)) continue;
        sum += value;
        finite++;
      }
      if (finite > 0) near.push({ offset, mean: sum / finite });
    }
    const floor = Math.min(...near.map(({ mean }) => mean));
    let [moment, weight] = [0, 0];
    for (const { offset, mean } of near) {
      // Squared, so that what is at its feet weighs little.
      const share = (mean - floor) ** 2;
      moment += share * offset;
      weight += share;
    }
    raw[cut] = weight > 0 ? Math.max(-halfWidth, Math.min(halfWidth, moment / weight)) : 0;
  }
  return raw.map((_, cut) => {
    const around = raw.subarray(Math.max(0, cut - crestCuts), cut + crestCuts + 1);
    return around.reduce((sum, each) => sum + each, 0) / around.length;
  });
}
