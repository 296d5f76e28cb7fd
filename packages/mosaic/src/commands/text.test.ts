import { describe, expect, it } from "vitest";
import { barText, clockText, countText, numberText, shortenText, tableText } from "./text.ts";

describe("texts", () => {
  it.each([
    [0, "00:00"],
    [59.6, "01:00"],
    [125, "02:05"],
    [3600, "1:00:00"],
    [-1, "00:00"],
  ])("clock of %s seconds", (seconds, text) => expect(clockText(seconds)).toBe(text));

  it.each([
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

  it("counts", () => {
    expect([countText(0, "run"), countText(1, "run"), countText(2, "run")]).toEqual(["0 runs", "1 run", "2 runs"]);
  });

  it("lines up columns, wide characters too", () => {
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

  it("draws bars and shortens", () => {
    expect(barText(0.5, 4)).toBe("██░░");
    expect([barText(-1, 2), barText(2, 2)]).toEqual(["░░", "██"]);
    expect([shortenText("abc", 3), shortenText("abcd", 3), shortenText("abcd", 0)]).toEqual(["abc", "ab…", "…"]);
  });
});
