import { describe, expect, test } from "vitest";
import { describeProblem } from "../problem.ts";
import { list, map } from "./collection-types.ts";
import { literal } from "./literal.ts";
import { any, float, int, string } from "./scalar-types.ts";
import type { Reading } from "./type.ts";
import { union } from "./union.ts";

function lines(reading: Reading<unknown>): readonly string[] {
  return reading.ok ? [] : reading.problems.map(describeProblem);
}

describe("literal", () => {
  const type = literal("bce", "dice", 3, false);

  test("takes its values and nothing else", () => {
    expect(type.read("bce")).toEqual({ ok: true, value: "bce" });
    expect(type.read(false)).toEqual({ ok: true, value: false });
    expect(type.read("3").ok).toBe(false);
    expect(lines(type.read("Dise"))).toEqual([
      'expected one of "bce", "dice", 3, false, got "Dise"; did you mean "dice"?',
    ]);
    expect(lines(literal("bce").read(4))).toEqual(['expected "bce", got 4']);
  });

  test("takes words in any letter case, unless it tells two of them apart", () => {
    expect(type.read("Dice")).toEqual({ ok: true, value: "dice" });
    expect(literal("a", "A", "b").read("B")).toEqual({ ok: true, value: "b" });
    expect(literal("abc", "ABC").read("ABC")).toEqual({ ok: true, value: "ABC" });
    expect(lines(literal("abc", "ABC").read("Abc"))).toHaveLength(1);
  });

  test("reads numbers and booleans from text", () => {
    expect(type.read("3", { text: true })).toEqual({ ok: true, value: 3 });
    expect(type.read("False", { text: true })).toEqual({ ok: true, value: false });
    expect(literal("3", 3).read("3", { text: true })).toEqual({ ok: true, value: "3" });
  });
});

describe("list and map", () => {
  test("report every wrong part with its place", () => {
    expect(lines(list(int).read([1, 2.5, "x"]))).toEqual([
      "[1]: expected an integer, got 2.5",
      '[2]: expected an integer, got "x"',
    ]);
    expect(lines(map(list(float)).read({ conv: [1], "my layer": ["x"] }))).toEqual([
      '["my layer"][0]: expected a number, got "x"',
    ]);
    expect(lines(list(int).read({}))).toEqual(["expected a list (each item an integer), got {}"]);
    expect(lines(map(int).read([1]))).toEqual(["expected a map (each value an integer), got [ 1 ]"]);
    expect(map(int).read(new Map([["a", 1]])).ok).toBe(false);
  });

  test("a hole in an array is an item that is wrong", () => {
    // biome-ignore lint/suspicious/noSparseArray: the hole is what is tested
    expect(lines(list(int).read([1, , 3]))).toEqual(["[1]: expected an integer, got undefined"]);
  });

  test("copy what they are given", () => {
    const given = [{ a: 1 }];
    const reading = list(map(int)).read(given);
    if (!reading.ok) expect.fail();
    expect(reading.value).toEqual(given);
    expect(reading.value).not.toBe(given);
    expect(reading.value[0]).not.toBe(given[0]);
  });

  test("read text inside", () => {
    expect(list(int).read(["4", 5], { text: true })).toEqual({ ok: true, value: [4, 5] });
    expect(list(int).read("4, {5-6}", { text: true })).toEqual({ ok: true, value: [4, 5, 6] });
    expect(list(list(int)).read("[1, 2], [3]", { text: true })).toEqual({ ok: true, value: [[1, 2], [3]] });
    expect(list(int).read("", { text: true })).toEqual({ ok: true, value: [] });
    expect(list(int).read("4,", { text: true })).toMatchObject({ problems: [{ kind: "text", path: [] }] });
    expect(list(int).read("4, x", { text: true })).toMatchObject({ problems: [{ kind: "invalid", path: [1] }] });
    expect(list(int).read("4, 5").ok).toBe(false);
  });

  test("keep names that mean something to JavaScript", () => {
    const value: unknown = JSON.parse('{ "__proto__": 1, "constructor": 2 }');
    const reading = map(int).read(value);
    if (!reading.ok) expect.fail();
    expect(Object.entries(reading.value)).toEqual([
      ["__proto__", 1],
      ["constructor", 2],
    ]);
  });
});

describe("union", () => {
  test("the first type that accepts wins", () => {
    expect(union(int, string).read("4", { text: true })).toEqual({ ok: true, value: 4 });
    expect(union(string, int).read("4", { text: true })).toEqual({ ok: true, value: "4" });
    expect(union(int, string).read("4")).toEqual({ ok: true, value: "4" });
    expect(union(int, any).read(undefined)).toEqual({ ok: true, value: undefined });
  });

  test("names all types, or the one mistake inside the type that was meant", () => {
    expect(lines(union(int, list(int)).read(true))).toEqual([
      "expected an integer or a list (each item an integer), got true",
    ]);
    expect(lines(union(int, list(int)).read([1, true]))).toEqual(["[1]: expected an integer, got true"]);
    expect(lines(union(list(string), list(int)).read([1, true]))).toEqual([
      "expected a list (each item a string) or a list (each item an integer), got [ 1, true ]",
    ]);
  });
});
