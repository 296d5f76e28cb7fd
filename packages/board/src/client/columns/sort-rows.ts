/** Rows in the order of a column, by counting digits instead of comparing: 100,000 rows in a few milliseconds. */
import { type ColumnData, noText } from "../../wire/columns.ts";

/** Rows without a value are last, those with NaN before them, in either direction; equal ones stay in their order. */
export function sortRows(
  rows: Uint32Array<ArrayBuffer>,
  column: ColumnData,
  isDescending: boolean,
): Uint32Array<ArrayBuffer> {
  return column.kind === "number" ? byNumber(rows, column, isDescending) : byText(rows, column, isDescending);
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

function byNumber(
  rows: Uint32Array<ArrayBuffer>,
  { values, missing }: Extract<ColumnData, { kind: "number" }>,
  isDescending: boolean,
) {
  const bits = new Float64Array(rows.length);
  for (let place = 0; place < rows.length; place += 1) bits[place] = values[rows[place] ?? 0] ?? 0;
  const words = new Uint32Array(bits.buffer);
  const [low, high] = [new Uint32Array(rows.length), new Uint32Array(rows.length)];
  for (let place = 0; place < rows.length; place += 1) {
    const isMissing = missing !== null && missing[rows[place] ?? 0] === 1;
    if (isMissing || Number.isNaN(bits[place])) {
      high[place] = 0xffffffff;
      low[place] = isMissing ? 1 : 0;
      continue;
    }
    // -0 and 0 are one value.
    const lower = bits[place] === 0 ? 0 : (words[2 * place] ?? 0);
    const upper = bits[place] === 0 ? 0 : (words[2 * place + 1] ?? 0);
    // Bits of numbers below zero fall as the numbers rise.
    const isNegative = upper >>> 31 === 1;
    const flipped = isNegative !== isDescending;
    high[place] =
      ((isNegative ? 0 : 0x80000000) ^ (isDescending ? 0x80000000 : 0)) | ((flipped ? ~upper : upper) & 0x7fffffff);
    low[place] = flipped ? ~lower : lower;
  }
  let order = allRows(rows.length);
  for (const [key, shift] of [
    [low, 0],
    [low, 16],
    [high, 0],
    [high, 16],
  ] as const)
    order = byDigit(order, key, shift);
  return rowsAt(rows, order);
}

function rowsAt(rows: Uint32Array, order: Uint32Array<ArrayBuffer>): Uint32Array<ArrayBuffer> {
  for (let index = 0; index < order.length; index += 1) order[index] = rows[order[index] ?? 0] ?? 0;
  return order;
}

function byText(
  rows: Uint32Array<ArrayBuffer>,
  { codes, texts }: Extract<ColumnData, { kind: "text" }>,
  isDescending: boolean,
) {
  const ranks = ranksOf(texts);
  const key = rows.map((row) => {
    const code = codes[row] ?? noText;
    if (code === noText) return noText;
    const rank = ranks[code] ?? 0;
    return isDescending ? texts.length - rank : rank;
  });
  let order = allRows(rows.length);
  for (const shift of [0, 16] as const) order = byDigit(order, key, shift);
  return rowsAt(rows, order);
}

const digits = 65536;

/** One pass of a stable sort by 16 bits of the key; passes over equal digits are saved. */
function byDigit(order: Uint32Array<ArrayBuffer>, key: Uint32Array, shift: 0 | 16): Uint32Array<ArrayBuffer> {
  const starts = new Uint32Array(digits);
  for (let place = 0; place < key.length; place += 1) {
    const digit = ((key[place] ?? 0) >>> shift) & 0xffff;
    starts[digit] = (starts[digit] ?? 0) + 1;
  }
  let [sum, used] = [0, 0];
  for (let digit = 0; digit < digits; digit += 1) {
    const count = starts[digit] ?? 0;
    starts[digit] = sum;
    sum += count;
    if (count > 0) used += 1;
  }
  if (used <= 1) return order;
  const sorted = new Uint32Array(order.length);
  for (let index = 0; index < order.length; index += 1) {
    const place = order[index] ?? 0;
    const digit = ((key[place] ?? 0) >>> shift) & 0xffff;
    const start = starts[digit] ?? 0;
    sorted[start] = place;
    starts[digit] = start + 1;
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
function ranksOf(texts: readonly string[]): Uint32Array {
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
