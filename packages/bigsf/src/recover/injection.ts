/** Filaments that are put into a map: their shapes, from a seed, and what they add to it. */
import type { PixelBox } from "../maps/region.ts";
import {
  drawSpine,
  type FilamentProfile,
  fwhmOfSigma,
  heightsOf,
  reachOf,
  type SpinePoint,
} from "../sample/filaments.ts";
import { sequenceAt } from "../sample/lattice-random.ts";
import { describeSpine } from "../sample/sample-truth.ts";
import type { MapRows } from "../segmentation/segment-rows.ts";
import { grown, type Piece } from "./overlay.ts";

type Bounds = readonly [low: number, high: number];

export interface ShapeOptions {
  readonly seed: number;
  /** Bounds of the mean contrast, whose logarithm is uniform between them. */
  readonly contrast: Bounds;
  /** Of the full width at half maximum in pixels, as seen in the map; its logarithm is uniform. */
  readonly width: Bounds;
  /** Pixels along the spine; uniform. */
  readonly length: Bounds;
}

/** Where it begins is up to whom puts it somewhere. */
export interface Shape {
  /** From 1. */
  readonly id: number;
  readonly points: readonly SpinePoint[];
  readonly length: number;
  /** Full width at half maximum, mean along the spine. */
  readonly width: number;
  /** Height over the background, in parts of it: mean along the spine. */
  readonly contrast: number;
}

const streams = { shapes: 2000, places: 2001 } as const;

/** As those of `bigsf sample`: winding, with a width and a contrast that wander, fainter at its ends. */
export function drawShape({ seed, contrast, width, length }: ShapeOptions, id: number): Shape {
  const random = sequenceAt(seed, streams.shapes, 0, id);
  const [mean, fwhm, pixels] = [logUniform(random, contrast), logUniform(random, width), uniform(random, length)];
  const heading = 2 * Math.PI * random();
  const drawn = drawSpine(random, { x: 0, y: 0, heading, length: Math.round(pixels), sigma: 1, contrast: 1 }).points;
  const meanOf = (of: (point: SpinePoint) => number) => drawn.reduce((sum, point) => sum + of(point), 0) / drawn.length;
  const [sigmas, contrasts] = [meanOf(({ sigma }) => sigma), meanOf((point) => point.contrast)];
  const points = drawn.map((point) => ({
    ...point,
    sigma: ((point.sigma / sigmas) * fwhm) / fwhmOfSigma,
    contrast: (point.contrast / contrasts) * mean,
  }));
  const { length: along, width: across, contrast: high } = describeSpine(points);
  return { id, points, length: along, width: across, contrast: high };
}

/** Random numbers for the places of one shape. */
export function placesFor(seed: number, id: number): () => number {
  return sequenceAt(seed, streams.places, 0, id);
}

export function movedTo(points: readonly SpinePoint[], x: number, y: number): readonly SpinePoint[] {
  return points.map((point) => ({ ...point, x: point.x + x, y: point.y + y }));
}

/** Pixels that it changes. */
export function touchedBox(points: readonly SpinePoint[], profile: FilamentProfile, shape: MapRows["shape"]): PixelBox {
  let [y0, y1, x0, x1] = [Number.POSITIVE_INFINITY, 0, Number.POSITIVE_INFINITY, 0];
  for (const { x, y, sigma } of points) {
    const reach = reachOf(profile, sigma);
    [y0, x0] = [Math.min(y0, y - reach), Math.min(x0, x - reach)];
    [y1, x1] = [Math.max(y1, y + reach), Math.max(x1, x + reach)];
  }
  return grown({ y0: Math.floor(y0), y1: Math.ceil(y1) + 1, x0: Math.floor(x0), x1: Math.ceil(x1) + 1 }, 0, shape);
}

export interface Drawn {
  /** What is added to the map. */
  readonly added: Piece;
  /** Mean of the background along the spine. */
  readonly background: number;
  /** Deviation of single pixels of the map from its background, there. */
  readonly scatter: number;
}

/**
 * Contrast times the background at each pixel, which is the map under a Gaussian as wide as the filament: without the map's noise,
 * with all of its structure that is larger.
 */
export async function drawInto(
  map: MapRows,
  { points, width }: Pick<Shape, "points" | "width">,
  profile: FilamentProfile,
): Promise<Drawn> {
  const box = touchedBox(points, profile, map.shape);
  const sigma = Math.max(2, width / 2);
  const around = grown(box, Math.ceil(3 * sigma), map.shape);
  const across = around.x1 - around.x0;
  const values = await map.section(around.y0, around.y1, around.x0, around.x1);
  const smooth = smoothed(values, across, sigma);
  const [rows, columns] = [box.y1 - box.y0, box.x1 - box.x0];
  const heights = heightsOf(movedTo(points, -box.x0, -box.y0), { width: columns, y0: 0, y1: rows, profile });
  const at = (x: number, y: number) => (y - around.y0) * across + x - around.x0;
  const added = heights.map((height, i) => {
    const background = smooth[at(box.x0 + (i % columns), box.y0 + Math.floor(i / columns))] ?? Number.NaN;
    return height === 0 || !(background > 0) ? 0 : height * background;
  });
  const apart: number[] = [];
  for (const [i, value] of values.entries()) {
    const difference = Math.abs(value - (smooth[i] ?? Number.NaN));
    if (Number.isFinite(difference)) apart.push(difference);
  }
  apart.sort((a, b) => a - b);
  const below = points
    .map(({ x, y }) => smooth[at(Math.round(x), Math.round(y))] ?? Number.NaN)
    .filter(Number.isFinite);
  return {
    added: { box, values: added },
    background: below.reduce((sum, value) => sum + value, 0) / below.length,
    // The median of what is apart, as the deviation of a Gaussian.
    scatter: 1.4826 * (apart[apart.length >> 1] ?? Number.NaN),
  };
}

/** The mean under a Gaussian; pixels without data do not count. */
function smoothed(values: Float64Array, width: number, sigma: number): Float64Array {
  const height = values.length / width;
  const reach = Math.ceil(3 * sigma);
  const weights = Array.from({ length: reach + 1 }, (_, i) => Math.exp(-(i * i) / (2 * sigma * sigma)));
  const pass = (from: Float64Array, count: number, step: number, length: number, stride: number) => {
    const to = new Float64Array(from.length);
    for (let line = 0; line < count; line++)
      for (let i = 0; i < length; i++) {
        let sum = 0;
        for (let j = Math.max(0, i - reach); j <= Math.min(length - 1, i + reach); j++)
          sum += (weights[Math.abs(j - i)] ?? 0) * (from[line * stride + j * step] ?? 0);
        to[line * stride + i * step] = sum;
      }
    return to;
  };
  const both = (from: Float64Array) => pass(pass(from, height, 1, width, width), width, width, height, 1);
  const isKnown = values.map((value) => (Number.isFinite(value) ? 1 : 0));
  const [sums, counts] = [both(values.map((value) => (Number.isFinite(value) ? value : 0))), both(isKnown)];
  return sums.map((sum, i) => sum / (counts[i] ?? 0));
}

function uniform(random: () => number, [low, high]: Bounds): number {
  return low + (high - low) * random();
}

function logUniform(random: () => number, [low, high]: Bounds): number {
  return low * (high / low) ** random();
}
