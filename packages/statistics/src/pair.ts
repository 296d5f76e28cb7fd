/** Two models on one data set: everything that is said about them before they are one pair among others. */
import { effectSize } from "./effect-size.ts";
import {
  anytimeEvidence,
  type Evidence,
  fixedEvidence,
  foldsEvidence,
  signFlipEvidence,
  welchEvidence,
} from "./evidence.ts";
import { deviationOf, largestOf, meanOf } from "./sample.ts";
import { type WinProbability, winProbability } from "./win-probability.ts";

export type Direction = "lower" | "higher";

/**
 * Results of A and of B on the same repetitions, in the order of the repetitions' numbers. What is not finite is a training
 * that failed.
 */
export interface PairedResults {
  readonly a: readonly number[];
  readonly b: readonly number[];
  /** All results of both, for models that share fewer than two repetitions. */
  readonly alone?: { readonly a: readonly number[]; readonly b: readonly number[] };
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
  /** The number of repetitions was fixed before the first of them had ended, and all have. */
  readonly isPlanned: boolean;
  /** The permutation test is exact for so many results; 30 if left out. */
  readonly exactUpTo?: number;
}

/** Repetitions in which A failed, in which B did, and in which both did, of those that both have ended. */
export interface Failures {
  readonly a: number;
  readonly b: number;
  readonly both: number;
  readonly of: number;
}

export interface PairStatistics {
  /** Repetitions in which both have a result. */
  readonly n: number;
  readonly failures: Failures;
  /** Mean of A − B; NaN where n = 0. */
  readonly difference: number;
  readonly rope: number;
  readonly win: WinProbability | undefined;
  /** Of the advantage: positive where A is better. undefined below three results and where nothing varies. */
  readonly effectSize: number | undefined;
  /** Of trainings that gave a result in both; its interval is of A − B. undefined where nothing can be said. */
  readonly evidence: Evidence | undefined;
  /** The same with a failure as worse than every result; undefined where nothing failed. */
  readonly withFailures: (Evidence & { readonly advantage: number }) | undefined;
  /** By how much A was better, one for each repetition in which both have a result. */
  readonly advantages: readonly number[];
}

export function comparePair({ a, b, alone }: PairedResults, settings: PairSettings): PairStatistics {
  const sign = settings.direction === "higher" ? 1 : -1;
  const both = a.map((value, index) => Number.isFinite(value) && Number.isFinite(b[index]));
  // Lists without failures stay themselves, because what is drawn of a list is kept with it.
  const chosen = (values: readonly number[]) =>
    both.includes(false) ? values.filter((_, index) => both[index] === true) : values;
  const [ofA, ofB] = [chosen(a), chosen(b)];
  const differences = differencesOf(ofA, ofB);
  const n = differences.length;
  const unpaired = n < 2 && !settings.isFixed ? alone : undefined;
  const [meanA, meanB] = [meanOf(unpaired?.a ?? ofA), meanOf(unpaired?.b ?? ofB)];
  const rope = Number.isNaN(meanA - meanB) ? Number.NaN : settings.rope(meanA, meanB);
  const advantages = differences.map((difference) => sign * difference);
  return {
    n,
    failures: failuresOf(a, b),
    difference: unpaired === undefined ? meanOf(differences) : meanA - meanB,
    rope,
    win: n === 0 ? undefined : winProbability(advantages, settings.correlation),
    effectSize: effectSize(advantages),
    evidence:
      unpaired === undefined
        ? pairedEvidence({ a: ofA, b: ofB }, differences, rope, settings)
        : unpairedEvidence(unpaired, rope, settings),
    withFailures: both.includes(false) ? worstRank(a, b, sign, settings) : undefined,
    advantages,
  };
}

/** A difference that is only the rounding of equal results is none. */
function differencesOf(a: readonly number[], b: readonly number[]): readonly number[] {
  return a.map((value, index) => {
    const other = b[index] ?? Number.NaN;
    const difference = value - other;
    return Math.abs(difference) <= 1e-13 * Math.max(Math.abs(value), Math.abs(other)) ? 0 : difference;
  });
}

function failuresOf(a: readonly number[], b: readonly number[]): Failures {
  const failed = (values: readonly number[], index: number) => !Number.isFinite(values[index]);
  const repetitions = a.map((_, index) => index);
  return {
    a: repetitions.filter((index) => failed(a, index)).length,
    b: repetitions.filter((index) => failed(b, index)).length,
    both: repetitions.filter((index) => failed(a, index) && failed(b, index)).length,
    of: a.length,
  };
}

type Sample = Pick<PairedResults, "a" | "b">;

function pairedEvidence(
  { a, b }: Sample,
  differences: readonly number[],
  rope: number,
  { correlation, isFixed, isPlanned, exactUpTo }: PairSettings,
): Evidence | undefined {
  if (isFixed && differences.length > 0 && (differences.length === 1 || deviationOf(differences) === 0))
    return fixedEvidence(meanOf(differences), rope);
  if (differences.length < 2) return undefined;
  if (correlation > 0) return foldsEvidence(differences, rope, correlation);
  return isPlanned ? signFlipEvidence(a, b, rope, exactUpTo) : anytimeEvidence(differences, rope);
}

/** Without a repetition in common: two samples, or, where they grow while they are looked at, pairs in their order. */
function unpairedEvidence({ a, b }: Sample, rope: number, { isPlanned }: PairSettings): Evidence | undefined {
  if (Math.min(a.length, b.length) < 2) return undefined;
  if (isPlanned) return welchEvidence(a, b, rope);
  const n = Math.min(a.length, b.length);
  return anytimeEvidence(differencesOf(a.slice(0, n), b.slice(0, n)), rope);
}

/**
 * A training that failed is worse than any that did not; two that failed are equal. Its size counts as the largest difference
 * found: enough to say how much hangs on failures, and no more.
 *
 * Source: Lachin, Worst-rank score analysis with informatively missing observations in clinical trials, Controlled Clinical
 * Trials 20 (1999).
 */
function worstRank(
  a: readonly number[],
  b: readonly number[],
  sign: 1 | -1,
  settings: PairSettings,
): PairStatistics["withFailures"] {
  const known = a.flatMap((value, index) => {
    const difference = Math.abs(value - (b[index] ?? Number.NaN));
    return Number.isFinite(difference) ? [difference] : [];
  });
  const largest = Math.max(largestOf(known), 0) || 1;
  const advantages = a.map((value, index) => {
    const [isResult, isOther] = [Number.isFinite(value), Number.isFinite(b[index])];
    if (isResult && isOther) return differencesOf([value], [b[index] ?? Number.NaN]).map((each) => sign * each)[0] ?? 0;
    return isResult === isOther ? 0 : isResult ? largest : -largest;
  });
  const none = advantages.map(() => 0);
  const evidence = pairedEvidence({ a: advantages, b: none }, advantages, 0, { ...settings, isFixed: false });
  return evidence === undefined ? undefined : { ...evidence, advantage: meanOf(advantages) };
}
