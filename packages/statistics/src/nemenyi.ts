import { studentizedRangeQuantile } from "./distributions.ts";

/**
 * Nemenyi's critical difference: average ranks of k models over N data sets differ if they are further apart than
 * q √(k (k + 1) / (6 N)), where q is the studentized range's quantile (infinite degrees of freedom) over √2.
 *
 * Source: Nemenyi (1963), in Demšar (2006), section 3.2.2.
 */
export function criticalDifference(k: number, N: number, alpha = 0.05): number {
  return (studentizedRangeQuantile(1 - alpha, k, Infinity) / Math.SQRT2) * Math.sqrt((k * (k + 1)) / (6 * N));
}

/**
 * The bars of the critical-difference diagram: the largest groups of models, each a list of indices by rank, that are
 * not further apart than the critical difference. A model alone is no group.
 */
export function groupsWithin(averageRanks: readonly number[], difference: number): readonly (readonly number[])[] {
  const rankOf = (model: number | undefined) => averageRanks[model ?? 0] ?? 0;
  const order = averageRanks.map((_, model) => model).sort((one, other) => rankOf(one) - rankOf(other));
  const groups: (readonly number[])[] = [];
  let reached = 0;
  for (const [start, first] of order.entries()) {
    const beyond = order.findIndex((model) => rankOf(model) - rankOf(first) > difference + 1e-12);
    const end = beyond === -1 ? order.length : beyond;
    if (end - start > 1 && end > reached) groups.push(order.slice(start, end));
    reached = Math.max(reached, end);
  }
  return groups;
}
