/** Where filaments lie, from a seed: any part of a map without end. */
import { sequenceAt } from "./lattice-random.ts";

/** A point on the spine of a filament or of a branch, a pixel from the next. */
export interface SpinePoint {
  readonly x: number;
  readonly y: number;
  /** Deviation of the Gaussian across the filament, in pixels. */
  readonly sigma: number;
  /** Height over the background, in parts of it. */
  readonly contrast: number;
}

/** Filaments begin in square cells of this many pixels. */
const CELL = 66;
/** No filament reaches farther than this from where it begins: its length, a branch, and its width. */
const REACH = 310;
const FILAMENTS_STREAM = 900;

/** How filaments fall off from their spine. Both are as wide at half of their height. */
export const filamentProfiles = ["gaussian", "plummer"] as const;
export type FilamentProfile = (typeof filamentProfiles)[number];

export interface FilamentWindow {
  readonly seed: number;
  /** Gaussian by default; Plummer's has index 3. */
  readonly profile?: FilamentProfile | undefined;
  readonly width: number;
  readonly y0: number;
  readonly y1: number;
}

/** Full width at half maximum over the deviation of a Gaussian. */
export const fwhmOfSigma = 2 * Math.sqrt(2 * Math.log(2));

/** Of a filament at a squared distance from its spine, and up to how many deviations it is drawn. */
const shapes: Readonly<Record<FilamentProfile, { at: (squared: number, sigma: number) => number; reach: number }>> = {
  gaussian: { at: (squared, sigma) => Math.exp(-squared / (2 * sigma * sigma)), reach: 3.5 },
  plummer: { at: (squared, sigma) => 1 / (1 + squared / ((fwhmOfSigma * sigma) / 2) ** 2), reach: 10 },
};

/** Spines of all filaments and branches that may touch the rows from y0 to y1, always in the same order. */
export function* spinesNear({ seed, width, y0, y1 }: FilamentWindow): Generator<readonly SpinePoint[]> {
  for (let row = Math.floor((y0 - REACH) / CELL); row <= Math.floor((y1 + REACH) / CELL); row++) {
    for (let column = Math.floor(-REACH / CELL); column <= Math.floor((width + REACH) / CELL); column++) {
      const random = sequenceAt(seed, FILAMENTS_STREAM, row, column);
      const count = random() < 0.6 ? 1 : 0;
      for (let i = 0; i < count; i++) yield* filament(random, (column + random()) * CELL, (row + random()) * CELL);
    }
  }
}

function between(random: () => number, low: number, high: number): number {
  return low + (high - low) * random();
}

function* filament(random: () => number, x: number, y: number): Generator<readonly SpinePoint[]> {
  const length = Math.round(between(random, 50, 210));
  const shape: SpineShape = {
    x,
    y,
    heading: between(random, 0, 2 * Math.PI),
    length,
    sigma: between(random, 1.2, 2.6),
    contrast: between(random, 0.45, 1.1),
  };
  const spine = drawSpine(random, shape);
  yield spine.points;
  const branches = Math.floor(between(random, 0, 1 + length / 55));
  for (let i = 0; i < branches; i++) {
    const at = Math.floor(between(random, 0.15, 0.85) * length);
    const point = spine.points[at];
    const side = random() < 0.5 ? -1 : 1;
    if (point === undefined) continue;
    yield drawSpine(random, {
      x: point.x,
      y: point.y,
      heading: (spine.headings[at] ?? 0) + side * between(random, 0.6, 1.3),
      length: Math.round(between(random, 14, 60)),
      sigma: shape.sigma * between(random, 0.6, 0.9),
      contrast: shape.contrast * between(random, 0.7, 1),
    }).points;
  }
}

export interface SpineShape {
  readonly x: number;
  readonly y: number;
  readonly heading: number;
  readonly length: number;
  readonly sigma: number;
  readonly contrast: number;
}

/** Walks along a smoothly changing curvature; width and contrast wander, and contrast falls to half at the ends. */
export function drawSpine(random: () => number, shape: SpineShape) {
  const points: SpinePoint[] = [];
  const headings: number[] = [];
  const turns = between(random, 0.02, 0.06);
  const [widthPhase, contrastPhase] = [between(random, 0, 6.283), between(random, 0, 6.283)];
  const [widthPeriod, contrastPeriod] = [between(random, 25, 70), between(random, 20, 60)];
  let { x, y, heading } = shape;
  let curvature = between(random, -turns, turns);
  for (let t = 0; t <= shape.length; t++) {
    const fromEnd = Math.min(t, shape.length - t);
    const taper = 0.5 + 0.5 * Math.min(1, fromEnd / 12);
    points.push({
      x,
      y,
      sigma: shape.sigma * (1 + 0.3 * Math.sin(widthPhase + (2 * Math.PI * t) / widthPeriod)),
      contrast: shape.contrast * taper * (1 + 0.25 * Math.sin(contrastPhase + (2 * Math.PI * t) / contrastPeriod)),
    });
    headings.push(heading);
    curvature = 0.95 * curvature + turns * 0.5 * between(random, -1, 1);
    heading += curvature;
    x += Math.cos(heading);
    y += Math.sin(heading);
  }
  return { points, headings };
}

/** How many pixels from its spine a filament is drawn. */
export function reachOf(profile: FilamentProfile, sigma: number): number {
  return shapes[profile].reach * sigma;
}

/** Height of one filament over the background, in parts of it: [rows, width]. */
export function heightsOf(points: readonly SpinePoint[], window: Omit<FilamentWindow, "seed">): Float32Array {
  const heights = new Float32Array((window.y1 - window.y0) * window.width);
  drawOne(points, window, heights, new Float32Array(heights.length));
  return heights;
}

export interface FilamentRows {
  /** Height of all filaments over the background, in parts of it: [rows, width]. */
  readonly contrast: Float32Array;
  /** How near the closest spine is: 1 on it, 0.5 at half of its height. */
  readonly nearness: Float32Array;
}

/** Draws the rows from y0 to y1. */
export function drawFilaments(window: FilamentWindow): FilamentRows {
  const { width, y0, y1 } = window;
  const contrast = new Float32Array((y1 - y0) * width);
  const nearness = new Float32Array((y1 - y0) * width);
  const one = new Float32Array((y1 - y0) * width);
  for (const points of spinesNear(window)) {
    const touched = drawOne(points, window, one, nearness);
    if (touched === undefined) continue;
    // Along one spine the highest counts, where two cross their sum.
    for (let y = touched.top; y < touched.bottom; y++) {
      for (let i = y * width + touched.left; i < y * width + touched.right; i++) {
        contrast[i] = (contrast[i] ?? 0) + (one[i] ?? 0);
        one[i] = 0;
      }
    }
  }
  return { contrast, nearness };
}

/** Rows counted from y0. */
interface Touched {
  readonly top: number;
  readonly bottom: number;
  readonly left: number;
  readonly right: number;
}

function drawOne(
  points: readonly SpinePoint[],
  { width, y0, y1, profile: form = "gaussian" }: Omit<FilamentWindow, "seed">,
  height: Float32Array,
  nearness: Float32Array,
): Touched | undefined {
  const shape = shapes[form];
  let [top, bottom, left, right] = [y1 - y0, 0, width, 0];
  for (const { x, y, sigma, contrast } of points) {
    const radius = shape.reach * sigma;
    const [firstRow, lastRow] = [Math.max(y0, Math.ceil(y - radius)), Math.min(y1 - 1, Math.floor(y + radius))];
    const [first, last] = [Math.max(0, Math.ceil(x - radius)), Math.min(width - 1, Math.floor(x + radius))];
    if (firstRow > lastRow || first > last) continue;
    top = Math.min(top, firstRow - y0);
    bottom = Math.max(bottom, lastRow - y0 + 1);
    left = Math.min(left, first);
    right = Math.max(right, last + 1);
    for (let row = firstRow; row <= lastRow; row++) {
      for (let column = first; column <= last; column++) {
        const profile = shape.at((column - x) ** 2 + (row - y) ** 2, sigma);
        const i = (row - y0) * width + column;
        if (contrast * profile > (height[i] ?? 0)) height[i] = contrast * profile;
        if (profile > (nearness[i] ?? 0)) nearness[i] = profile;
      }
    }
  }
  return bottom > top ? { top, bottom, left, right } : undefined;
}
