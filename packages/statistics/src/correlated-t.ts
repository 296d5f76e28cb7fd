import { tCdf } from "./distributions.ts";
import { meanOf, standardErrorOf } from "./sample.ts";

/** Where the true mean lies: under, inside or over the region of practical equivalence. They sum to 1. */
export interface Posterior {
  readonly below: number;
  readonly within: number;
  readonly above: number;
}

/**
 * Bayesian correlated t-test. The true mean difference μ has a Student distribution with n − 1 degrees of freedom
 * around d̄ with the scale s √(1/n + ρ/(1 − ρ)); asked is how much of it lies under −rope, inside, and over rope. With
 * ρ = 0 it is the t-test read the other way round: where rope = 0, 1 − above is its one-sided p.
 *
 * @param differences at least two
 * @param rope half width of the region of practical equivalence
 *
 * Source: Benavoli, Corani, Demšar and Zaffalon, Time for a change: a tutorial for comparing multiple classifiers
 * through Bayesian analysis, Journal of Machine Learning Research 18 (2017), section 4.1.
 */
export function correlatedT(differences: readonly number[], rope: number, correlation = 0): Posterior {
  const mean = meanOf(differences);
  const scale = standardErrorOf(differences, correlation);
  if (scale === 0) {
    const side = mean > rope ? "above" : mean < -rope ? "below" : "within";
    return { below: 0, within: 0, above: 0, [side]: 1 };
  }
  const freedom = differences.length - 1;
  const below = tCdf((-rope - mean) / scale, freedom);
  // Not 1 − cdf, which would lose small probabilities, and the symmetry.
  const above = tCdf((mean - rope) / scale, freedom);
  return { below, within: Math.max(0, 1 - below - above), above };
}
