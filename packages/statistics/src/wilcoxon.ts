import { normalCdf } from "./distributions.ts";
import { ranksOf, tieSizes } from "./ranks.ts";

/** Up to so many differences the p-value is exact. */
const exactUpTo = 200;

export interface Wilcoxon {
  /** The smaller of the two rank sums. */
  readonly statistic: number;
  readonly p: number;
  /** Differences that are not 0; the others are left out. */
  readonly n: number;
}

/**
 * Wilcoxon's signed-rank test, two-sided. The distribution of the rank sum is counted out, ties included, up to 200
 * differences; beyond, it is the normal one with the variance corrected for ties.
 *
 * Source: Wilcoxon (1945); recommended for two models over several data sets by Demšar (2006), section 3.1.3.
 */
export function wilcoxon(differences: readonly number[]): Wilcoxon {
  const nonzero = differences.filter((difference) => difference !== 0);
  const n = nonzero.length;
  if (n === 0) return { statistic: 0, p: 1, n };
  const sizes = nonzero.map(Math.abs);
  const ranks = ranksOf(sizes);
  const positive = ranks.reduce((sum, rank, index) => sum + ((nonzero[index] ?? 0) > 0 ? rank : 0), 0);
  const statistic = Math.min(positive, (n * (n + 1)) / 2 - positive);
  return { statistic, p: n <= exactUpTo ? exactP(ranks, statistic) : normalP(sizes, statistic), n };
}

/** Twice the chance that the positive ranks sum to at most `statistic`. Ranks are doubled, because ties halve them. */
function exactP(ranks: readonly number[], statistic: number): number {
  // Larger sums are never asked for.
  const most = 2 * statistic;
  const chances = new Float64Array(most + 1);
  chances[0] = 1;
  let reached = 0;
  for (const rank of ranks.toSorted((one, other) => one - other)) {
    const step = 2 * rank;
    reached = Math.min(most, reached + step);
    for (let sum = reached; sum >= 0; sum--)
      chances[sum] = ((chances[sum] ?? 0) + (sum >= step ? (chances[sum - step] ?? 0) : 0)) / 2;
  }
  return Math.min(1, 2 * chances.reduce((sum, chance) => sum + chance, 0));
}

function normalP(sizes: readonly number[], statistic: number): number {
  const n = sizes.length;
  const ties = tieSizes(sizes).reduce((sum, size) => sum + size ** 3 - size, 0);
  const deviation = Math.sqrt((n * (n + 1) * (2 * n + 1)) / 24 - ties / 48);
  return Math.min(1, 2 * normalCdf((statistic - (n * (n + 1)) / 4) / deviation, 0, 1));
}
