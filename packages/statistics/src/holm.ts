/** One p-value of a family. */
export interface Corrected {
  readonly p: number;
  /** By how much the p-value was multiplied: how many were left, or more where an earlier one stood in its way. */
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
    const own = familySize > values.length ? familySize : values.length - rank;
    const value = values[index] ?? 1;
    largest = Math.min(1, Math.max(largest, own * value));
    corrected[index] = { p: largest, factor: largest < 1 && value > 0 ? Math.max(own, largest / value) : own };
  }
  return corrected;
}
