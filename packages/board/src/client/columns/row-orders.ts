/** Rows in the order of columns, each sorted once for a state of the runs: sorting again, or descending, takes a millisecond. */
import type { RunTable } from "../../wire/run-table.ts";
import { allRows, reversedRows, sortRows } from "./sort-rows.ts";

/** Rows that are kept of all columns together, of four bytes each. */
const mostKept = 8_000_000;

export class RowOrders {
  #table: RunTable | undefined;
  #changes = 0;
  /** By column, ascending; those that were asked for last are last. */
  readonly #orders = new Map<string, Uint32Array<ArrayBuffer>>();

  /** undefined where the table does not have the column. */
  sorted(table: RunTable, name: string, isDescending = false): Uint32Array<ArrayBuffer> | undefined {
    if (table !== this.#table || table.changes !== this.#changes) this.#orders.clear();
    this.#table = table;
    this.#changes = table.changes;
    const column = table.filled(name);
    if (column === undefined) return undefined;
    const ascending = this.#orders.get(name) ?? sortRows(allRows(table.rows), column, false);
    this.#orders.delete(name);
    this.#orders.set(name, ascending);
    for (const oldest of this.#orders.keys()) {
      if (this.#orders.size * table.rows <= Math.max(mostKept, table.rows)) break;
      this.#orders.delete(oldest);
    }
    return isDescending ? reversedRows(ascending, column) : ascending;
  }
}
