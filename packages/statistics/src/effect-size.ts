import { deviationOf, meanOf } from "./sample.ts";

/**
 * Hedges' g of paired differences: their mean in standard deviations, J · d̄ / s with J = 1 − 3 / (4(n − 1) − 1), which
 * takes out the bias of few results. Cohen's words: 0.2 small, 0.5 medium, 0.8 large. undefined below three results and
 * where nothing varies.
 *
 * Source: Hedges, Distribution theory for Glass's estimator of effect size, Journal of Educational Statistics 6 (1981).
 */
export function effectSize(differences: readonly number[]): number | undefined {
  const deviation = deviationOf(differences);
  if (differences.length < 3 || deviation === 0) return undefined;
  return (unbiasing(differences.length) * meanOf(differences)) / deviation;
}

/** J, by which the effect of n results is too large. 0 for two. */
export function unbiasing(n: number): number {
  return 1 - 3 / (4 * (n - 1) - 1);
}
