import { FitsError, type Place } from "../fits-error.ts";
import { type Bitpix, type PixelArray, storedView, swapBytes } from "../image/pixel-types.ts";
import { flipSign } from "../image/scaling.ts";
import type { Column, ElementCode } from "./column.ts";

/** The values of one column, row by row. */
export type ColumnValues =
  | {
      /** Numbers; `complex` has real and imaginary part as a last axis of 2; `bits` has one 0 or 1 each. */
      readonly kind: "numbers" | "complex" | "bits";
      /** [rows, …cell] */
      readonly shape: readonly number[];
      /** Scaled integers (TSCALn, TZEROn) are float64 with NaN for undefined ones; unsigned ones stay integers. */
      readonly data: PixelArray;
      /** 1 where an integer that was not scaled is undefined (TNULLn). */
      readonly nulls: Uint8Array | undefined;
    }
  | { readonly kind: "strings"; readonly shape: readonly number[]; readonly data: readonly string[] }
  /** undefined where the file has neither T nor F. */
  | { readonly kind: "logicals"; readonly shape: readonly number[]; readonly data: readonly (boolean | undefined)[] }
  /** Arrays of variable length: one set of values per row, of shape [its length]. */
  | { readonly kind: "arrays"; readonly shape: readonly number[]; readonly data: readonly ColumnValues[] };

/**
 * @param bytes big-endian elements of `count` cells, the caller's no longer
 * @param shape of all cells together; its product is the number of elements (of strings for A)
 */
export function decodeColumn(
  bytes: Uint8Array<ArrayBuffer>,
  column: Column,
  shape: readonly number[],
  place: Place | undefined,
): ColumnValues {
  const { element } = column;
  switch (element) {
    case "A":
      return { kind: "strings", shape, data: strings(bytes, shape) };
    case "L":
      return { kind: "logicals", shape, data: Array.from(bytes, logical) };
    case "X":
      return { kind: "bits", shape, data: bits(bytes, shape), nulls: undefined };
    case "C":
    case "M":
      return { kind: "complex", shape: [...shape, 2], data: raw(bytes, element), nulls: undefined };
    case "B":
    case "I":
    case "J":
    case "K":
    case "E":
    case "D":
      return { kind: "numbers", shape, ...numbers(bytes, column, place) };
    default:
      return element satisfies never;
  }
}

const BITPIX: Readonly<Record<Exclude<ElementCode, "A" | "L" | "X">, Bitpix>> = {
  B: 8,
  I: 16,
  J: 32,
  K: 64,
  E: -32,
  C: -32,
  D: -64,
  M: -64,
};

function raw(bytes: Uint8Array<ArrayBuffer>, element: keyof typeof BITPIX) {
  const bitpix = BITPIX[element];
  swapBytes(bytes, Math.abs(bitpix) / 8);
  return storedView(bytes, bitpix);
}

function numbers(bytes: Uint8Array<ArrayBuffer>, column: Column, place: Place | undefined) {
  const { element, scale, zero, shifted, nullValue } = column;
  if (element === "A" || element === "L" || element === "X") throw noNumbers(column, place);
  const stored = raw(bytes, element);
  const nulls = nullValue === undefined ? undefined : new Uint8Array(stored.length);
  for (let i = 0; nulls !== undefined && i < nulls.length; i++) {
    nulls[i] = stored instanceof BigInt64Array ? +(stored[i] === BigInt(nullValue ?? 0)) : +(stored[i] === nullValue);
  }
  if (shifted) return { data: flipSign(stored), nulls };
  if (scale === 1 && zero === 0) return { data: stored, nulls };
  const data = new Float64Array(stored.length);
  for (let i = 0; i < data.length; i++) data[i] = Number(stored[i]) * scale + zero;
  for (let i = 0; nulls !== undefined && i < nulls.length; i++) if (nulls[i] === 1) data[i] = Number.NaN;
  return { data, nulls: undefined };
}

/** A string ends at its first NUL; blanks at its end do not count. */
function strings(bytes: Uint8Array<ArrayBuffer>, shape: readonly number[]): readonly string[] {
  const count = shape.reduce((product, length) => product * length, 1);
  const width = count === 0 ? 0 : Math.floor(bytes.length / count);
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
  return Array.from({ length: count }, (_, i) => {
    const one = text.slice(i * width, (i + 1) * width);
    const end = one.indexOf("\0");
    return (end < 0 ? one : one.slice(0, end)).trimEnd();
  });
}

function logical(byte: number): boolean | undefined {
  return byte === 0x54 ? true : byte === 0x46 ? false : undefined;
}

/** Each cell starts with a byte of its own, its first bit is the highest. */
function bits(bytes: Uint8Array, shape: readonly number[]): Uint8Array {
  const [rows = 0, ...cell] = shape;
  const perCell = cell.reduce((product, length) => product * length, 1);
  const stride = Math.ceil(perCell / 8);
  const values = new Uint8Array(rows * perCell);
  for (let row = 0; row < rows; row++) {
    for (let i = 0; i < perCell; i++) {
      values[row * perCell + i] = ((bytes[row * stride + (i >> 3)] ?? 0) >> (7 - (i & 7))) & 1;
    }
  }
  return values;
}

function noNumbers({ name, format }: Column, place: Place | undefined): FitsError {
  const problem = `the column ${name} of format ${format} holds no numbers`;
  return new FitsError({ code: "KEYWORD_INVALID", place, problem, remedy: "Correct its TFORM" });
}
