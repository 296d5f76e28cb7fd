import { expect, test } from "vitest";
import { integerIn, numberIn, storedInteger } from "./stored-value.ts";

test.each([
  [0.1, 0.1],
  ["NaN", NaN],
  ["nan", NaN],
  ["inf", Infinity],
  ["-Infinity", -Infinity],
  ["1.5e-3", 0.0015],
  ["None", null],
  ["", null],
  [null, null],
])("a column that holds %j is read as the number %j", (stored, number) => {
  expect(numberIn({ column: stored }, "column")).toBe(number);
});

test("a bigint is a number too", () => {
  expect(numberIn({ column: 7n }, "column")).toBe(7);
});

test("a damaged whole number is an error that names it", () => {
  expect(() => integerIn({ epoch: "x" }, "epoch")).toThrow("epoch is x");
  expect(() => storedInteger(0.5)).toThrow(RangeError);
});
