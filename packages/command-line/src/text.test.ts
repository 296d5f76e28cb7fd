import { describe, expect, test } from "vitest";
import { barText, numberText, shortenText, tableText } from "./text.ts";

describe("texts", () => {
  test.each([
    [null, ""],
    [undefined, ""],
    [0, "0"],
    [0.123456, "0.1235"],
    [12345.6, "12350"],
    [0.00012345, "1.234e-4"],
    [-2e9, "-2.000e+9"],
    [Number.NaN, "NaN"],
    [Number.NEGATIVE_INFINITY, "-Infinity"],
  ])("number %s", (value, text) => expect(numberText(value)).toBe(text));

  test("lines up columns, wide characters too", () => {
    expect(
      tableText(
        ["name", "n"],
        [
          ["模型", "1"],
          ["a", "100"],
        ],
        [1],
      ),
    ).toBe(["name    n", "----  ---", "模型    1", "a     100"].join("\n"));
  });

  test("keeps each row of a table on one line", () => {
    const table = tableText(["error", "n"], [["Trace:\nFile\u001b[2J", "1"]], [1]);
    expect(table.split("\n")).toEqual(["error            n", "---------------  -", "Trace: File [2J  1"]);
  });

  test("draws bars and shortens", () => {
    expect(barText(0.5, 4)).toBe("██░░");
    expect([barText(-1, 2), barText(2, 2)]).toEqual(["░░", "██"]);
    expect([shortenText("abc", 3), shortenText("abcd", 3), shortenText("abcd", 0)]).toEqual(["abc", "ab…", "…"]);
  });
});

test("a table may have more rows than a call has room for", () => {
  const rows = Array.from({ length: 150_000 }, (_, row) => [String(row)]);
  expect(tableText(["row"], rows, [0]).split("\n")).toHaveLength(150_002);
});
