import { expect, test } from "vitest";
import { type Columns, decodeColumns, encodeColumns, noText } from "./columns.ts";

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
