import { expect, test } from "vitest";
import { type Columns, decodeColumns, encodeColumns, firstRows, noText } from "./columns.ts";

test("columns arrive as they were sent: NaN and no value told apart, texts by their codes", () => {
  const columns: Columns = {
    cursor: "7",
    rows: 3,
    columns: [
      { name: "id", kind: "number", values: new Float64Array([1, 2, 3]), missing: null },
      {
        name: "test_loss",
        kind: "number",
        values: new Float64Array([Number.NaN, 0, Number.POSITIVE_INFINITY]),
        missing: new Uint8Array([0, 1, 0]),
      },
      { name: 'model, "a"', kind: "text", codes: new Uint32Array([1, noText, 0]), texts: ["", "<img>"] },
    ],
  };
  expect(decodeColumns(encodeColumns(columns).buffer)).toEqual(columns);
});

test("first rows come with their own texts alone, and say how many rows there are", () => {
  const columns: Columns = {
    cursor: "",
    rows: 4,
    columns: [
      { name: "lr", kind: "number", values: new Float64Array([1, 2, 3, 4]), missing: new Uint8Array([1, 0, 0, 1]) },
      { name: "model", kind: "text", codes: new Uint32Array([2, noText, 2, 0]), texts: ["a", "b", "c"] },
    ],
  };
  expect(decodeColumns(encodeColumns(firstRows(columns, 3)).buffer)).toEqual({
    cursor: "",
    rows: 4,
    columns: [
      { name: "lr", kind: "number", values: new Float64Array([1, 2, 3]), missing: new Uint8Array([1, 0, 0]) },
      { name: "model", kind: "text", codes: new Uint32Array([0, noText, 0]), texts: ["c"] },
    ],
  });
});
