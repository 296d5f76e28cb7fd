import { signDraws, signedCounts, signedSums } from "./resampling.ts";

/** Up to so many differences all 2^n signs are counted, beyond it some are drawn; fewer among many pairs, for time. */
export function exactUpTo(pairCount: number): number {
  return pairCount > 500 ? 20 : mostExact;
}

const mostExact = 30;

/**
 * Exact paired permutation test of one side: the share of the 2^n ways to swap A and B within repetitions whose mean
 * difference is at least the one found; with `sign` −1, at most. Beyond `exactUpTo` pairs of results 9,999 ways are drawn,
 * and p = (1 + hits) / 10,000.
 *
 * @param shift the centre of the differences that is tested
 *
 * Source: Fisher, The design of experiments (1935), section 21; Phipson and Smyth (2010) for drawn permutations.
 */
export function signFlipTail(
  a: readonly number[],
  b: readonly number[],
  shift: number,
  sign: 1 | -1,
  upTo = mostExact,
): number {
  const differences = a.map((value, index) => sign * (value - (b[index] ?? Number.NaN) - shift));
  const total = differences.reduce((sum, difference) => sum + difference, 0);
  const size = [...a, ...b].reduce((sum, value) => sum + Math.abs(value), Math.abs(shift) * a.length);
  // Sums that differ only by rounding are equal.
  const threshold = total - 1e-14 * size;
  return differences.length <= upTo ? exact(differences, threshold) : drawn(a, b, shift, sign, threshold);
}

/** Both sides, of the centre 0. */
export function signFlipTest(a: readonly number[], b: readonly number[], upTo = mostExact): number {
  return Math.min(1, 2 * Math.min(signFlipTail(a, b, 0, 1, upTo), signFlipTail(a, b, 0, -1, upTo)));
}

/** The smallest p that n pairs can give: 2 / 2^n, or one of 10,000 where ways are drawn. */
export function smallestSignFlipP(n: number, upTo = mostExact): number {
  return Math.max(2 ** (1 - n), n <= upTo ? 0 : 1 / (signDraws + 1));
}

/** All sums of one half of the differences, each with all signs, meet those of the other half. */
function exact(differences: readonly number[], threshold: number): number {
  const half = differences.length >> 1;
  const left = halfSums(differences.slice(0, half));
  const right = halfSums(differences.slice(half));
  let count = 0;
  let reaching = right.length;
  for (const sum of left) {
    while (reaching > 0 && sum + (right[reaching - 1] ?? 0) >= threshold) reaching--;
    count += right.length - reaching;
  }
  return count / 2 ** differences.length;
}

/** Ascending. */
function halfSums(differences: readonly number[]): Float64Array {
  let sums = new Float64Array(1);
  for (const difference of differences) {
    const step = Math.abs(difference);
    const merged = new Float64Array(2 * sums.length);
    // The sums less the step, and the sums plus the step, are each ascending already.
    for (let at = 0, low = 0, high = 0; at < merged.length; at++) {
      const lower = low < sums.length ? (sums[low] ?? 0) - step : Infinity;
      const upper = (sums[high] ?? 0) + step;
      if (lower <= upper) {
        merged[at] = lower;
        low++;
      } else {
        merged[at] = upper;
        high++;
      }
    }
    sums = merged;
  }
  return sums;
}

function drawn(a: readonly number[], b: readonly number[], shift: number, sign: 1 | -1, threshold: number): number {
  const [sums, others, counts] = [signedSums(a), signedSums(b), signedCounts(a.length)];
  let hits = 0;
  for (let draw = 0; draw < signDraws; draw++)
    if (sign * ((sums[draw] ?? 0) - (others[draw] ?? 0) - shift * (counts[draw] ?? 0)) >= threshold) hits++;
  return (hits + 1) / (signDraws + 1);
}
