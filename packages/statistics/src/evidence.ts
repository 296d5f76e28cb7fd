/** What results say about the centre of their differences, each by one method that gives verdict and interval alike. */
import { correlatedT } from "./correlated-t.ts";
import { tCdf, tQuantile } from "./distributions.ts";
import { tInterval } from "./mean-interval.ts";
import { deviationOf, type Interval, level, meanOf, medianOf, mostDoubt } from "./sample.ts";
import { signFlipTail, smallestSignFlipP } from "./sign-flip-test.ts";
import { anytimeP, confidenceSequence } from "./sign-prediction.ts";
import { subsetMeanInterval } from "./subset-means.ts";

/**
 * `sign-flip`: a number of repetitions that was fixed before the first had ended. `sign-prediction`: any number, looked at as
 * often as one likes. `correlated-t`: folds. `welch`: no repetition in common. `fixed`: nothing is left to chance.
 */
export type Method = "sign-flip" | "sign-prediction" | "correlated-t" | "welch" | "fixed";

export interface Evidence {
  readonly method: Method;
  /** Two-sided p-value of "the centre of the differences lies in the region of practical equivalence", which may be 0 alone. */
  readonly p: number;
  /** The smallest p that so many results can give, whatever they are. */
  readonly smallestP: number;
  /** p-value of "the centre lies outside the region of practical equivalence". */
  readonly equivalenceP: number;
  /** Of the centre, 95 %. Ends are infinite where so few results rule out nothing. */
  readonly interval: Interval;
}

const zeros = new Map<number, readonly number[]>();

/** A list of its own for each length, so that what is drawn of it is drawn once. */
function zerosOf(n: number): readonly number[] {
  const known = zeros.get(n) ?? new Array<number>(n).fill(0);
  zeros.set(n, known);
  return known;
}

/** The end of the region of practical equivalence that is nearest to where the differences lie; undefined inside of it. */
function edgeFor(centre: number, rope: number): number | undefined {
  return Math.abs(centre) <= rope ? undefined : Math.sign(centre) * rope;
}

/** Results of A and of B on the same repetitions. */
export function signFlipEvidence(
  a: readonly number[],
  b: readonly number[],
  rope: number,
  exactUpTo?: number,
): Evidence {
  const n = a.length;
  const centre = meanOf(a.map((value, index) => value - (b[index] ?? Number.NaN)));
  const edge = edgeFor(centre, rope);
  const tail = (shift: number, sign: 1 | -1) => signFlipTail(a, b, shift, sign, exactUpTo);
  const p = edge === undefined ? 1 : Math.min(1, 2 * tail(edge, centre > 0 ? 1 : -1));
  return {
    method: "sign-flip",
    p,
    smallestP: smallestSignFlipP(n, exactUpTo),
    equivalenceP: edge === undefined ? Math.max(tail(rope, -1), tail(-rope, 1)) : 1,
    interval: agreeing(subsetMeanInterval(a, b), p, edge),
  };
}

/** Where subsets are drawn and p is exact, the one's rounding must not contradict the other. */
function agreeing({ low, high }: Interval, p: number, edge: number | undefined): Interval {
  if (edge === undefined) return { low, high };
  if (p > mostDoubt) return { low: Math.min(low, edge), high: Math.max(high, edge) };
  if (low < edge && high > edge) return edge - low < high - edge ? { low: edge, high } : { low, high: edge };
  return { low, high };
}

/** @param differences in the order of their repetitions' numbers */
export function anytimeEvidence(differences: readonly number[], rope: number): Evidence {
  const centre = medianOf(differences);
  const edge = edgeFor(centre, rope);
  const pAt = (shift: number) => anytimeP(differences.map((difference) => difference - shift));
  return {
    method: "sign-prediction",
    p: edge === undefined && rope > 0 ? 1 : pAt(edge ?? 0),
    smallestP: Math.min(1, 2 ** (1 - differences.length)),
    // Half of the doubt: an equal share of the bets is on either side.
    equivalenceP: edge === undefined && rope > 0 ? Math.max(pAt(rope), pAt(-rope)) / 2 : 1,
    interval: confidenceSequence(differences),
  };
}

/** Folds share most of what they train on: results of any two have the correlation ρ. */
export function foldsEvidence(differences: readonly number[], rope: number, correlation: number): Evidence {
  const n = differences.length;
  if (deviationOf(differences) === 0) return signFlipEvidence(differences, zerosOf(n), rope);
  const outside = correlatedT(differences, rope, correlation);
  return {
    method: "correlated-t",
    p: Math.min(1, 2 * (1 - Math.max(outside.below, outside.above))),
    smallestP: 0,
    equivalenceP: Math.max(outside.below, outside.above),
    interval: tInterval(differences, correlation),
  };
}

/**
 * Welch's t-test of two samples that share no repetition.
 *
 * Source: Welch, The generalization of Student's problem when several different population variances are involved,
 * Biometrika 34 (1947).
 */
export function welchEvidence(a: readonly number[], b: readonly number[], rope: number): Evidence {
  const [ofA, ofB] = [deviationOf(a) ** 2 / a.length, deviationOf(b) ** 2 / b.length];
  const error = Math.sqrt(ofA + ofB);
  const difference = meanOf(a) - meanOf(b);
  const freedom = (ofA + ofB) ** 2 / (ofA ** 2 / (a.length - 1) + ofB ** 2 / (b.length - 1));
  // Where neither varies, only the number of results counts: as many orders as there are ways to mix them.
  if (error === 0) {
    const smallest = Math.min(1, 2 / choose(a.length + b.length, a.length));
    const isOutside = Math.abs(difference) > rope;
    return {
      method: "welch",
      p: difference === 0 ? 1 : smallest,
      smallestP: smallest,
      equivalenceP: isOutside ? 1 : smallest,
      interval: difference === 0 ? { low: 0, high: 0 } : { low: -Infinity, high: Infinity },
    };
  }
  const tail = (shift: number, sign: 1 | -1) => tCdf((-sign * (difference - shift)) / error, freedom);
  const half = tQuantile((1 + level) / 2, freedom) * error;
  return {
    method: "welch",
    p: Math.min(1, 2 * Math.min(tail(rope, 1), tail(-rope, -1))),
    smallestP: 0,
    equivalenceP: Math.max(tail(rope, -1), tail(-rope, 1)),
    interval: { low: difference - half, high: difference + half },
  };
}

/** The criterion is a number of each model, as its size. */
export function fixedEvidence(difference: number, rope: number): Evidence {
  const isEquivalent = Math.abs(difference) <= rope;
  return {
    method: "fixed",
    p: isEquivalent ? 1 : 0,
    smallestP: 0,
    equivalenceP: isEquivalent ? 0 : 1,
    interval: { low: difference, high: difference },
  };
}

function choose(n: number, k: number): number {
  let ways = 1;
  for (let step = 1; step <= k; step++) ways *= (n - k + step) / step;
  return ways;
}
