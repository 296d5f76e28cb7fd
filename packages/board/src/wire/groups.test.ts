import { expect, test } from "vitest";
import { type ColumnData, noText } from "./columns.ts";
import { groupRows } from "./groups.ts";

const rows = 3000;
const number = (name: string, valueIn: (row: number) => number): ColumnData => ({
  name,
  kind: "number",
  values: Float64Array.from({ length: rows }, (_, row) => valueIn(row)),
  missing: null,
});
const columns: Readonly<Record<string, ColumnData>> = {
  text: {
    name: "text",
    kind: "text",
    texts: ["b", "a"],
    codes: Uint32Array.from({ length: rows }, (_, row) => [1, 0, noText][row % 3] ?? 0),
  },
  few: {
    name: "few",
    kind: "number",
    values: Float64Array.from({ length: rows }, (_, row) => [0.5, Number.NaN, 0, -1][row % 4] ?? 0),
    missing: Uint8Array.from({ length: rows }, (_, row) => (row % 4 === 2 ? 1 : 0)),
  },
  many: number("many", (row) => (row * 7) % 2900),
  others: number("others", (row) => (row * 11) % 2800),
  further: number("further", (row) => (row * 13) % 2700),
};

test.each([
  ["nothing", []],
  ["texts and numbers, with what is missing", ["text", "few"]],
  ["more combinations than have a place each", ["many", "others"]],
  ["more combinations than 32 bits count", ["many", "others", "further"]],
])("groups by %s are in the order in which they first occur, with each row once", (_, names) => {
  const by = names.flatMap((name) => columns[name] ?? []);
  const chosen = Array.from({ length: rows }, (_, row) => row).filter((row) => row % 5 !== 0);
  const expected = Map.groupBy(chosen, (row) =>
    JSON.stringify(
      by.map((column) => {
        if (column.kind === "text") return column.texts[column.codes[row] ?? noText] ?? null;
        const value = column.missing?.[row] === 1 ? null : (column.values[row] ?? null);
        return value === null || Number.isFinite(value) ? value : String(value);
      }),
    ),
  );
  const groups = groupRows(by, chosen);
  expect(groups.map(({ values, rows: ofGroup }) => [JSON.stringify(values), [...ofGroup]])).toEqual([...expected]);
});
