/** Which of a row's cells are in the page: with hundreds of columns a screen shows a dozen. */
import type { ShownColumn } from "./table-columns.ts";

export interface PlacedColumn extends ShownColumn {
  /** Among all columns. */
  readonly place: number;
  /** Track of the grid in which its cells begin, where a column before it is left out. */
  readonly start: number | undefined;
}

/** Pixels beyond the edges, so that scrolling shows no gap. */
const beyond = 300;

/**
 * @param columns side by side, the first one at 0
 * @param always a column that stays in the page wherever it is
 */
export function columnsInView(
  columns: readonly ShownColumn[],
  { left, width }: { readonly left: number; readonly width: number },
  always: (place: number) => boolean,
): readonly PlacedColumn[] {
  let [end, last] = [0, -1];
  return columns.flatMap((column, place): PlacedColumn[] => {
    end += column.width;
    const isInView = end > left - beyond && end - column.width < left + width + beyond;
    if (!isInView && !always(place)) return [];
    // Before the first one is that of the check marks; tracks are counted from 1.
    const start = last === place - 1 ? undefined : place + 2;
    last = place;
    return [{ ...column, place, start }];
  });
}
