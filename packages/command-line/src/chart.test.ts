import { expect, test } from "vitest";
import { chartText } from "./chart.ts";

const size = { columns: 10, rows: 5 };
const lines = (...values: readonly (readonly (number | null)[])[]) =>
  chartText(
    values.map((curve, index) => ({ name: `c${index}`, mark: "ab"[index] ?? "", values: curve })),
    size,
  ).split("\n");

test("draws curves, where they meet and what they are", () => {
  expect(lines([4, 3, 2, 1, 0], [4, 4, 2, 2, 2])).toEqual([
    "4 ┤◆b",
    "  ┤ a",
    "2 ┤  ◆bb",
    "  ┤   a",
    "0 ┤    a",
    "  └─────",
    "   1   5",
    "   a c0   b c1   ◆ both",
  ]);
});

test("is logarithmic over large ranges, and puts many steps into its width", () => {
  const drawn = lines(Array.from({ length: 1000 }, (_, step) => 10 ** (-step / 250)));
  expect(drawn.at(-1)).toContain("(logarithmic)");
  expect(drawn.at(-2)?.trim()).toBe("1     1000");
  expect(drawn.slice(0, 5).join("").match(/a/g)).toHaveLength(10);
});

test("leaves gaps, and is empty without a number", () => {
  expect(lines([1, Number.NaN, null, Number.POSITIVE_INFINITY, 3])[0]).toBe("3 ┤    a");
  expect(chartText([{ name: "a", mark: "a", values: [Number.NaN, null] }], size)).toBe("");
  expect(chartText([], size)).toBe("");
});

test("draws one point, and a flat curve in the middle", () => {
  expect(lines([0.5])).toEqual(["    ┤", "    ┤", "0.5 ┤a", "    ┤", "    ┤", "    └─", "     1", "     a c0"]);
  expect(lines([2, 2, 2])[2]).toBe("2 ┤aaa");
});
