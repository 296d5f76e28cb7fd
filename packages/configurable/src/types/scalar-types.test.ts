import { resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { any, boolean, float, int, path, string } from "./scalar-types.ts";
import type { Type } from "./type.ts";

/** The value, or the word "refused": what a table of cases needs. */
function outcome(type: Type<unknown>, value: unknown, text: boolean): unknown {
  const reading = type.read(value, { text });
  return reading.ok ? reading.value : "refused";
}

describe("typed values", () => {
  test.each<[string, Type<unknown>, unknown, unknown]>([
    ["int", int, 4, 4],
    ["int", int, -0, 0],
    ["int", int, 4.5, "refused"],
    ["int", int, 2 ** 53, "refused"],
    ["int", int, "4", "refused"],
    ["int", int, 4n, "refused"],
    ["int", int, true, "refused"],
    ["int", int, null, "refused"],
    ["float", float, 4, 4],
    ["float", float, 0.5, 0.5],
    ["float", float, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY],
    ["float", float, Number.NaN, "refused"],
    ["float", float, "0.5", "refused"],
    ["string", string, "", ""],
    ["string", string, 4, "refused"],
    ["boolean", boolean, false, false],
    ["boolean", boolean, 0, "refused"],
    ["boolean", boolean, "true", "refused"],
    ["path", path, "a/b", "a/b"],
    ["path", path, "", "refused"],
    ["path", path, "a\0b", "refused"],
    ["any", any, "4", "4"],
    ["any", any, null, null],
  ])("%s", (_name, type, value, expected) => {
    expect(outcome(type, value, false)).toBe(expected);
  });
});

describe("text values", () => {
  test.each<[string, Type<unknown>, unknown, unknown]>([
    ["int", int, "4", 4],
    ["int", int, "+4", 4],
    ["int", int, "-4", -4],
    ["int", int, "-0", 0],
    ["int", int, "1e3", 1000],
    ["int", int, "1e+3", 1000],
    ["int", int, "4.0", 4],
    ["int", int, "4.5", "refused"],
    ["int", int, "1e-3", "refused"],
    ["int", int, "9007199254740993", "refused"],
    ["int", int, "inf", "refused"],
    ["int", int, "", "refused"],
    ["int", int, " 4", "refused"],
    ["int", int, "0x10", "refused"],
    ["int", int, "1_000", "refused"],
    ["int", int, 7, 7],
    ["float", float, "1e-3", 0.001],
    ["float", float, ".5", 0.5],
    ["float", float, "4", 4],
    ["float", float, "-inf", Number.NEGATIVE_INFINITY],
    ["float", float, ".inf", Number.POSITIVE_INFINITY],
    ["float", float, "1e999", "refused"],
    ["float", float, "nan", "refused"],
    ["float", float, ".", "refused"],
    ["float", float, 0.25, 0.25],
    ["string", string, "4", "4"],
    ["string", string, 4, "refused"],
    ["boolean", boolean, "true", true],
    ["boolean", boolean, "True", true],
    ["boolean", boolean, "FALSE", false],
    ["boolean", boolean, "1", "refused"],
    ["boolean", boolean, "yes", "refused"],
    ["boolean", boolean, true, true],
    ["any", any, "4", 4],
    ["any", any, "1e-3", 0.001],
    ["any", any, "False", false],
    ["any", any, "None", "None"],
    ["any", any, "./my dir/m.ts", "./my dir/m.ts"],
  ])("%s", (_name, type, value, expected) => {
    expect(outcome(type, value, true)).toBe(expected);
  });
});

test("a path starts at the folder, and stays where it is absolute", () => {
  expect(path.read("data/a.csv", { folder: "/work" })).toEqual({ ok: true, value: resolve("/work", "data/a.csv") });
  expect(path.read("/data/a.csv", { folder: "/work" })).toEqual({ ok: true, value: resolve("/data/a.csv") });
});
