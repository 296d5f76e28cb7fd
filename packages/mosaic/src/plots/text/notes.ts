/** What stands under a title: what is shown, how often, what is left out. */
import { shortenMiddle } from "./fit-text.ts";

/** What there is of the parts, on one line. */
export function joinNotes(parts: readonly (string | undefined)[]): string {
  return parts.filter((part) => part !== undefined && part !== "").join(" · ");
}

/** "Data set data_Or"; a long key leaves room for what else the line says. */
export function dataNote(dataKey: string): string {
  return dataKey === "" ? "No data set" : `Data set ${shortenMiddle(dataKey, 40)}`;
}

/**
 * "n = 4 repetitions", "n = 2 to 4 repetitions"
 *
 * @param counts how often each of what is shown was run
 */
export function repetitionsNote(counts: readonly number[]): string {
  const [least, most] = counts.reduce(([low, high], n) => [Math.min(low, n), Math.max(high, n)], [Infinity, 0]);
  if (most === 0) return "";
  if (most === 1) return "one run each (n = 1): no uncertainty is known";
  return least === most ? `n = ${most} repetitions` : `n = ${least} to ${most} repetitions`;
}
