/** Columns of a binary table that is written, FITS 4.0, section 7.3. */
import { FitsError } from "../fits-error.ts";
import { CARD_LENGTH } from "../header/card.ts";
import { formatCard } from "../header/format-card.ts";
import { emptyHeader, type Header } from "../header/header.ts";

/** One element a row. */
export interface TableColumn {
  readonly name: string;
  /** Numbers, or texts in ASCII. Floats are NaN where there is no value. */
  readonly values:
    | Float64Array
    | Float32Array
    | Int32Array
    | Int16Array
    | Uint8Array
    | BigInt64Array
    | readonly string[];
  readonly unit?: string | undefined;
  /** The integer that stands where there is no value. */
  readonly nullValue?: number | undefined;
  /** What it means: TCOMMn, as TOPCAT has it. */
  readonly description?: string | undefined;
  /** Unified Content Descriptor of the IVOA: TUCDn. */
  readonly ucd?: string | undefined;
}

export interface EncodedTable {
  /** Cards that come before those that are given. */
  readonly structure: Header;
  /** All rows. */
  readonly bytes: Uint8Array;
}

interface Encoder {
  readonly format: string;
  readonly size: number;
  readonly write: (view: DataView, at: number, row: number) => void;
}

/** @param place what is written, for messages @throws FitsError `WRITE_INVALID` where columns differ in length, or text is not ASCII */
export function encodeTable(columns: readonly TableColumn[], file: string): EncodedTable {
  const numRows = columns[0]?.values.length ?? 0;
  const uneven = columns.find(({ values }) => values.length !== numRows);
  if (uneven !== undefined) {
    const problem = `the column ${uneven.name} has ${uneven.values.length} rows, the first one ${numRows}`;
    throw new FitsError({ code: "WRITE_INVALID", file, problem, remedy: "Give as many values to each column" });
  }
  const encoders = columns.map((column) => encoderOf(column, file));
  const rowLength = encoders.reduce((sum, { size }) => sum + size, 0);
  const bytes = new Uint8Array(rowLength * numRows);
  const view = new DataView(bytes.buffer);
  for (let row = 0; row < numRows; row++) {
    let at = row * rowLength;
    for (const { size, write } of encoders) {
      write(view, at, row);
      at += size;
    }
  }
  const cards = [
    formatCard("XTENSION", "BINTABLE", "binary table extension"),
    formatCard("BITPIX", 8, "array data type"),
    formatCard("NAXIS", 2, "number of array dimensions"),
    formatCard("NAXIS1", rowLength, "bytes of a row"),
    formatCard("NAXIS2", numRows, "number of rows"),
    formatCard("PCOUNT", 0, "number of parameters"),
    formatCard("GCOUNT", 1, "number of groups"),
    formatCard("TFIELDS", columns.length, "number of columns"),
  ];
  for (const [index, { name, unit, nullValue, description, ucd }] of columns.entries()) {
    const number = index + 1;
    cards.push(formatCard(`TTYPE${number}`, name), formatCard(`TFORM${number}`, encoders[index]?.format ?? ""));
    if (unit !== undefined && unit !== "") cards.push(formatCard(`TUNIT${number}`, unit));
    if (nullValue !== undefined) cards.push(formatCard(`TNULL${number}`, nullValue));
    if (ucd !== undefined) cards.push(formatCard(`TUCD${number}`, ucd));
    if (description !== undefined) cards.push(formatCard(`TCOMM${number}`, description));
  }
  // What older readers ask for where texts go on in CONTINUE cards.
  if (cards.some(({ raw }) => raw.length > CARD_LENGTH))
    cards.push(formatCard("LONGSTRN", "OGIP 1.0", "strings may be continued"));
  return { structure: { ...emptyHeader, cards }, bytes };
}

function encoderOf({ name, values }: TableColumn, file: string): Encoder {
  if (values instanceof Float64Array)
    return { format: "1D", size: 8, write: (view, at, row) => view.setFloat64(at, values[row] ?? Number.NaN) };
  if (values instanceof Float32Array)
    return { format: "1E", size: 4, write: (view, at, row) => view.setFloat32(at, values[row] ?? Number.NaN) };
  if (values instanceof Int32Array)
    return { format: "1J", size: 4, write: (view, at, row) => view.setInt32(at, values[row] ?? 0) };
  if (values instanceof Int16Array)
    return { format: "1I", size: 2, write: (view, at, row) => view.setInt16(at, values[row] ?? 0) };
  if (values instanceof Uint8Array)
    return { format: "1B", size: 1, write: (view, at, row) => view.setUint8(at, values[row] ?? 0) };
  if (values instanceof BigInt64Array)
    return { format: "1K", size: 8, write: (view, at, row) => view.setBigInt64(at, values[row] ?? 0n) };
  return textEncoder(name, values, file);
}

function textEncoder(name: string, values: readonly string[], file: string): Encoder {
  const strange = values.find((text) => !/^[ -~]*$/.test(text));
  if (strange !== undefined) {
    const problem = `the column ${name} holds ${JSON.stringify(strange)}`;
    throw new FitsError({ code: "WRITE_INVALID", file, problem, remedy: "Tables of FITS hold printable ASCII" });
  }
  const size = values.reduce((most, { length }) => Math.max(most, length), 1);
  return {
    format: `${size}A`,
    size,
    write(view, at, row) {
      const text = values[row] ?? "";
      // What is shorter ends with NUL.
      for (let i = 0; i < text.length; i++) view.setUint8(at + i, text.charCodeAt(i));
    },
  };
}
