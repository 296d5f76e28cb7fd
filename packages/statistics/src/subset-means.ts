/**
 * The interval that belongs to the sign-flip test: all centres that it does not reject. The test of the centre μ against
 * larger ones counts the flips of signs of d − μ whose sum is at least the one found, that is, the subsets of the differences
 * whose mean is at most μ: so the ends are quantiles of the means of all subsets.
 *
 * Source: Hartigan, Using subsample values as typical values, Journal of the American Statistical Association 64 (1969).
 */
import { signDraws, signedCounts, signedSums } from "./resampling.ts";
import { type Interval, level, quantileOf } from "./sample.ts";

/** Up to so many differences all subsets are taken, beyond it the 9,999 of the drawn signs. */
const mostEnumerated = 12;

export function subsetMeanInterval(a: readonly number[], b: readonly number[], confidence = level): Interval {
  const n = a.length;
  const tail = (1 - confidence) / 2;
  const means = n <= mostEnumerated ? allMeans(a, b) : drawnMeans(a, b);
  // The subset without members counts as one more on either side.
  const place = Math.floor(tail * (means.length + 1)) - 1;
  if (place < 0) return { low: -Infinity, high: Infinity };
  return {
    low: quantileOf(means, place / (means.length - 1)),
    high: quantileOf(means, 1 - place / (means.length - 1)),
  };
}

function allMeans(a: readonly number[], b: readonly number[]): Float64Array {
  const count = 2 ** a.length;
  const sums = new Float64Array(count);
  const means = new Float64Array(count - 1);
  const sizes = new Uint8Array(count);
  for (const [index, value] of a.entries()) {
    const difference = value - (b[index] ?? Number.NaN);
    for (let start = 2 ** index, subset = start; subset < 2 * start; subset++) {
      sums[subset] = (sums[subset - start] ?? 0) + difference;
      sizes[subset] = (sizes[subset - start] ?? 0) + 1;
      means[subset - 1] = (sums[subset] ?? 0) / (sizes[subset] ?? 1);
    }
  }
  return means;
}

function drawnMeans(a: readonly number[], b: readonly number[]): Float64Array {
  const n = a.length;
  const [sums, others, counts] = [signedSums(a), signedSums(b), signedCounts(n)];
  const total = a.reduce((sum, value, index) => sum + value - (b[index] ?? Number.NaN), 0);
  const means = new Float64Array(signDraws);
  for (let draw = 0; draw < signDraws; draw++) {
    const flipped = n - (counts[draw] ?? 0);
    // Nothing flipped happens once in 2ⁿ draws; the whole sample is as good a subset.
    means[draw] = flipped === 0 ? total / n : (total - ((sums[draw] ?? 0) - (others[draw] ?? 0))) / flipped;
  }
  return means;
}
