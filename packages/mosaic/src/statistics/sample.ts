/** What is computed of a single sample. */

export interface Interval {
  readonly low: number;
  readonly high: number;
}

export const level = 0.95;

export function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/**
 * Standard deviation with n − 1; NaN for a single value. Differences that are only rounding errors are none: five
 * results of 0.1 + 0.2 vary as little as five of 0.3.
 */
export function deviationOf(values: readonly number[]): number {
  const mean = meanOf(values);
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  const deviation = Math.sqrt(squares / (values.length - 1));
  const largest = values.reduce((size, value) => Math.max(size, Math.abs(value)), 0);
  return deviation <= 1e-13 * largest ? 0 : deviation;
}

/**
 * Standard error of the mean of n results of which any two have the correlation ρ: s √(1/n + ρ/(1 − ρ)). For k-fold
 * cross-validation ρ = 1/k, and ρ/(1 − ρ) is the ratio of test to train set; for independent results ρ = 0.
 *
 * Source: Nadeau and Bengio, Inference for the generalization error, Machine Learning 52 (2003).
 */
export function standardErrorOf(values: readonly number[], correlation = 0): number {
  return deviationOf(values) * Math.sqrt(1 / values.length + correlation / (1 - correlation));
}

/** The q-th quantile, linearly interpolated between sorted values. */
export function quantileOf(sorted: ArrayLike<number>, q: number): number {
  const position = q * (sorted.length - 1);
  const below = Math.floor(position);
  const [low = Number.NaN, high = low] = [sorted[below], sorted[below + 1]];
  return low + (position - below) * (high - low);
}
