import { evaluate, parseCondition } from "ml-mosaic/conditions";
import { expect, test } from "vitest";
import { noText } from "../../wire/columns.ts";
import { matchingRows } from "../../wire/matching-rows.ts";
import { type Cell, RunTable } from "../../wire/run-table.ts";
import { csvText } from "./csv.ts";
import { idRanges, idsOfRanges } from "./id-ranges.ts";
import { sortRows } from "./sort-rows.ts";

function exampleTable(): RunTable {
  const table = new RunTable();
  table.add({
    cursor: "1",
    rows: 7,
    columns: [
      { name: "id", kind: "number", values: new Float64Array([1, 2, 3, 5, 8, 9, 10]), missing: null },
      {
        name: "loss",
        kind: "number",
        values: new Float64Array([0.5, Number.NaN, -3, 0, Number.POSITIVE_INFINITY, 7e-9, -0]),
        missing: new Uint8Array([0, 0, 0, 1, 0, 0, 0]),
      },
      {
        name: "model",
        kind: "text",
        codes: new Uint32Array([0, 1, 2, noText, 1, 0, 3]),
        texts: ["Mlp(16)", "Mlp(8)", "4", "<img>"],
      },
      {
        name: "tag",
        kind: "text",
        codes: new Uint32Array([0, 1, noText, noText, 0, 1, 1]),
        texts: ["best, old", "old"],
      },
    ],
  });
  return table;
}

const conditions = [
  "loss > 0",
  "not loss > 0",
  'loss <= 0.5 and model = "Mlp(16)"',
  'loss = 0 or model in (4, "Mlp(8)")',
  "loss != 0",
  "not (loss > 0 and model = 4)",
  "loss = nan",
  "loss = inf",
  'model = "4"',
  "model = 4.0",
  'model != "Mlp(8)"',
  "model > 3",
  "not model > 3",
  "loss in (0.5, -3)",
  "not loss in (0.5, -3)",
  "loss > 1e-9 or loss < 0 or model = nothing",
  "id >= 5 and not id = 8",
];

test.each(conditions)("%s: holds for the same rows as for runs one by one", (text) => {
  const table = exampleTable();
  const parsed = parseCondition(text);
  if (!parsed.ok) throw new Error(parsed.fault.message);
  const expected = [0, 1, 2, 3, 4, 5, 6].filter((row) => evaluate(parsed.condition, (name) => table.cell(name, row)));
  expect([...matchingRows(table, parsed.condition)]).toEqual(expected);
});

test.each([
  ["tag = best", [1, 8]],
  ["tag != best", [2, 3, 5, 9, 10]],
  ["tag = None", [3, 5]],
  ["tag in (best, old)", [1, 2, 8, 9, 10]],
  ["unheard = 1", []],
])("%s: a run has many tags", (text, ids) => {
  const table = exampleTable();
  const parsed = parseCondition(text);
  if (!parsed.ok) throw new Error(parsed.fault.message);
  expect([...matchingRows(table, parsed.condition)].map((row) => table.id(row))).toEqual(ids);
});

test("numbers are sorted by size, NaN and then what is missing last in either direction", () => {
  const table = exampleTable();
  const column = table.column("loss");
  if (column === undefined) throw new Error("no column");
  const sorted = (isDescending: boolean) =>
    [...sortRows(matchingRows(table, undefined), column, isDescending)].map((row) => table.cell("loss", row));
  expect(sorted(false)).toEqual([-3, -0, 7e-9, 0.5, Number.POSITIVE_INFINITY, Number.NaN, null]);
  expect(sorted(true)).toEqual([Number.POSITIVE_INFINITY, 0.5, 7e-9, -0, -3, Number.NaN, null]);
});

test("texts are sorted with the numbers in them by size", () => {
  const table = exampleTable();
  const column = table.column("model");
  if (column === undefined) throw new Error("no column");
  const sorted = (isDescending: boolean) =>
    [...sortRows(matchingRows(table, undefined), column, isDescending)].map((row) => [
      table.id(row),
      table.cell("model", row),
    ]);
  expect(sorted(false).slice(-5)).toEqual([
    [2, "Mlp(8)"],
    [8, "Mlp(8)"],
    [1, "Mlp(16)"],
    [9, "Mlp(16)"],
    [5, null],
  ]);
  expect(sorted(true).slice(0, 2)).toEqual([
    [1, "Mlp(16)"],
    [9, "Mlp(16)"],
  ]);
  expect(sorted(true).at(-1)).toEqual([5, null]);
});

test("random numbers come out in the order in which a comparison has them", () => {
  const values = Float64Array.from({ length: 5000 }, (_, index) => Math.sin(index * index) * 10 ** ((index % 40) - 20));
  const rows = values.map((_, row) => row);
  const sorted = sortRows(Uint32Array.from(rows), { name: "x", kind: "number", values, missing: null }, false);
  expect(Float64Array.from(sorted, (row) => values[row] ?? 0)).toEqual(values.toSorted());
});

test("changes: new runs are appended, old ones changed, and what does not fit is refused", () => {
  const table = exampleTable();
  expect(table.change([9, 11, 12], { loss: [null, 2, "NaN"], model: ["4", "new", null], other: [1, 2, 3] })).toBe(true);
  const rows: readonly (readonly Cell[])[] = [5, 6, 7, 8].map((row) =>
    ["id", "loss", "model", "tag"].map((name) => table.cell(name, row)),
  );
  expect(rows).toEqual([
    [9, null, "4", "old"],
    [10, -0, "<img>", "old"],
    [11, 2, "new", null],
    [12, Number.NaN, null, null],
  ]);
  expect(table.change([4], { loss: [1] })).toBe(false);
  expect(table.change([9], { loss: ["a text"] })).toBe(false);
});

test("a table of no run takes its first one", () => {
  const table = new RunTable();
  table.add({
    cursor: "",
    rows: 0,
    columns: [{ name: "id", kind: "number", values: new Float64Array(), missing: null }],
  });
  expect(table.change([4], {})).toBe(true);
  expect([table.rows, table.id(0)]).toEqual([1, 4]);
});

test("ids are written as ranges and read back", () => {
  expect(idRanges([9, 1, 2, 3, 5, 4])).toBe("1-5,9");
  expect([...idsOfRanges("1-3,9,x,-4")]).toEqual([1, 2, 3, 9]);
});

test("CSV has its quotes doubled and its numbers in full", () => {
  expect(
    csvText(
      ["id", 'a "b", c'],
      [
        [1, 0.1 + 0.2],
        [2, null],
        [3, "x\ny"],
      ],
    ),
  ).toBe('id,"a ""b"", c"\r\n1,0.30000000000000004\r\n2,\r\n3,"x\ny"\r\n');
});
