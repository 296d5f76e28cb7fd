/** What is computed of a single sample. */

export interface Interval {
  readonly low: number;
  readonly high: number;
}

export const level = 0.95;

/** What a verdict may leave at most. */
export const mostDoubt = 0.05;

/** −∞ of nothing. As arguments of `Math.max` more than about 120,000 values do not fit on the stack. */
export function largestOf(values: readonly number[]): number {
  return values.reduce((largest, value) => Math.max(largest, value), -Infinity);
}

/** ∞ of nothing. */
export function smallestOf(values: readonly number[]): number {
  return values.reduce((smallest, value) => Math.min(smallest, value), Infinity);
}

export function meanOf(values: readonly number[]): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  // A sum may be too large where its mean is not.
  return Math.abs(mean) === Infinity ? values.reduce((sum, value) => sum + value / values.length, 0) : mean;
}

/** 0 of nothing. */
export function medianOf(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  return ((sorted[(sorted.length - 1) >> 1] ?? 0) + (sorted[sorted.length >> 1] ?? 0)) / 2;
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

/** The q-th quantile, linearly interpolated between neighbours. Moves the values about, which is faster than sorting. */
export function quantileOf(values: Float64Array, q: number): number {
  const position = q * (values.length - 1);
  const place = Math.floor(position);
  select(values, place);
  const low = values[place] ?? Number.NaN;
  if (place + 1 >= values.length) return low;
  let high = Infinity;
  for (let index = place + 1; index < values.length; index++) high = Math.min(high, values[index] ?? Infinity);
  return low + (position - place) * (high - low);
}

/**
 * Selection: afterwards the value at `place` is the one that sorting would put there, greater ones behind it. Of many values a
 * sample around the place is put in order first, so that the pivot lies close to the one looked for.
 *
 * Source: Floyd and Rivest, Algorithm 489: select, Communications of the ACM 18 (1975).
 */
export function select(values: Float64Array, place: number, start = 0, end = values.length - 1): void {
  while (start < end) {
    if (end - start > 600) {
      const count = end - start + 1;
      const size = 0.5 * Math.exp((2 * Math.log(count)) / 3);
      const share = (place - start + 1) / count;
      const margin = 0.5 * Math.sqrt(Math.log(count) * size * (1 - size / count)) * Math.sign(share - 0.5);
      const first = Math.floor(place - share * size + margin);
      const last = Math.floor(place + (1 - share) * size + margin);
      select(values, place, Math.max(start, first), Math.min(end, last));
    }
    const pivot = values[place] ?? 0;
    let [left, right] = [start, end];
    while (left <= right) {
      while ((values[left] ?? 0) < pivot) left++;
      while ((values[right] ?? 0) > pivot) right--;
      if (left > right) break;
      const moved = values[left] ?? 0;
      values[left++] = values[right] ?? 0;
      values[right--] = moved;
    }
    if (place <= right) end = right;
    else if (place >= left) start = left;
    else return;
  }
}
