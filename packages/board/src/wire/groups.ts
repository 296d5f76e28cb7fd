/**
 * Runs grouped by values of columns, with the mean of results and its interval, from every run: computed by the server, and in an
 * export by the page, which has the quantiles that it takes from the server.
 */
import { type Interval, meanOf } from "@ml-mosaic/statistics/sample";
import type { Estimate, Groups } from "./answers.ts";
import type { ColumnData, NumberColumn } from "./columns.ts";

export type GroupValue = string | number | null;

export interface RunGroup {
  readonly values: readonly GroupValue[];
  /** Rows of the columns. */
  readonly rows: Uint32Array;
}

export const meanInterval = "95 % t interval of the mean";

/** With more combinations of values than these, groups are looked up by their key. */
const mostPlaces = 2 ** 22;

/** Groups in the order in which they first occur. Plain loops: iterators of so many rows take five times as long. */
export function groupRows(by: readonly ColumnData[], rows: ArrayLike<number>): readonly RunGroup[] {
  const coded = by.map(codesOf);
  const { places, firsts } = placesOf(coded, rows);
  // Where the rows of each group begin among all of them.
  const starts = new Uint32Array(firsts.length + 1);
  for (let index = 0; index < places.length; index += 1) {
    const next = (places[index] ?? 0) + 1;
    starts[next] = (starts[next] ?? 0) + 1;
  }
  for (let place = 0; place < firsts.length; place += 1)
    starts[place + 1] = (starts[place + 1] ?? 0) + (starts[place] ?? 0);
  const [ordered, ends] = [new Uint32Array(places.length), starts.slice()];
  for (let index = 0; index < places.length; index += 1) {
    const place = places[index] ?? 0;
    const at = ends[place] ?? 0;
    ordered[at] = rows[index] ?? 0;
    ends[place] = at + 1;
  }
  return firsts.map((row, place) => ({
    values: coded.map(({ codes, valueIn }) => valueIn(codes[row] ?? 0)),
    rows: ordered.subarray(starts[place], starts[place + 1]),
  }));
}

/** Of each of the rows the place of its group, and of each group its first row. */
function placesOf(coded: readonly Codes[], rows: ArrayLike<number>) {
  const places = new Uint32Array(rows.length);
  const firsts: number[] = [];
  const combinations = coded.reduce((product, { count }) => product * count, 1);
  if (combinations <= mostPlaces) {
    const numbers = numbersOf(coded, rows);
    // Counted from 1.
    const known = new Uint32Array(combinations);
    for (let index = 0; index < numbers.length; index += 1) {
      const number = numbers[index] ?? 0;
      if (known[number] === 0) known[number] = firsts.push(rows[index] ?? 0);
      places[index] = (known[number] ?? 0) - 1;
    }
  } else {
    const known = new Map<string, number>();
    for (let index = 0; index < rows.length; index += 1) {
      const row = rows[index] ?? 0;
      const key = coded.map(({ codes }) => codes[row]).join();
      const place = known.get(key) ?? firsts.push(row) - 1;
      known.set(key, place);
      places[index] = place;
    }
  }
  return { places, firsts };
}

/** A number for each combination of values. */
function numbersOf(coded: readonly Codes[], rows: ArrayLike<number>): Uint32Array {
  const numbers = new Uint32Array(rows.length);
  for (const { codes, count } of coded)
    for (let index = 0; index < numbers.length; index += 1)
      numbers[index] = (numbers[index] ?? 0) * count + (codes[rows[index] ?? 0] ?? 0);
  return numbers;
}

interface Codes {
  /** 0 is no value. */
  readonly codes: Uint32Array;
  readonly count: number;
  readonly valueIn: (code: number) => GroupValue;
}

function codesOf(column: ColumnData): Codes {
  if (column.kind === "text") {
    // That of no text is the largest there is.
    const codes = column.codes.map((code) => code + 1);
    return { codes, count: column.texts.length + 1, valueIn: (code) => column.texts[code - 1] ?? null };
  }
  const numbers: number[] = [];
  const known = new Map<number, number>();
  const codes = new Uint32Array(column.values.length);
  for (let row = 0; row < codes.length; row += 1) {
    if (column.missing?.[row] === 1) continue;
    const value = column.values[row] ?? Number.NaN;
    const code = known.get(value) ?? numbers.push(value);
    known.set(value, code);
    codes[row] = code;
  }
  const valueIn = (code: number) => {
    const value = numbers[code - 1] ?? null;
    return value === null || Number.isFinite(value) ? value : String(value);
  };
  return { codes, count: numbers.length + 1, valueIn };
}

export interface GroupedColumns {
  readonly by: readonly ColumnData[];
  readonly results: readonly ColumnData[];
  readonly status: ColumnData;
}

/** @param intervalOf two values or more */
export function groupsOf(
  { by, results, status }: GroupedColumns,
  rows: ArrayLike<number>,
  intervalOf: (values: readonly number[]) => Interval,
): Groups {
  const numbers = results.map((column): NumberColumn => {
    if (column.kind === "number") return column;
    throw new RangeError(`${column.name} has texts, of which there is no mean; choose a column of numbers`);
  });
  return {
    by: by.map(({ name }) => name),
    results: results.map(({ name }) => name),
    interval: meanInterval,
    groups: groupRows(by, rows).map(({ values, rows: ofGroup }) => ({
      values,
      runs: ofGroup.length,
      failed: countFailed(status, ofGroup),
      estimates: numbers.map((column) => estimateOf(finiteValues(column, ofGroup), intervalOf)),
    })),
  };
}

function countFailed(status: ColumnData, rows: Uint32Array): number {
  const failed = status.kind === "text" ? status.texts.indexOf("error") : -1;
  if (status.kind !== "text" || failed < 0) return 0;
  let count = 0;
  for (let index = 0; index < rows.length; index += 1) if (status.codes[rows[index] ?? 0] === failed) count += 1;
  return count;
}

/** Those that are not finite, as of runs that failed, do not count. */
function finiteValues({ values }: NumberColumn, rows: Uint32Array): readonly number[] {
  const finite: number[] = [];
  for (let index = 0; index < rows.length; index += 1) {
    const value = values[rows[index] ?? 0] ?? Number.NaN;
    if (Number.isFinite(value)) finite.push(value);
  }
  return finite;
}

function estimateOf(values: readonly number[], intervalOf: (values: readonly number[]) => Interval): Estimate {
  const n = values.length;
  if (n === 0) return { mean: null, low: null, high: null, n };
  const mean = meanOf(values);
  return n === 1 ? { mean, low: null, high: null, n } : { mean, ...intervalOf(values), n };
}
