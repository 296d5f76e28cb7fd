/**
 * How numbers are stored: NaN as the text `NaN` (SQLite would make it NULL), null as NULL, the rest as they are.
 * Databases of the original Mosaic may hold any of them as text.
 */
import type { SQLInputValue, SQLOutputValue } from "node:sqlite";
import { StoreError } from "./store-error.ts";

export type Row = Readonly<Record<string, SQLOutputValue>>;

export function storedNumber(value: number | null): SQLInputValue {
  return Number.isNaN(value) ? "NaN" : value;
}

/**
 * Whole numbers go in as `bigint`, because Node hands every `number` to SQLite as REAL: a column without a type would
 * keep 7.0, and a TEXT column would compare '7.0' with '7'. Throws a `RangeError` for a fraction.
 */
export function storedInteger(value: number): bigint {
  return BigInt(value);
}

/** null for NULL and for what is no number. */
export function numberIn(row: Row, column: string): number | null {
  const value = row[column];
  if (typeof value === "number") return value;
  if (typeof value === "bigint") return Number(value);
  if (typeof value !== "string") return null;
  const text = value.trim().toLowerCase();
  const infinity = /^([+-]?)inf(inity)?$/.exec(text);
  if (infinity !== null) return infinity[1] === "-" ? -Infinity : Infinity;
  if (text === "nan") return NaN;
  const number = text === "" ? NaN : Number(text);
  return Number.isNaN(number) ? null : number;
}

export function integerIn(row: Row, column: string): number {
  const value = numberIn(row, column);
  if (value === null || !Number.isSafeInteger(value)) {
    throw new StoreError("STORE_CORRUPT", `the database is damaged: ${column} is ${row[column]}, not a whole number`);
  }
  return value;
}

export function textIn(row: Row, column: string): string {
  return textOrNullIn(row, column) ?? "";
}

export function textOrNullIn(row: Row, column: string): string | null {
  const value = row[column];
  return value === null || value === undefined ? null : String(value);
}

export function dateIn(row: Row, column: string): Date {
  return new Date(integerIn(row, column));
}

export function dateOrNullIn(row: Row, column: string): Date | null {
  return row[column] === null ? null : dateIn(row, column);
}
