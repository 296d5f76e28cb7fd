/** The rules by which patches are made: which are kept, and what is in them. */
import type { PixelBlock } from "../maps/maps.ts";
import type { PatchBuffers } from "./patch-source.ts";

/** What is done to the positive pixels of a patch; `log` takes log10 of them, then scales as `minmax`. */
export const NORMALIZATIONS = ["minmax", "log", "none"] as const;
export type Normalization = (typeof NORMALIZATIONS)[number];

/** Whose smallest and largest positive pixel are brought to 0 and 1: of each patch, of its map, or of all maps. */
export const NORMALIZED_OVER = ["patch", "map", "all"] as const;
export type NormalizedOver = (typeof NORMALIZED_OVER)[number];

export interface PatchRules {
  readonly patchSize: number;
  readonly stride: number;
  readonly normalization: Normalization;
  /** `patch` by default. */
  readonly normalizationOver?: NormalizedOver | undefined;
}

/** Smallest and largest positive value. */
export type PositiveRange = readonly [low: number, high: number];

/** @returns undefined where the value is no such range */
export function readRange(value: unknown): PositiveRange | undefined {
  const [low, high]: readonly unknown[] = Array.isArray(value) ? value : [];
  return typeof low === "number" && typeof high === "number" ? [low, high] : undefined;
}

/** By which the patches of one map are cut. */
export interface CutRules extends Pick<PatchRules, "patchSize" | "normalization"> {
  /** What becomes 0 and 1; without it, the range of each patch. */
  readonly range?: PositiveRange | undefined;
}

/**
 * Cuts a patch out of a block that holds it, and normalises its image, and each channel by itself, as `cutImage` does.
 *
 * @param row @param column of the patch's first pixel in the block
 * @param at number of the patch in `into`
 */
export function cutPatch(
  { width, image, others, target, labelled }: PixelBlock,
  row: number,
  column: number,
  rules: CutRules,
  into: PatchBuffers,
  at: number,
): void {
  const { patchSize } = rules;
  const start = at * patchSize * patchSize;
  for (let y = 0; y < patchSize; y++) {
    const from = (row + y) * width + column;
    const to = start + y * patchSize;
    for (let x = 0; x < patchSize; x++) {
      into.spines[to + x] = target[from + x] ?? 0;
      into.labelled[to + x] = labelled[from + x] ?? 0;
    }
  }
  for (const [channel, pixels] of [image, ...others].entries()) {
    const to = (at * (1 + others.length) + channel) * patchSize * patchSize;
    cutImage(pixels, width, row * width + column, rules, into.patches, to);
  }
}

/**
 * Cuts a patch out of an image and normalises it: positive pixels are brought to 0..1 by the smallest and the largest of
 * them in the patch, or by a range that is given (`minmax`, and `log` after log10; where all are equal they become 0);
 * all others stay as they are.
 *
 * @param image rows of `width` finite pixels
 * @param first index of the patch's first pixel in the image
 * @param patches where it goes, from `start` on
 */
export function cutImage(
  image: Float64Array,
  width: number,
  first: number,
  { patchSize, normalization, range: given }: CutRules,
  patches: Float32Array,
  start: number,
): void {
  if (normalization === "none") {
    scalePatch(image, first, width, patchSize, keep, 0, 1, patches, start);
    return;
  }
  const curve = normalization === "log" ? Math.log10 : keep;
  const [low, high] = given ?? rangeOfPatch(image, first, width, patchSize);
  const base = curve(low);
  const range = curve(high) - base;
  scalePatch(image, first, width, patchSize, curve, base, range > 0 ? range : 1, patches, start);
}

function rangeOfPatch(image: Float64Array, first: number, width: number, patchSize: number): PositiveRange {
  let low = Number.POSITIVE_INFINITY;
  let high = 0;
  for (let y = 0; y < patchSize; y++) {
    for (let i = first + y * width, end = i + patchSize; i < end; i++) {
      const value = image[i] ?? 0;
      if (value > 0 && value < low) low = value;
      if (value > high) high = value;
    }
  }
  return [low, high];
}

function keep(value: number): number {
  return value;
}

/** (curve(v) - base) / range for positive pixels; in float64, rounded once. */
function scalePatch(
  image: Float64Array,
  first: number,
  width: number,
  patchSize: number,
  curve: (value: number) => number,
  base: number,
  range: number,
  patches: Float32Array,
  start: number,
): void {
  for (let y = 0; y < patchSize; y++) {
    const from = first + y * width;
    const to = start + y * patchSize;
    for (let x = 0; x < patchSize; x++) {
      const value = image[from + x] ?? 0;
      patches[to + x] = value > 0 ? (curve(value) - base) / range : value;
    }
  }
}

/** What is known of a position, as bits. */
export const HAS_SIGNAL = 1;
export const HAS_LABELS = 2;
/** Some pixel of the target is not 0. */
export const HAS_TARGET = 4;
/** The target has more than one value. */
export const HAS_MIXED_TARGET = 8;

const KEPT = HAS_SIGNAL | HAS_LABELS;

/** A patch is kept if some pixel of the image is > 0 and some pixel is labelled. */
export function isKept(flags: number): boolean {
  return (flags & KEPT) === KEPT;
}
