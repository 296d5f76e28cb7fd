import { deviationOf, quantileOf } from "@ml-mosaic/statistics";

/** A point of a violin's outline: how wide it is at a value, from 0 to 1. */
export interface Width {
  readonly value: number;
  readonly width: number;
}

const steps = 40;

/**
 * Density of the values, from the least to the greatest, as shares of its highest: a Gaussian kernel with Silverman's
 * rule of thumb. Nothing where all values are equal.
 *
 * Source: Silverman, Density estimation for statistics and data analysis (1986), equation 3.31.
 */
export function densityOf(values: readonly number[]): readonly Width[] {
  const sorted = [...values].sort((one, other) => one - other);
  const bandwidth = 0.9 * spreadOf(sorted) * sorted.length ** -0.2;
  const [least, most] = [sorted[0], sorted.at(-1)];
  if (least === undefined || most === undefined || !(bandwidth > 0)) return [];
  const density = (at: number) =>
    sorted.reduce((sum, value) => sum + Math.exp(-(((at - value) / bandwidth) ** 2) / 2), 0);
  const places = Array.from({ length: steps + 1 }, (_, step) => least + ((most - least) * step) / steps);
  const densities = places.map(density);
  const highest = Math.max(...densities);
  return places.map((value, index) => ({ value, width: (densities[index] ?? 0) / highest }));
}

/** The smaller of the standard deviation and the quartiles' distance over 1.34; the former where the latter is 0. */
function spreadOf(sorted: readonly number[]): number {
  const deviation = sorted.length > 1 ? deviationOf(sorted) : 0;
  const quantile = (q: number) => quantileOf(Float64Array.from(sorted), q);
  const quartiles = (quantile(0.75) - quantile(0.25)) / 1.34;
  return quartiles > 0 ? Math.min(deviation, quartiles) : deviation;
}
