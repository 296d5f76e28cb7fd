/** The rules by which patches are made: which are kept, and what is in them. */
import type { PixelBlock } from "../maps/maps.ts";
import type { PatchBuffers } from "./patch-source.ts";

/** What is done to the positive pixels of a patch; `log` takes log10 of them, then scales as `minmax`. */
export const NORMALIZATIONS = ["minmax", "log", "none"] as const;
export type Normalization = (typeof NORMALIZATIONS)[number];

export interface PatchRules {
  readonly patchSize: number;
  readonly stride: number;
  readonly normalization: Normalization;
}

/**
 * Cuts a patch out of a block that holds it, and normalises its image as `cutImage` does.
 *
 * @param row @param column of the patch's first pixel in the block
 * @param at number of the patch in `into`
 */
export function cutPatch(
  { width, image, target, labelled }: PixelBlock,
  row: number,
  column: number,
  rules: PatchRules,
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
  cutImage(image, width, row * width + column, rules, into.patches, start);
}

/**
 * Cuts a patch out of an image and normalises it: positive pixels are brought to 0..1 by the smallest and the largest of
 * them in the patch (`minmax`, and `log` after log10; where all are equal they become 0); all others stay as they are.
 *
 * @param image rows of `width` finite pixels
 * @param first index of the patch's first pixel in the image
 * @param patches where it goes, from `start` on
 */
export function cutImage(
  image: Float64Array,
  width: number,
  first: number,
  { patchSize, normalization }: Pick<PatchRules, "patchSize" | "normalization">,
  patches: Float32Array,
  start: number,
): void {
  if (normalization === "none") {
    scalePatch(image, first, width, patchSize, keep, 0, 1, patches, start);
    return;
  }
  const curve = normalization === "log" ? Math.log10 : keep;
  let low = Number.POSITIVE_INFINITY;
  let high = 0;
  for (let y = 0; y < patchSize; y++) {
    for (let i = first + y * width, end = i + patchSize; i < end; i++) {
      const value = image[i] ?? 0;
      if (value > 0 && value < low) low = value;
      if (value > high) high = value;
    }
  }
  const base = curve(low);
  const range = curve(high) - base;
  scalePatch(image, first, width, patchSize, curve, base, range > 0 ? range : 1, patches, start);
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
