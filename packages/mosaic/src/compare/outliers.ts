/** Results far from all others of their model, on which its mean hangs. */
import { medianOf } from "@ml-mosaic/statistics";

export interface Outlier {
  readonly runIds: readonly number[];
  readonly value: number;
}

const fewest = 5;
/** In robust standard deviations: among normal results one in ten million is as far. */
const far = 5.5;

/**
 * By the median absolute deviation.
 *
 * @param values on the scale on which models are compared
 *
 * Source: Iglewicz and Hoaglin, How to detect and handle outliers (1993), with a stricter bound.
 */
export function isOutlying(values: readonly number[]): readonly boolean[] {
  const median = medianOf(values);
  const deviation = medianOf(values.map((value) => Math.abs(value - median))) / 0.6745;
  return values.map((value) => values.length >= fewest && Math.abs(value - median) > far * deviation && deviation > 0);
}
