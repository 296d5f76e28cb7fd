/** The distributions that the statistics need, from stdlib. The one place that names the library. */
import betaQuantileOnce from "@stdlib/stats-base-dists-beta-quantile";
import tQuantileOnce from "@stdlib/stats-base-dists-t-quantile";

export { default as chiSquareCdf } from "@stdlib/stats-base-dists-chisquare-cdf";
export { default as fCdf } from "@stdlib/stats-base-dists-f-cdf";
export { default as normalCdf } from "@stdlib/stats-base-dists-normal-cdf";
export { default as normalQuantile } from "@stdlib/stats-base-dists-normal-quantile";
export { default as tCdf } from "@stdlib/stats-base-dists-t-cdf";

/** Thousands of pairs of models ask for the same few quantiles, and each takes some ten microseconds. */
const mostRemembered = 50_000;

type Remembered = Map<number, Map<number, number>>;

function remember(known: Remembered, first: number, second: number, compute: () => number): number {
  const row = known.get(first) ?? new Map<number, number>();
  const found = row.get(second) ?? compute();
  if (known.size < mostRemembered && row.size < mostRemembered) known.set(first, row.set(second, found));
  return found;
}

export function tQuantile(p: number, degreesOfFreedom: number): number {
  return remember(tQuantiles, degreesOfFreedom, p, () => tQuantileOnce(p, degreesOfFreedom));
}

const tQuantiles: Remembered = new Map();

export function betaQuantile(p: number, alpha: number, beta: number): number {
  const known = betaQuantiles.get(p) ?? new Map();
  betaQuantiles.set(p, known);
  return remember(known, alpha, beta, () => betaQuantileOnce(p, alpha, beta));
}

/** By p, of which only few occur. */
const betaQuantiles = new Map<number, Remembered>();
