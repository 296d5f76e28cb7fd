import type { FilamentLine } from "./assemble.ts";
import { centred } from "./centred.ts";
import type { MaskPlane } from "./mask-plane.ts";
import { polylineLength, resampled, smoothed, tangentsOf } from "./polyline.ts";
import type { Point } from "./skeleton-graph.ts";

/** The line of a filament without the steps of the pixels that it went through. */
export interface Spine {
  /** One about every pixel, all as far from each other. */
  readonly points: readonly Point[];
  /** Unit vectors along it. */
  readonly tangents: readonly Point[];
  /** In pixels. */
  readonly length: number;
  readonly isClosed: boolean;
}

/** Deviation in pixels of what smooths the steps: they are one pixel high and up to a few long. */
const smoothing = 3;
/** Curvature is that of so many pixels: of fewer it would be what is left of the steps. */
const curvatureBaseline = 12;

/** Of a line from pixel to pixel. */
export function spineOf({ points, isClosed }: Pick<FilamentLine, "points" | "isClosed">, plane: MaskPlane): Spine {
  const smooth = spineThrough(smoothed(resampled(points, 1), smoothing, isClosed), isClosed);
  return spineThrough(centred(smooth, plane), isClosed);
}

export function spineThrough(given: readonly Point[], isClosed: boolean): Spine {
  const points = resampled(given, 1);
  return { points, tangents: tangentsOf(points, isClosed), length: polylineLength(points), isClosed };
}

/** Mean of the absolute curvature along a spine, in radians a pixel; 1 / R on a circle. */
export function curvatureOf({ points, tangents, length }: Spine): number {
  const step = length / Math.max(1, points.length - 1);
  const apart = Math.min(Math.round(curvatureBaseline / step), Math.floor((points.length - 1) / 2));
  if (apart < 1) return 0;
  let [sum, count] = [0, 0];
  for (let i = apart; i < tangents.length; i++) {
    const [a, b] = [tangents[i - apart], tangents[i]];
    if (a === undefined || b === undefined) continue;
    sum += Math.abs(Math.atan2(a.x * b.y - a.y * b.x, a.x * b.x + a.y * b.y));
    count++;
  }
  return count === 0 ? 0 : sum / count / (apart * step);
}
