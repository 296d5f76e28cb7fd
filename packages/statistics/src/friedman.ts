import { chiSquareCdf, fCdf } from "./distributions.ts";
import { ranksOf, tieSizes } from "./ranks.ts";
import { meanOf } from "./sample.ts";

export interface Friedman {
  /** Of each model over the data sets, 1 for the smallest value. */
  readonly averageRanks: readonly number[];
  readonly chiSquare: number;
  readonly chiSquareP: number;
  /** Iman and Davenport's, which is less conservative; Infinity where all data sets agree. */
  readonly f: number;
  /** Of F, but never below 1 / k!^(N − 1): so often equal models agree on all data sets by chance. */
  readonly p: number;
}

/**
 * Do any of k models differ over N data sets? χ² = (12 / (k N (k + 1)) ΣR² − 3 N (k + 1)) / C, where R are rank sums and
 * C corrects for ties, and F = (N − 1) χ² / (N (k − 1) − χ²) with k − 1 and (k − 1)(N − 1) degrees of freedom.
 *
 * @param rows one for each data set, with one value for each model
 *
 * Source: Friedman (1937); Iman and Davenport (1980); both in Demšar, Statistical comparisons of classifiers over
 * multiple data sets, Journal of Machine Learning Research 7 (2006), section 3.2.2.
 */
export function friedman(rows: readonly (readonly number[])[]): Friedman {
  const [N, k] = [rows.length, rows[0]?.length ?? 0];
  const ranks = rows.map(ranksOf);
  const averageRanks = Array.from({ length: k }, (_, model) => meanOf(ranks.map((row) => row[model] ?? 0)));
  const squares = averageRanks.reduce((sum, rank) => sum + (rank * N) ** 2, 0);
  const ties = rows.flatMap(tieSizes).reduce((sum, size) => sum + size ** 3 - size, 0);
  const correction = 1 - ties / (N * (k ** 3 - k));
  if (correction === 0) return { averageRanks, chiSquare: 0, chiSquareP: 1, f: 0, p: 1 };
  const chiSquare = Math.max(0, ((12 / (k * N * (k + 1))) * squares - 3 * N * (k + 1)) / correction);
  const left = N * (k - 1) - chiSquare;
  const f = left <= 1e-12 * N * k ? Infinity : ((N - 1) * chiSquare) / left;
  const orders = Array.from({ length: k }, (_, index) => index + 1).reduce((product, factor) => product * factor, 1);
  // F's upper tail as the lower tail of 1 / F: 1 − cdf would lose small values.
  const p = Math.max(f === Infinity ? 0 : f === 0 ? 1 : fCdf(1 / f, (k - 1) * (N - 1), k - 1), orders ** (1 - N));
  return { averageRanks, chiSquare, chiSquareP: 1 - chiSquareCdf(chiSquare, k - 1), f, p };
}
