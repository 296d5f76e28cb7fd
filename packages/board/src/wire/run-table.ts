/** The runs as columns of typed arrays, which grow and change in place as changes arrive. */
import type { ChangedValue } from "./changes.ts";
import { type ColumnData, type Columns, noText } from "./columns.ts";

export type Cell = string | number | null;

/** One column: the first `rows` of its arrays are filled. */
type Growing =
  | {
      readonly kind: "number";
      readonly name: string;
      values: Float64Array<ArrayBuffer>;
      missing: Uint8Array<ArrayBuffer> | null;
    }
  | {
      readonly kind: "text";
      readonly name: string;
      codes: Uint32Array<ArrayBuffer>;
      texts: readonly string[];
      codeOf: Map<string, number> | undefined;
    };

export class RunTable {
  #rows = 0;
  readonly #columns = new Map<string, Growing>();
  /** First rows of columns that are on their way. */
  readonly #first = new Map<string, ColumnData>();
  /** Grows with every change: what was computed from the table before is old then. */
  version = 0;
  /** How many times runs have changed: cells that were asked for before may be old then. */
  changes = 0;

  get rows(): number {
    return this.#rows;
  }

  has(name: string): boolean {
    return this.#columns.has(name);
  }

  /** Its arrays may be longer than the table, and change in place. */
  column(name: string): ColumnData | undefined {
    return this.#columns.get(name);
  }

  /** Takes columns in; those of a table with other rows than this one are refused. */
  add({ rows, columns }: Columns): boolean {
    if (this.#columns.size > 0 && rows !== this.#rows) return false;
    this.#rows = rows;
    for (const column of columns) {
      this.#columns.set(column.name, column.kind === "text" ? { ...column, codeOf: undefined } : { ...column });
      this.#first.delete(column.name);
    }
    this.version += 1;
    return true;
  }

  /** Cells of the first rows, until their columns are there. */
  addFirst({ rows, columns }: Columns): boolean {
    if (rows !== this.#rows) return false;
    for (const column of columns) if (!this.has(column.name)) this.#first.set(column.name, column);
    this.version += 1;
    return true;
  }

  /** Whether `cell` knows what the run has, or that it has nothing. */
  hasCell(name: string, row: number): boolean {
    if (this.has(name)) return row < this.#rows;
    const first = this.#first.get(name);
    return first !== undefined && row < (first.kind === "text" ? first.codes : first.values).length;
  }

  /** Of the rows that there are; its arrays change in place. */
  filled(name: string): ColumnData | undefined {
    const column = this.#columns.get(name);
    if (column === undefined) return undefined;
    if (column.kind === "text")
      return { name, kind: "text", codes: column.codes.subarray(0, this.#rows), texts: column.texts };
    const missing = column.missing?.subarray(0, this.#rows) ?? null;
    return { name, kind: "number", values: column.values.subarray(0, this.#rows), missing };
  }

  cell(name: string, row: number): Cell {
    const column = this.#columns.get(name) ?? this.#first.get(name);
    if (column === undefined || row >= this.#rows) return null;
    if (column.kind === "text") return column.texts[column.codes[row] ?? noText] ?? null;
    return column.missing?.[row] === 1 ? null : (column.values[row] ?? null);
  }

  number(name: string, row: number): number {
    const column = this.#columns.get(name);
    if (column?.kind !== "number" || column.missing?.[row] === 1) return Number.NaN;
    return column.values[row] ?? Number.NaN;
  }

  id(row: number): number {
    return this.number("id", row);
  }

  /** Ids ascend. -1 where there is no such run. */
  rowOf(id: number): number {
    const ids = this.#columns.get("id");
    if (ids?.kind !== "number") return -1;
    let [low, high] = [0, this.#rows - 1];
    while (low <= high) {
      const middle = (low + high) >> 1;
      const found = ids.values[middle] ?? 0;
      if (found === id) return middle;
      if (found < id) low = middle + 1;
      else high = middle - 1;
    }
    return -1;
  }

  /** @returns whether it fits: a new run between old ones, or a column of another type, means that all is to be read again */
  change(ids: readonly number[], values: Readonly<Record<string, readonly ChangedValue[]>>): boolean {
    // They are of before.
    this.#first.clear();
    this.changes += 1;
    for (const [place, id] of ids.entries()) {
      const found = this.rowOf(id);
      if (found === -1 && this.#rows > 0 && id < this.id(this.#rows - 1)) return false;
      const row = found === -1 ? this.#append(id) : found;
      for (const [name, ofIds] of Object.entries(values)) if (!this.#set(name, row, ofIds[place] ?? null)) return false;
    }
    this.version += 1;
    return true;
  }

  #append(id: number): number {
    const row = this.#rows;
    this.#rows += 1;
    for (const column of this.#columns.values()) {
      reserve(column, this.#rows);
      if (column.kind === "text") column.codes[row] = noText;
      else if (column.missing !== null) column.missing[row] = 1;
    }
    this.#set("id", row, id);
    return row;
  }

  #set(name: string, row: number, value: ChangedValue): boolean {
    const column = this.#columns.get(name);
    // Not asked for so far: it comes whole when it is.
    if (column === undefined) return true;
    if (column.kind === "text") {
      column.codes[row] = value === null ? noText : codeFor(column, String(value));
      return true;
    }
    const number = value === null ? Number.NaN : Number(value);
    if (Number.isNaN(number) && value !== null && value !== "NaN") return false;
    column.values[row] = number;
    if (value === null && column.missing === null) column.missing = new Uint8Array(column.values.length);
    if (column.missing !== null) column.missing[row] = value === null ? 1 : 0;
    return true;
  }
}

function codeFor(column: Extract<Growing, { kind: "text" }>, text: string): number {
  column.codeOf ??= new Map(column.texts.map((each, code) => [each, code]));
  const known = column.codeOf.get(text);
  if (known !== undefined) return known;
  const code = column.texts.length;
  // A new list, since what was computed from the old one is kept by it.
  column.texts = [...column.texts, text];
  column.codeOf.set(text, code);
  return code;
}

function reserve(column: Growing, rows: number): void {
  const length = column.kind === "text" ? column.codes.length : column.values.length;
  if (rows <= length) return;
  const room = Math.max(64, Math.ceil(rows * 1.5));
  if (column.kind === "text") {
    const codes = new Uint32Array(room);
    codes.set(column.codes);
    column.codes = codes;
    return;
  }
  const values = new Float64Array(room);
  values.set(column.values);
  column.values = values;
  if (column.missing === null) return;
  const missing = new Uint8Array(room);
  missing.set(column.missing);
  column.missing = missing;
}
