import { normalCdf, tQuantile } from "./distributions.ts";
import { resampledMeans } from "./resampling.ts";
import { deviationOf, type Interval, level, meanOf, quantileOf, standardErrorOf } from "./sample.ts";

/** From so many values on the interval is a bootstrap's. */
export const bootstrapFrom = 10;

export interface MeanInterval extends Interval {
  readonly method: "t" | "bootstrap";
}

/** 95 % interval of the mean; undefined for a single value, of which no uncertainty is known. */
export function meanInterval(values: readonly number[], correlation = 0): MeanInterval | undefined {
  if (values.length < 2) return undefined;
  // A bootstrap takes the values for independent, which folds are not.
  if (values.length < bootstrapFrom || correlation > 0) return { ...tInterval(values, correlation), method: "t" };
  return { ...bootstrapInterval(values), method: "bootstrap" };
}

/** x̄ ± t(n − 1) · standard error; with Nadeau and Bengio's correction for correlated values. */
export function tInterval(values: readonly number[], correlation = 0): Interval {
  const half = tQuantile((1 + level) / 2, values.length - 1) * standardErrorOf(values, correlation);
  const mean = meanOf(values);
  return { low: mean - half, high: mean + half };
}

/**
 * The same for values between 0 and 1: on the logit scale, on which the standard error is that of the mean divided by
 * m (1 − m), so that it stays between them.
 */
export function shareMeanInterval(values: readonly number[], correlation = 0): Interval {
  const mean = meanOf(values);
  const spread = mean * (1 - mean);
  // Of a mean of 0 or 1 all values are the same.
  if (spread <= 0) return { low: mean, high: mean };
  const half = (tQuantile((1 + level) / 2, values.length - 1) * standardErrorOf(values, correlation)) / spread;
  const logit = Math.log(mean / (1 - mean));
  const at = (value: number) => 1 / (1 + Math.exp(-value));
  return { low: at(logit - half), high: at(logit + half) };
}

/**
 * The expanded percentile interval: quantiles α' and 1 − α' of the resampled means with
 * α' = Φ(−√(n/(n−1)) t(n−1)). Plain percentile and BCa intervals are too narrow for few values (they cover 90 % at
 * n = 10 where they should cover 95 %); this one is as wide as the t interval and follows the sample's skewness.
 *
 * Source: Hesterberg, What teachers should know about the bootstrap, The American Statistician 69 (2015), section 3.3.
 */
function bootstrapInterval(values: readonly number[]): Interval {
  if (deviationOf(values) === 0) return { low: meanOf(values), high: meanOf(values) };
  const n = values.length;
  const tail = normalCdf(-Math.sqrt(n / (n - 1)) * tQuantile((1 + level) / 2, n - 1), 0, 1);
  const means = resampledMeans(values).slice();
  // Most of the time goes into looking for the two quantiles, so it is done among the few values far from the mean.
  const [mean, reach] = [meanOf(values), (1.3 * deviationOf(values)) / Math.sqrt(n)];
  const [low, high] = [new Float64Array(means.length), new Float64Array(means.length)];
  let [lowCount, highCount] = [0, 0];
  for (let index = 0; index < means.length; index++) {
    const drawn = means[index] ?? Number.NaN;
    if (drawn < mean - reach) low[lowCount++] = drawn;
    else if (drawn > mean + reach) high[highCount++] = -drawn;
  }
  const place = tail * (means.length - 1);
  return {
    low: lowCount > place + 1 ? valueAt(low.subarray(0, lowCount), place) : quantileOf(means, tail),
    high: highCount > place + 1 ? -valueAt(high.subarray(0, highCount), place) : quantileOf(means, 1 - tail),
  };
}

/** Where sorting would put it; between two places linearly. */
function valueAt(values: Float64Array, place: number): number {
  return quantileOf(values, place / (values.length - 1));
}
