/** Labelled pixels, counted by area and by what a model says of them: all that calibration has to know of a map. */
import { logistic, logit } from "./calibrator.ts";

/**
 * Probabilities are counted by their logit, in steps of 1/32 from -16 to 16: what float32 tells near 1. Within a step
 * a probability changes by at most 0.8 %.
 */
const stepsPerUnit = 32;
const farthest = 16;
const binCount = 2 * farthest * stepsPerUnit;

/** Its pixels in one bin all count as having this probability. */
export const binProbabilities: Float64Array = Float64Array.from({ length: binCount }, (_, bin) =>
  logistic((bin + 0.5) / stepsPerUnit - farthest),
);

export function binOf(probability: number): number {
  return Math.max(0, Math.min(binCount - 1, Math.floor((logit(probability) + farthest) * stepsPerUnit)));
}

/** By bin. */
export interface PixelCounts {
  /** Pixels on a filament. */
  readonly hits: Uint32Array;
  /** Labelled pixels on none. */
  readonly misses: Uint32Array;
}

export interface AreaCounts extends PixelCounts {
  /** Tells the area from all others, those of other maps included. */
  readonly area: string;
  /** Whose model speaks; counted from 0. */
  readonly split: number;
}

export function emptyCounts(): PixelCounts {
  return { hits: new Uint32Array(binCount), misses: new Uint32Array(binCount) };
}

/** All of them together. */
export function summed(counts: readonly PixelCounts[]): PixelCounts {
  const sum = emptyCounts();
  for (const { hits, misses } of counts) {
    for (let bin = 0; bin < binCount; bin++) {
      sum.hits[bin] = (sum.hits[bin] ?? 0) + (hits[bin] ?? 0);
      sum.misses[bin] = (sum.misses[bin] ?? 0) + (misses[bin] ?? 0);
    }
  }
  return sum;
}

export function pixelsIn({ hits, misses }: PixelCounts): number {
  return hits.reduce((sum, count) => sum + count, 0) + misses.reduce((sum, count) => sum + count, 0);
}
