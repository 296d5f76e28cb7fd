/** What charts of a criterion show: for each series and place on the axis the values and their mean. */

export interface SeriesPoint {
  /** A number, or the text of an option that is none. */
  readonly x: number | string;
  readonly values: readonly { readonly runId: number; readonly value: number }[];
  readonly mean: number;
  /** Interval of the mean; null where no uncertainty is known. */
  readonly low: number | null;
  readonly high: number | null;
}

export interface Series {
  readonly name: string;
  /** In the order of x. */
  readonly points: readonly SeriesPoint[];
}

/** Numbers by size, before texts by alphabet. */
export function compareX(one: number | string, other: number | string): number {
  if (typeof one === "number" && typeof other === "number") return one - other;
  if (typeof one === "string" && typeof other === "string") return one.localeCompare(other, "en", { numeric: true });
  return typeof one === "number" ? -1 : 1;
}
