/** Which colour a value gets: limits at percentiles, and the asinh curve that shows faint and bright at once. */

export interface Stretch {
  readonly low: number;
  readonly high: number;
  /** 0 at `low`, 1 at `high`, cut off beyond. */
  (value: number): number;
}

/** Where asinh turns from linear to logarithmic, as a share of the range (Lupton et al. 1999; astropy's default). */
const SOFTENING = 0.1;

/** A straight line, for values whose range says something, such as probabilities. */
export function linearStretch(low: number, high: number): Stretch {
  const stretch = (value: number) => Math.min(1, Math.max(0, (value - low) / (high - low)));
  return Object.assign(stretch, { low, high });
}

/** @param percentile share of the values that is cut off at each end */
export function asinhStretch(values: ArrayLike<number>, percentile = 0.005): Stretch {
  const finite = new Float64Array(values.length);
  let count = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i] ?? Number.NaN;
    if (Number.isFinite(value)) finite[count++] = value;
  }
  const sorted = finite.subarray(0, count).sort();
  const at = (share: number) => sorted[Math.round(share * (sorted.length - 1))] ?? 0;
  const low = at(percentile);
  const high = at(1 - percentile);
  const range = high > low ? high - low : 1;
  const top = Math.asinh(1 / SOFTENING);
  const stretch = (value: number) => Math.asinh(Math.min(1, Math.max(0, (value - low) / range)) / SOFTENING) / top;
  return Object.assign(stretch, { low, high });
}
