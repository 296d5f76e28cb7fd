import { halfWidthOf } from "./cuts.ts";
import { flag, type MaskPlane, placeOf } from "./mask-plane.ts";
import { halfGaussian } from "./polyline.ts";
import type { Point } from "./skeleton-graph.ts";
import type { Spine } from "./spine.ts";

/** Deviation in pixels along the spine of what smooths its way to the middle: edges of masks have steps as skeletons have. */
const smoothing = 3;
const step = 0.25;

/**
 * A spine in the middle of its mask. Thinning takes whole pixels off, from one side before the other, and where a line ends it
 * leaves the middle: skeletons are off it by parts of a pixel. Where the mask does not end near the spine another joins it, and
 * nothing is known of its middle; there the spine goes as its neighbours do.
 */
export function centred(spine: Spine, plane: MaskPlane): readonly Point[] {
  const { points, tangents, isClosed } = spine;
  const most = 3 * halfWidthOf(spine, plane) + 2;
  const aside = points.map((point, i) => {
    const { x, y } = tangents[i] ?? { x: 1, y: 0 };
    const left = edgeFrom(point, { x: -y, y: x }, plane, most);
    const right = edgeFrom(point, { x: y, y: -x }, plane, most);
    return left === undefined || right === undefined ? Number.NaN : (left - right) / 2;
  });
  const smooth = meansOfKnown(aside, isClosed);
  return points.map(({ x, y }, i) => {
    const tangent = tangents[i] ?? { x: 1, y: 0 };
    const shift = smooth[i] ?? 0;
    return {
      x: Math.max(0, Math.min(plane.width - 1, x - shift * tangent.y)),
      y: Math.max(0, Math.min(plane.height - 1, y + shift * tangent.x)),
    };
  });
}

/** How far the mask reaches, between pixels by its share; undefined outside it, and where it does not end within `most`. */
function edgeFrom({ x, y }: Point, towards: Point, plane: MaskPlane, most: number): number | undefined {
  let before = maskAt(plane, x, y);
  if (before < 0.5) return undefined;
  for (let distance = step; distance <= most; distance += step) {
    const share = maskAt(plane, x + distance * towards.x, y + distance * towards.y);
    if (share < 0.5) return distance - (step * (0.5 - share)) / (before - share);
    before = share;
  }
  return undefined;
}

/** Bilinear between pixels: 1 on the mask, 0 off it and outside the map. */
function maskAt(plane: MaskPlane, x: number, y: number): number {
  const [left, below] = [Math.floor(x), Math.floor(y)];
  if (left < -1 || below < -1 || left >= plane.width || below >= plane.height) return 0;
  const [u, v] = [x - left, y - below];
  const place = placeOf(plane, left, below);
  const at = (index: number) => (plane.flags[index] ?? 0) & flag.mask;
  const low = (1 - u) * at(place) + u * at(place + 1);
  const high = (1 - u) * at(place + plane.stride) + u * at(place + plane.stride + 1);
  return (1 - v) * low + v * high;
}

/** Of neighbours under a Gaussian those that are known; 0 where none is. */
function meansOfKnown(values: readonly number[], isClosed: boolean): readonly number[] {
  const weights = halfGaussian(smoothing);
  const reach = weights.length - 1;
  const around = values.length - 1;
  return values.map((_, index) => {
    let [sum, total] = [0, 0];
    for (let offset = -reach; offset <= reach; offset++) {
      const other = isClosed ? (((index + offset) % around) + around) % around : index + offset;
      const value = values[other] ?? Number.NaN;
      if (Number.isNaN(value)) continue;
      const weight = weights[Math.abs(offset)] ?? 0;
      sum += weight * value;
      total += weight;
    }
    return total === 0 ? 0 : sum / total;
  });
}
