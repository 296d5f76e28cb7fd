// Two models on one data set: everything that is said about them before they are one pair among others.
import { correlatedT, type Posterior } from "./correlated-t.ts";
import { effectSize } from "./effect-size.ts";
import { differenceInterval, type MeanInterval } from "./mean-interval.ts";
import { deviationOf, meanOf } from "./sample.ts";
import { signFlipTest, smallestSignFlipP } from "./sign-flip-test.ts";
import { type WinProbability, winProbability } from "./win-probability.ts";

export type Direction = "lower" | "higher";

/** Results of A and of B on the same repetitions, in the same order. */
export interface PairedResults {
  readonly a: readonly number[];
  readonly b: readonly number[];
}

export interface PairSettings {
  /** Which results are better. */
  readonly direction: Direction;
  /** Half width of the region of practical equivalence, from the means of both. */
  readonly rope: (meanA: number, meanB: number) => number;
  /** Between results: 1/k for k-fold cross-validation, 0 otherwise. */
  readonly correlation: number;
  /** The criterion is a fixed number of each model, as its size: nothing is left to chance. */
  readonly isFixed: boolean;
  /** The permutation test is exact for so many results; 30 if left out. */
  readonly exactUpTo?: number;
}

export interface PairStatistics {
  /** Repetitions that both have. */
  readonly n: number;
  /** Mean of A − B; NaN where n = 0. */
  readonly difference: number;
  readonly interval: MeanInterval | undefined;
  readonly rope: number;
  readonly win: WinProbability | undefined;
  /** Of the advantage: positive where A is better. undefined below three results and where nothing varies. */
  readonly effectSize: number | undefined;
  /** undefined for cross-validation, whose folds cannot be swapped freely, and below two results. */
  readonly permutationP: number | undefined;
  readonly smallestPermutationP: number | undefined;
  /** Probabilities that A is better than B, practically the same, worse. undefined below two results. */
  readonly chances: Chances | undefined;
  /** By how much A was better, one for each repetition. */
  readonly advantages: readonly number[];
}

export interface Chances {
  readonly better: number;
  readonly equivalent: number;
  readonly worse: number;
  /** "signs" where all differences are the same, so that a t-test would be certain after two of them. */
  readonly basis: "t" | "signs" | "fixed";
}

export function comparePair({ a, b }: PairedResults, settings: PairSettings): PairStatistics {
  const { direction, correlation, isFixed, exactUpTo } = settings;
  const differences = a.map((value, index) => value - (b[index] ?? Number.NaN));
  const advantages = direction === "higher" ? differences : differences.map((difference) => -difference);
  const n = differences.length;
  const rope = n === 0 ? Number.NaN : settings.rope(meanOf(a), meanOf(b));
  const isTestable = n >= 2 && correlation === 0;
  const permutationP = isTestable && !isFixed ? signFlipTest(a, b, exactUpTo) : undefined;
  return {
    n,
    difference: meanOf(differences),
    interval: differenceInterval(a, b, correlation),
    rope,
    win: n === 0 ? undefined : winProbability(advantages, correlation),
    effectSize: effectSize(advantages),
    permutationP,
    smallestPermutationP: permutationP === undefined ? undefined : smallestSignFlipP(n, exactUpTo),
    chances: n >= 2 || (n === 1 && isFixed) ? chancesOf(advantages, rope, settings) : undefined,
    advantages,
  };
}

/**
 * @param advantages at least two, or one of a fixed criterion
 */
export function chancesOf(
  advantages: readonly number[],
  rope: number,
  { correlation, isFixed }: Pick<PairSettings, "correlation" | "isFixed">,
): Chances {
  const mean = meanOf(advantages);
  if (isFixed && (advantages.length === 1 || deviationOf(advantages) === 0))
    return { ...named(correlatedT([mean, mean], rope)), basis: "fixed" };
  const isConstant = deviationOf(advantages) === 0 && mean !== 0;
  if (!isConstant) return { ...named(correlatedT(advantages, rope, correlation)), basis: "t" };
  const doubt = smallestSignFlipP(advantages.length) / 2;
  if (Math.abs(mean) <= rope) return { better: doubt / 2, equivalent: 1 - doubt, worse: doubt / 2, basis: "signs" };
  const [better, worse] = mean > 0 ? [1 - doubt, doubt] : [doubt, 1 - doubt];
  return { better, equivalent: 0, worse, basis: "signs" };
}

function named({ below, within, above }: Posterior): Omit<Chances, "basis"> {
  return { better: above, equivalent: within, worse: below };
}
