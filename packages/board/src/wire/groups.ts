/**
 * Runs grouped by values of columns, with the mean of results and its interval, from every run: computed by the server, and in an
 * export by the page, which has the quantiles that it takes from the server.
 */
import { type Interval, meanOf } from "@ml-mosaic/statistics/sample";
import type { Estimate, Groups } from "./answers.ts";
import { type ColumnData, type NumberColumn, noText } from "./columns.ts";

export type GroupValue = string | number | null;

export interface RunGroup {
  readonly values: readonly GroupValue[];
  /** Rows of the columns. */
  readonly rows: readonly number[];
}

export const meanInterval = "95 % t interval of the mean";

/** With more combinations of values than these, groups are looked up by their key. */
const mostPlaces = 2 ** 22;

/** Groups in the order in which they first occur. */
export function groupRows(by: readonly ColumnData[], rows: Iterable<number>): readonly RunGroup[] {
  const coded = by.map(codesOf);
  const groups: { values: readonly GroupValue[]; rows: number[] }[] = [];
  const combinations = coded.reduce((product, { count }) => product * count, 1);
  const placeAt = combinations <= mostPlaces ? new Int32Array(combinations) : undefined;
  const places = new Map<number | string, number>();
  // Where all combinations have a number of their own that is exact, it is the key.
  const numberOf = (row: number) => {
    let key = 0;
    for (const { codes, count } of coded) key = key * count + (codes[row] ?? 0);
    return key;
  };
  const keyOf =
    combinations < Number.MAX_SAFE_INTEGER ? numberOf : (row: number) => coded.map(({ codes }) => codes[row]).join();
  const known = placeAt === undefined ? undefined : (row: number) => placeAt[numberOf(row)] ?? 0;
  for (const row of rows) {
    // Counted from 1.
    const place = known === undefined ? (places.get(keyOf(row)) ?? 0) : known(row);
    if (place > 0) {
      groups[place - 1]?.rows.push(row);
      continue;
    }
    groups.push({ values: coded.map(({ codes, valueIn }) => valueIn(codes[row] ?? 0)), rows: [row] });
    if (placeAt === undefined) places.set(keyOf(row), groups.length);
    else placeAt[numberOf(row)] = groups.length;
  }
  return groups;
}

interface Codes {
  /** 0 is no value. */
  readonly codes: Uint32Array;
  readonly count: number;
  readonly valueIn: (code: number) => GroupValue;
}

function codesOf(column: ColumnData): Codes {
  if (column.kind === "text") {
    const codes = column.codes.map((code) => (code === noText ? 0 : code + 1));
    return { codes, count: column.texts.length + 1, valueIn: (code) => column.texts[code - 1] ?? null };
  }
  const numbers: number[] = [];
  const known = new Map<number, number>();
  const codes = Uint32Array.from(column.values, (value, row) => {
    if (column.missing?.[row] === 1) return 0;
    const code = known.get(value) ?? numbers.push(value);
    known.set(value, code);
    return code;
  });
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
  rows: Iterable<number>,
  intervalOf: (values: readonly number[]) => Interval,
): Groups {
  const numbers = results.map((column): NumberColumn => {
    if (column.kind === "number") return column;
    throw new RangeError(`${column.name} has texts, of which there is no mean; choose a column of numbers`);
  });
  const failed = status.kind === "text" ? status.texts.indexOf("error") : -1;
  const hasFailed = (row: number) => status.kind === "text" && status.codes[row] === failed;
  return {
    by: by.map(({ name }) => name),
    results: results.map(({ name }) => name),
    interval: meanInterval,
    groups: groupRows(by, rows).map(({ values, rows: ofGroup }) => ({
      values,
      runs: ofGroup.length,
      failed: ofGroup.filter(hasFailed).length,
      estimates: numbers.map((column) =>
        estimateOf(
          ofGroup.map((row) => column.values[row] ?? Number.NaN),
          intervalOf,
        ),
      ),
    })),
  };
}

/** Values that are not finite, as of runs that failed, do not count. */
function estimateOf(values: readonly number[], intervalOf: (values: readonly number[]) => Interval): Estimate {
  const finite = values.filter(Number.isFinite);
  const n = finite.length;
  if (n === 0) return { mean: null, low: null, high: null, n };
  const mean = meanOf(finite);
  return n === 1 ? { mean, low: null, high: null, n } : { mean, ...intervalOf(finite), n };
}
