/** The distributions that the statistics need, from stdlib. The one place that names the library. */
export { default as betaQuantile } from "@stdlib/stats-base-dists-beta-quantile";
export { default as chiSquareCdf } from "@stdlib/stats-base-dists-chisquare-cdf";
export { default as fCdf } from "@stdlib/stats-base-dists-f-cdf";
export { default as normalCdf } from "@stdlib/stats-base-dists-normal-cdf";
export { default as normalQuantile } from "@stdlib/stats-base-dists-normal-quantile";
export { default as studentizedRangeQuantile } from "@stdlib/stats-base-dists-studentized-range-quantile";
export { default as tCdf } from "@stdlib/stats-base-dists-t-cdf";
export { default as tQuantile } from "@stdlib/stats-base-dists-t-quantile";
