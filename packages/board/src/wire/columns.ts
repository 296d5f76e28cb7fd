/**
 * Columns of the table of runs in bulk: `api/columns?names=…&names=…`, with `first=100` of so many rows alone, whatever `rows`
 * says. Rows are in the order of the runs' ids.
 */
import { type BlockArray, decodeBlock, encodeBlock } from "./block.ts";

export interface NumberColumn {
  readonly name: string;
  readonly kind: "number";
  readonly values: Float64Array<ArrayBuffer>;
  /** 1 for each row that has no value (NaN is one); null where all rows have one. */
  readonly missing: Uint8Array<ArrayBuffer> | null;
}

export interface TextColumn {
  readonly name: string;
  readonly kind: "text";
  /** Indices into `texts`, or `noText`. */
  readonly codes: Uint32Array<ArrayBuffer>;
  /** Each text once. */
  readonly texts: readonly string[];
}

/** The code of a row that has no text. */
export const noText = 0xffffffff;

export type ColumnData = NumberColumn | TextColumn;

export interface Columns {
  /** Where the changes begin that are not in them. */
  readonly cursor: string;
  readonly rows: number;
  readonly columns: readonly ColumnData[];
}

/** The same for the first rows alone, with the texts that they have. */
export function firstRows({ columns, ...stated }: Columns, count: number): Columns {
  return { ...stated, columns: columns.map((column) => firstOf(column, count)) };
}

function firstOf(column: ColumnData, count: number): ColumnData {
  if (column.kind === "number") {
    const missing = column.missing?.subarray(0, count) ?? null;
    return { ...column, values: column.values.subarray(0, count), missing };
  }
  const used = new Map<number, number>();
  const codes = column.codes.subarray(0, count).map((code) => {
    if (code === noText) return noText;
    const place = used.get(code) ?? used.size;
    used.set(code, place);
    return place;
  });
  return { ...column, codes, texts: Array.from(used.keys(), (code) => column.texts[code] ?? "") };
}

interface ColumnsHeader {
  readonly cursor: string;
  readonly rows: number;
  readonly columns: readonly (
    | { readonly name: string; readonly kind: "number"; readonly hasMissing: boolean }
    | { readonly name: string; readonly kind: "text"; readonly texts: readonly string[] }
  )[];
}

export function encodeColumns({ cursor, rows, columns }: Columns): Uint8Array<ArrayBuffer> {
  const header: ColumnsHeader = {
    cursor,
    rows,
    columns: columns.map((column) =>
      column.kind === "number"
        ? { name: column.name, kind: column.kind, hasMissing: column.missing !== null }
        : { name: column.name, kind: column.kind, texts: column.texts },
    ),
  };
  const arrays = columns.flatMap((column): BlockArray[] =>
    column.kind === "text" ? [column.codes] : [column.values, ...(column.missing === null ? [] : [column.missing])],
  );
  return encodeBlock({ header, arrays });
}

export function decodeColumns(bytes: ArrayBuffer): Columns {
  const { header, arrays } = decodeBlock<ColumnsHeader>(bytes);
  let next = 0;
  const take = () => {
    const array = arrays[next];
    next += 1;
    return array;
  };
  const columns = header.columns.map((stated): ColumnData => {
    const array = take();
    const { name } = stated;
    if (stated.kind === "text" && array instanceof Uint32Array)
      return { name, kind: "text", codes: array, texts: stated.texts };
    const missing = stated.kind === "number" && stated.hasMissing ? take() : undefined;
    if (!(array instanceof Float64Array)) throw new Error(`the column ${name} is not as its header says`);
    return { name, kind: "number", values: array, missing: missing instanceof Uint8Array ? missing : null };
  });
  return { cursor: header.cursor, rows: header.rows, columns };
}
