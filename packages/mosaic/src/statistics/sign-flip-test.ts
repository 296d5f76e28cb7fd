import { seededBits } from "./random.ts";

/** Up to so many differences all 2^n signs are counted, beyond it some are drawn. */
export const exactUpTo = 30;
const draws = 9999;
const seed = 20_260_102;

/**
 * Exact paired permutation test: the share of the 2^n ways to swap the two models within repetitions whose mean
 * difference is at least as large as the one found, in either direction. Beyond `exactUpTo` pairs 9,999 ways are drawn,
 * and p = (1 + hits) / 10,000.
 *
 * Source: Fisher, The design of experiments (1935), section 21; Phipson and Smyth (2010) for drawn permutations.
 */
export function signFlipTest(differences: readonly number[]): number {
  const total = differences.reduce((sum, difference) => sum + difference, 0);
  const size = differences.reduce((sum, difference) => sum + Math.abs(difference), 0);
  // Sums that differ only by rounding are equal.
  const threshold = Math.abs(total) - 1e-12 * size;
  if (threshold <= 0) return 1;
  return differences.length <= exactUpTo ? exact(differences, threshold) : drawn(differences, threshold);
}

/** The smallest p that n pairs can give: 2 / 2^n. */
export function smallestSignFlipP(n: number): number {
  return Math.max(2 ** (1 - n), n <= exactUpTo ? 0 : 1 / (draws + 1));
}

/** All sums of one half of the differences, each with all signs, meet those of the other half. */
function exact(differences: readonly number[], threshold: number): number {
  const half = differences.length >> 1;
  const left = signedSums(differences.slice(0, half));
  const right = signedSums(differences.slice(half));
  let count = 0;
  let reaching = right.length;
  for (const sum of left) {
    while (reaching > 0 && sum + (right[reaching - 1] ?? 0) >= threshold) reaching--;
    count += right.length - reaching;
  }
  return (2 * count) / 2 ** differences.length;
}

/** Ascending. */
function signedSums(differences: readonly number[]): Float64Array {
  let sums = new Float64Array(1);
  for (const difference of differences) {
    const step = Math.abs(difference);
    const merged = new Float64Array(2 * sums.length);
    for (let at = 0, low = 0, high = 0; at < merged.length; at++) {
      const [lower, upper] = [(sums[low] ?? Infinity) - step, (sums[high] ?? Infinity) + step];
      if (lower <= upper) low++;
      else high++;
      merged[at] = Math.min(lower, upper);
    }
    sums = merged;
  }
  return sums;
}

/** Eight signs at a time: the 256 sums of every eight differences are tabled first. */
function drawn(differences: readonly number[], threshold: number): number {
  const tables: Float64Array[] = [];
  for (let start = 0; start < differences.length; start += 8)
    tables.push(
      Float64Array.from({ length: 256 }, (_, signs) => signedSum(differences.slice(start, start + 8), signs)),
    );
  const bits = seededBits(seed);
  let hits = 0;
  for (let draw = 0; draw < draws; draw++) {
    let sum = 0;
    let word = 0;
    for (const [index, table] of tables.entries()) {
      word = index % 4 === 0 ? bits() : word >>> 8;
      sum += table[word & 255] ?? 0;
    }
    if (Math.abs(sum) >= threshold) hits++;
  }
  return (hits + 1) / (draws + 1);
}

function signedSum(differences: readonly number[], signs: number): number {
  return differences.reduce((sum, difference, bit) => sum + ((signs >> bit) & 1 ? difference : -difference), 0);
}
