import { betaQuantile } from "./distributions.ts";
import { type Interval, level } from "./sample.ts";

export interface WinProbability extends Interval {
  readonly probability: number;
  readonly wins: number;
  readonly ties: number;
}

/**
 * Probability that A beats B on the same repetition: the share of repetitions in which it did, ties counted half, with
 * the exact interval of Clopper and Pearson. The bootstrap that both papers use says "1 to 1" after four wins of four.
 *
 * With a correlation ρ between results (folds) n counts only as 1 / (1/n + ρ/(1 − ρ)) results.
 *
 * @param advantages by how much A was better, one for each repetition
 *
 * Source: Bouthillier et al., Accounting for variance in machine learning benchmarks (2021), P(A > B); Agarwal et al.,
 * Deep reinforcement learning at the edge of the statistical precipice (2021), probability of improvement; Clopper and
 * Pearson, Biometrika 26 (1934).
 */
export function winProbability(advantages: readonly number[], correlation = 0): WinProbability {
  const wins = advantages.filter((advantage) => advantage > 0).length;
  const ties = advantages.filter((advantage) => advantage === 0).length;
  const probability = (wins + ties / 2) / advantages.length;
  const n = 1 / (1 / advantages.length + correlation / (1 - correlation));
  return { probability, ...shareInterval(probability * n, n), wins, ties };
}

/** The exact 95 % interval of a share of which `count` of `n` were seen (Clopper and Pearson). */
export function shareInterval(count: number, n: number): Interval {
  const tail = (1 - level) / 2;
  return {
    low: count === 0 ? 0 : betaQuantile(tail, count, n - count + 1),
    high: count === n ? 1 : betaQuantile(1 - tail, count + 1, n - count),
  };
}
