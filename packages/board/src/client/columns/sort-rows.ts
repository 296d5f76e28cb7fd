/** Rows in the order of a column, by counting digits instead of comparing: 100,000 rows in a few milliseconds. */
import { type ColumnData, noText } from "../../wire/columns.ts";

/** Rows without a value are last, those with NaN before them, in either direction; equal ones stay in their order. */
export function sortRows(
  rows: Uint32Array<ArrayBuffer>,
  column: ColumnData,
  isDescending: boolean,
): Uint32Array<ArrayBuffer> {
  const sorted = column.kind === "number" ? byNumber(rows, column) : byText(rows, column);
  return isDescending ? reversedRows(sorted, column) : sorted;
}

/** Ascending rows descending: those without a value stay last, and equal ones in their order. */
export function reversedRows(sorted: Uint32Array<ArrayBuffer>, column: ColumnData): Uint32Array<ArrayBuffer> {
  const keys = column.kind === "number" ? column.values : column.codes;
  const keyAt = (place: number) => keys[sorted[place] ?? 0];
  let end = sorted.length;
  while (end > 0 && !hasPlace(column, sorted[end - 1] ?? 0)) end -= 1;
  const reversed = sorted.slice();
  let at = 0;
  for (let start = end - 1; start >= 0; start -= 1) {
    const last = start;
    while (start > 0 && keyAt(start - 1) === keyAt(start)) start -= 1;
    for (let place = start; place <= last; place += 1) {
      reversed[at] = sorted[place] ?? 0;
      at += 1;
    }
  }
  return reversed;
}

/** Whether it has a value that is in an order. */
function hasPlace(column: ColumnData, row: number): boolean {
  if (column.kind === "text") return column.codes[row] !== noText;
  return column.missing?.[row] !== 1 && !Number.isNaN(column.values[row]);
}

/** Those of sorted rows that are chosen, in their order. */
export function pickedRows(
  sorted: Uint32Array<ArrayBuffer>,
  chosen: Uint32Array<ArrayBuffer>,
): Uint32Array<ArrayBuffer> {
  if (chosen.length >= sorted.length) return sorted;
  const isChosen = new Uint8Array(sorted.length);
  for (let place = 0; place < chosen.length; place += 1) isChosen[chosen[place] ?? 0] = 1;
  const picked = new Uint32Array(sorted.length);
  let count = 0;
  for (let place = 0; place < sorted.length; place += 1) {
    const row = sorted[place] ?? 0;
    picked[count] = row;
    // Without a branch, since neighbouring rows tell nothing of each other.
    count += isChosen[row] ?? 0;
  }
  return picked.slice(0, count);
}

function byNumber(rows: Uint32Array<ArrayBuffer>, { values, missing }: Extract<ColumnData, { kind: "number" }>) {
  const bits = new Float64Array(rows.length);
  // -0 and 0 are one value.
  for (let place = 0; place < rows.length; place += 1) bits[place] = (values[rows[place] ?? 0] ?? 0) + 0;
  const words = new Uint32Array(bits.buffer);
  const [low, high] = [new Uint32Array(rows.length), new Uint32Array(rows.length)];
  for (let place = 0; place < rows.length; place += 1) {
    const isMissing = missing !== null && missing[rows[place] ?? 0] === 1;
    if (isMissing || Number.isNaN(bits[place])) {
      high[place] = 0xffffffff;
      low[place] = isMissing ? 1 : 0;
      continue;
    }
    const lower = words[2 * place] ?? 0;
    const upper = words[2 * place + 1] ?? 0;
    // Bits of numbers below zero fall as the numbers rise.
    const isNegative = upper >>> 31 === 1;
    high[place] = isNegative ? ~upper : upper | 0x80000000;
    low[place] = isNegative ? ~lower : lower;
  }
  return rowsAt(rows, byKey(byKey(allRows(rows.length), low), high));
}

function rowsAt(rows: Uint32Array, order: Uint32Array<ArrayBuffer>): Uint32Array<ArrayBuffer> {
  for (let index = 0; index < order.length; index += 1) order[index] = rows[order[index] ?? 0] ?? 0;
  return order;
}

function byText(rows: Uint32Array<ArrayBuffer>, { codes, texts }: Extract<ColumnData, { kind: "text" }>) {
  const ranks = ranksOf(texts);
  const key = new Uint32Array(rows.length);
  for (let place = 0; place < rows.length; place += 1) {
    const code = codes[rows[place] ?? 0] ?? noText;
    key[place] = code === noText ? noText : (ranks[code] ?? 0);
  }
  return rowsAt(rows, byKey(allRows(rows.length), key));
}

/** A key has three digits of so many bits: their counts, unlike those of larger ones, stay in the processor's nearest cache. */
const digitBits = 11;
const digits = 2 ** digitBits;

/** A stable sort by the key. */
function byKey(order: Uint32Array<ArrayBuffer>, key: Uint32Array): Uint32Array<ArrayBuffer> {
  const [first, second, third] = [new Uint32Array(digits), new Uint32Array(digits), new Uint32Array(digits)];
  for (let place = 0; place < key.length; place += 1) {
    const value = key[place] ?? 0;
    const [low, middle, high] = [value & (digits - 1), (value >>> digitBits) & (digits - 1), value >>> (2 * digitBits)];
    first[low] = (first[low] ?? 0) + 1;
    second[middle] = (second[middle] ?? 0) + 1;
    third[high] = (third[high] ?? 0) + 1;
  }
  let sorted = order;
  for (const [digit, counts] of [first, second, third].entries())
    sorted = byDigit(sorted, key, digit * digitBits, counts);
  return sorted;
}

/** @param counts how often the digit has each value */
function byDigit(
  order: Uint32Array<ArrayBuffer>,
  key: Uint32Array,
  shift: number,
  counts: Uint32Array,
): Uint32Array<ArrayBuffer> {
  // All have the same.
  if (counts[((key[0] ?? 0) >>> shift) & (digits - 1)] === order.length) return order;
  let sum = 0;
  for (let digit = 0; digit < digits; digit += 1) {
    const count = counts[digit] ?? 0;
    counts[digit] = sum;
    sum += count;
  }
  const sorted = new Uint32Array(order.length);
  for (let index = 0; index < order.length; index += 1) {
    const place = order[index] ?? 0;
    const digit = ((key[place] ?? 0) >>> shift) & (digits - 1);
    const start = counts[digit] ?? 0;
    sorted[start] = place;
    counts[digit] = start + 1;
  }
  return sorted;
}

/** A plain loop: `Uint32Array.from` takes longer than all of the sorting. */
export function allRows(count: number): Uint32Array<ArrayBuffer> {
  const all = new Uint32Array(count);
  for (let row = 0; row < count; row += 1) all[row] = row;
  return all;
}

/** More texts than this are in the order of their characters: comparing them as words would take a second. */
const mostAsWords = 5000;

const rankings = new WeakMap<readonly string[], Uint32Array>();

/** Place of each text, numbers in texts by their size: `Mlp(8)` before `Mlp(16)`. */
export function ranksOf(texts: readonly string[]): Uint32Array {
  const known = rankings.get(texts);
  if (known !== undefined) return known;
  const words = new Intl.Collator("en", { numeric: true });
  const compare = texts.length > mostAsWords ? byCharacters : words.compare;
  const order = texts.map((_, code) => code).sort((one, other) => compare(texts[one] ?? "", texts[other] ?? ""));
  const ranks = new Uint32Array(texts.length);
  for (const [rank, code] of order.entries()) ranks[code] = rank;
  rankings.set(texts, ranks);
  return ranks;
}

function byCharacters(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}
