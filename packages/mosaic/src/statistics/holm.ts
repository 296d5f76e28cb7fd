/** One p-value of a family. */
export interface Corrected {
  readonly p: number;
  /** By how much the p-value had to be multiplied: how many of the family were not decided before it. */
  readonly factor: number;
}

/**
 * Holm's step-down correction: the chance that any of the family is called different although all are equal stays
 * below the level at which the corrected values are judged.
 *
 * @param familySize how many were compared, where not all of them are given: all are then multiplied by it (Bonferroni)
 *
 * Source: Holm, A simple sequentially rejective multiple test procedure, Scandinavian Journal of Statistics 6 (1979).
 */
export function holm(values: readonly number[], familySize: number = values.length): readonly Corrected[] {
  const order = values.map((_, index) => index).sort((one, other) => (values[one] ?? 0) - (values[other] ?? 0));
  const corrected: Corrected[] = values.map((p) => ({ p, factor: 1 }));
  let largest = 0;
  for (const [rank, index] of order.entries()) {
    const factor = familySize > values.length ? familySize : values.length - rank;
    largest = Math.min(1, Math.max(largest, factor * (values[index] ?? 1)));
    corrected[index] = { p: largest, factor };
  }
  return corrected;
}
