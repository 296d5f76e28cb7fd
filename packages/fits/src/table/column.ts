/** Columns of binary tables as TFORMn and its relatives describe them, FITS 4.0, section 7.3. */
import { getNumber, getString, getValue, type Header } from "../header/header.ts";
import { invalid, requireInteger, type Structure } from "../structure.ts";

/** Letters of TFORMn for elements that a row holds itself. */
const ELEMENT_BYTES = { L: 1, X: 1, B: 1, I: 2, J: 4, K: 8, A: 1, E: 4, D: 8, C: 8, M: 16 } as const;
export type ElementCode = keyof typeof ELEMENT_BYTES;

export interface Column {
  /** TTYPEn, "" where there is none. */
  readonly name: string;
  /** TUNITn. */
  readonly unit: string | undefined;
  /** TFORMn. */
  readonly format: string;
  readonly element: ElementCode;
  /** Elements per row (bits for X, characters for A); of an array of variable length its descriptors, 0 or 1. */
  readonly repeat: number;
  /** Set for arrays of variable length: 32-bit (P) or 64-bit (Q) descriptors. */
  readonly descriptor: "P" | "Q" | undefined;
  /** Bytes from the row's start. */
  readonly offset: number;
  /** Shape of one cell, the slowest axis first, by TDIMn; [] for a single element. */
  readonly cellShape: readonly number[];
  /** TSCALn, TZEROn, TNULLn. */
  readonly scale: number;
  readonly zero: number;
  /** TZEROn shifts the integers into the other signedness; they stay integers. */
  readonly shifted: boolean;
  readonly nullValue: number | bigint | undefined;
}

export interface TableLayout {
  readonly numRows: number;
  readonly rowLength: number;
  readonly columns: readonly Column[];
  /** From the start of the data area. */
  readonly heapOffset: number;
  readonly heapLength: number;
}

const FORMAT = /^(\d*)([LXBIJKAEDCMPQ])(.*)$/;
const POINTED = /^([LXBIJKAEDCM])(?:\(\d*\))?/;
const SHIFTS: Readonly<Partial<Record<ElementCode, number>>> = { B: -128, I: 2 ** 15, J: 2 ** 31, K: 2 ** 63 };

export function elementBytes(code: ElementCode): number {
  return ELEMENT_BYTES[code];
}

/** @throws FitsError for keywords that are missing or do not fit NAXIS1 */
export function readLayout(header: Header, { axes, dataLength, bitpix }: Structure): TableLayout {
  const [rowLength, numRows] = axes;
  if (axes.length !== 2 || rowLength === undefined || numRows === undefined) {
    throw invalid(header, "NAXIS", axes.length, "a binary table has two axes");
  }
  if (bitpix !== 8) throw invalid(header, "BITPIX", bitpix, "a binary table has BITPIX 8");
  const count = requireInteger(header, "TFIELDS");
  if (count < 0 || count > 999) throw invalid(header, "TFIELDS", count, "expected 0 to 999 columns");
  const columns: Column[] = [];
  let offset = 0;
  for (let number = 1; number <= count; number++) {
    const column = readColumn(header, number, offset);
    columns.push(column);
    offset += columnBytes(column);
  }
  if (offset !== rowLength) throw invalid(header, "NAXIS1", rowLength, `the columns have ${offset} bytes a row`);
  const heapOffset = getValue(header, "THEAP") === undefined ? rowLength * numRows : requireInteger(header, "THEAP");
  if (heapOffset < rowLength * numRows || heapOffset > dataLength) {
    throw invalid(header, "THEAP", heapOffset, `the heap has to lie from ${rowLength * numRows} to ${dataLength}`);
  }
  return { numRows, rowLength, columns, heapOffset, heapLength: dataLength - heapOffset };
}

/** Bytes of a column in a row. */
export function columnBytes({ element, repeat, descriptor }: Column): number {
  if (descriptor !== undefined) return repeat * (descriptor === "P" ? 8 : 16);
  return element === "X" ? Math.ceil(repeat / 8) : repeat * ELEMENT_BYTES[element];
}

function readColumn(header: Header, number: number, offset: number): Column {
  const keyword = `TFORM${number}`;
  const format = (getString(header, keyword) ?? "").trim();
  const [, count = "", letter = "", rest = ""] = FORMAT.exec(format) ?? [];
  const descriptor = letter === "P" || letter === "Q" ? letter : undefined;
  const element = elementCode(descriptor === undefined ? letter : (POINTED.exec(rest)?.[1] ?? ""));
  const repeat = count === "" ? 1 : Number(count);
  if (element === undefined || repeat > 2 ** 31 || (descriptor !== undefined && repeat > 1)) {
    throw invalid(header, keyword, format, "expected a format of binary tables, such as 1J, 3E, 20A or 1PE(100)");
  }
  const zero = getValue(header, `TZERO${number}`);
  const scale = getNumber(header, `TSCAL${number}`) ?? 1;
  const nullValue = getValue(header, `TNULL${number}`);
  const isNull = typeof nullValue === "number" || typeof nullValue === "bigint";
  return {
    name: (getString(header, `TTYPE${number}`) ?? "").trim(),
    unit: getString(header, `TUNIT${number}`),
    format,
    element,
    repeat,
    descriptor,
    offset,
    cellShape: readCellShape(header, number, element, repeat, descriptor !== undefined),
    scale,
    zero: getNumber(header, `TZERO${number}`) ?? 0,
    shifted: scale === 1 && zero !== undefined && Number(zero) === SHIFTS[element],
    nullValue: isNull && "BIJK".includes(element) ? nullValue : undefined,
  };
}

function elementCode(letter: string): ElementCode | undefined {
  const codes: readonly ElementCode[] = ["L", "X", "B", "I", "J", "K", "A", "E", "D", "C", "M"];
  return codes.find((code) => code === letter);
}

/** A string counts as one element: of `60A` with TDIM `(20,3)` the shape is [3]. */
function readCellShape(header: Header, number: number, element: ElementCode, repeat: number, variable: boolean) {
  const keyword = `TDIM${number}`;
  const text = getString(header, keyword);
  if (variable) return [];
  if (text === undefined) return element === "A" || repeat === 1 ? [] : [repeat];
  const match = /^\s*\(\s*(\d+(?:\s*,\s*\d+)*)\s*\)\s*$/.exec(text);
  const axes = match?.[1]?.split(",").map(Number);
  if (axes === undefined || axes.reduce((product, length) => product * length, 1) > repeat) {
    throw invalid(header, keyword, text, `expected (i,j,…) of no more than ${repeat} elements`);
  }
  const shape = axes.reverse();
  return element === "A" ? shape.slice(0, -1) : shape;
}
