import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readText, valueText } from "./scalars.ts";
import { mostValues, parseValue, repeatedValue } from "./values.ts";

function expand(text: string): readonly string[] {
  const result = parseValue(text);
  if (!result.ok) throw new Error(result.faults.map(({ message }) => message).join(" "));
  return result.value.values;
}

describe("parseValue", () => {
  test("keeps the quotes of texts that would be numbers or booleans without them, where they are wanted", () => {
    const kept = parseValue('"008", 008, "true", "1E234", "a, b", """1""", ""', { quotes: "kept" });
    const texts = ['"008"', "008", '"true"', '"1E234"', "a, b", '""1""', ""];
    expect(kept).toMatchObject({ value: { values: texts } });
    expect(texts.map(readText)).toEqual(["008", 8, "true", "1E234", "a, b", '"1"', ""]);
    expect(["1e-2", ".010", "TRUE", "3.0", '"3.0"', "x"].map(valueText)).toEqual([
      "0.01",
      "0.01",
      "True",
      "3",
      '"3.0"',
      "x",
    ]);
  });

  test.each<[string, readonly string[]]>([
    ["{2-5}", ["2", "3", "4", "5"]],
    ["{-2-2}", ["-2", "-1", "0", "1", "2"]],
    ["{-5--3}", ["-5", "-4", "-3"]],
    ["{-0-1}", ["0", "1"]],
    ["{10-100:30}", ["10", "40", "70", "100"]],
    ["{10-100:40}", ["10", "50", "90"]],
    ["{ 1 - 2 : 1 }", ["1", "2"]],
    ["{3-3}", ["3"]],
    ["{0.1-0.5:0.1}", ["0.1", "0.2", "0.3", "0.4", "0.5"]],
    ["{0-1:.25}", ["0", "0.25", "0.5", "0.75", "1"]],
    ["{-0.2-0.2:0.20}", ["-0.2", "0", "0.2"]],
    ["{0.98-1.02:0.01}, 2", ["0.98", "0.99", "1", "1.01", "1.02", "2"]],
    ["{1-2:0.4}", ["1", "1.4", "1.8"]],
    ["{10.0-30:10}", ["10", "20", "30"]],
    ["log(1e-5, 1e-1, 5)", ["0.00001", "0.0001", "0.001", "0.01", "0.1"]],
    ["0, log( 1 ,100,3 ), 7", ["0", "1", "10", "100", "7"]],
    ["log(1, 2, 3)", ["1", "1.41421356237", "2"]],
    ["log(3, 3e20, 2)", ["3", "300000000000000000000"]],
    ["a, b, c", ["a", "b", "c"]],
    ["1, 2, {4-10}", ["1", "2", "4", "5", "6", "7", "8", "9", "10"]],
    ["{4-6}, 1, 2", ["4", "5", "6", "1", "2"]],
    ["{1-2},{8-9}", ["1", "2", "8", "9"]],
    ["0.1", ["0.1"]],
    ["1e-3, 1e+3, -4, +.5", ["1e-3", "1e+3", "-4", "+.5"]],
    ['"a, b"', ["a, b"]],
    ['" {2-5} ", c', [" {2-5} ", "c"]],
    ['"say ""hi"""', ['say "hi"']],
    ['""', [""]],
    ["./my dir/m.ts", ["./my dir/m.ts"]],
    ["50%", ["50%"]],
    ["%(x)s, $1", ["%(x)s", "$1"]],
    ["a-b", ["a-b"]],
    ["[5], f(x), :(, b", ["[5]", "f(x)", ":(", "b"]],
    ['"[1,2]", "log(1,2)"', ["[1,2]", "log(1,2)"]],
    ["", []],
    ["   ", []],
  ])("%s", (text, values) => expect(expand(text)).toEqual(values));

  test("tells lists from single values", () => {
    const isList = (text: string) => {
      const result = parseValue(text);
      return result.ok && result.value.isList;
    };
    expect(["a", '"a, b"', "a b", ""].map(isList)).toEqual([false, false, false, false]);
    expect(["a, b", "{1-3}", "{3-3}"].map(isList)).toEqual([true, true, true]);
  });

  test.each([
    ["{5-2}", "empty-range", "{2-5}"],
    ["[1,2]", "comma in brackets", 'Write 1,2 for a list; a single text that has commas needs quotes: "[1,2]"'],
    ["0, (1, 2), 3", "comma in brackets", "Write 1, 2 for a list"],
    ["3, [[1,2],[3,4]]", "comma in brackets", 'quotes: "[[1,2],[3,4]]"'],
    ["a[0,1]b", "comma in brackets", 'quotes: "a[0,1]b"'],
    ["{a-b}", "malformed-range", "{2-5}"],
    ["{1-}", "malformed-range", "{2-5}"],
    ["{}", "malformed-range", "{2-5}"],
    ["{1,2}", "malformed-range", "1,2"],
    ["{0.1-0.5}", "no-step", "{0.1-0.5:0.1}"],
    ["{1-5:0}", "bad-step", "{1-5:1}"],
    ["{1-5:-1}", "bad-step", "{1-5:1}"],
    ["{1-99999999999999999999}", "range-too-large", "smaller"],
    ["{1-1000000000}", "too-many-values", "step"],
    ["{1-600000}, {1-600000}", "too-many-values", "step"],
    ["{1-5", "unclosed-range", "{2-5}"],
    ["{1-5}x", "text-after-range", '"{1-5}x"'],
    ["conv{1-5}", "misplaced-brace", '"conv{1-5}"'],
    ['"a, b', "unclosed-quote", '"a, b"'],
    ['"a" b', "text-after-quote", "comma"],
    ['a "b', "misplaced-quote", '"a ""b"'],
    ["a,, b", "empty-element", "comma"],
    ["a,", "empty-element", "comma"],
    [",", "empty-element", "comma"],
  ])("refuses %s", (text, _what, remedy) => {
    const result = parseValue(text);
    if (result.ok) throw new Error(`it became ${result.value.values.slice(0, 5)}`);
    expect(result.faults[0]?.remedy).toContain(remedy);
  });

  test.each([
    [
      "log()",
      '"log()" has 0 numbers in its brackets. Write log(smallest, largest, how many), as in log(1e-5, 1e-1, 5).',
    ],
    [
      "log(1)",
      '"log(1)" has 1 number in its brackets. Write log(smallest, largest, how many), as in log(1e-5, 1e-1, 5).',
    ],
    [
      "log(1, 2)",
      '"log(1, 2)" has 2 numbers in its brackets. Write log(smallest, largest, how many), as in log(1e-5, 1e-1, 5).',
    ],
    [
      "log(1, 2, 3, 4)",
      '"log(1, 2, 3, 4)" has 4 numbers in its brackets. Write log(smallest, largest, how many), as in log(1e-5, 1e-1, 5).',
    ],
    [
      "log(a, 2, 3)",
      '"log(a, 2, 3)" has "a", which is no number. Write log(smallest, largest, how many), as in log(1e-5, 1e-1, 5).',
    ],
    [
      "log(1, , 3)",
      '"log(1, , 3)" has an empty place. Write log(smallest, largest, how many), as in log(1e-5, 1e-1, 5).',
    ],
    ["log(0, 1, 3)", '"log(0, 1, 3)" has a bound that is not above 0. Write bounds above 0, or a list.'],
    ["log(-1, 1, 3)", '"log(-1, 1, 3)" has a bound that is not above 0. Write bounds above 0, or a list.'],
    ["log(1, 2, 1)", '"log(1, 2, 1)" is to have 1 values. Write a whole number of at least 2 as the last one.'],
    ["log(1, 2, 2.5)", '"log(1, 2, 2.5)" is to have 2.5 values. Write a whole number of at least 2 as the last one.'],
    ["log(2, 1, 3)", '"log(2, 1, 3)" is empty. Write the smaller bound first: log(1, 2, 3).'],
    ["log(2, 2.0, 3)", '"log(2, 2.0, 3)" begins where it ends. Write two different bounds, or the value alone.'],
    [
      "log(1, 2, 1e9)",
      '"log(1, 2, 1e9)" has 1000000000 values. Write at most 1000000; a step thins a range out, as in {0-1000:100}.',
    ],
    ["{0.1-0.5}", '"{0.1-0.5}" has no step. Write one behind a colon: {0.1-0.5:0.1}.'],
    ["{0.25-1}", '"{0.25-1}" has no step. Write one behind a colon: {0.25-1:0.01}.'],
    ["{0.1-0.5:0}", '"{0.1-0.5:0}" has a step of 0. Write a step above 0: {0.1-0.5:0.1}.'],
    ["{0.1-0.5:-0.1}", '"{0.1-0.5:-0.1}" has a step of -0.1. Write a step above 0: {0.1-0.5:0.1}.'],
    ["{0.5-0.1:0.1}", '"{0.5-0.1:0.1}" is an empty range. Write the smaller bound first: {0.1-0.5:0.1}.'],
    [
      "{1e-3-1e-1:1e-3}",
      '"{1e-3-1e-1:1e-3}" is not a range. Ranges have no exponents: write decimals, a list, or log(1e-5, 1e-1, 5).',
    ],
    [
      "{0.1-:0.1}",
      '"{0.1-:0.1}" is not a range. Write {smallest-largest} or {smallest-largest:step}, as in {2-5}; braces that are text need quotes.',
    ],
    [
      "{0.1-x:0.1}",
      '"{0.1-x:0.1}" is not a range. Write {smallest-largest} or {smallest-largest:step}, as in {2-5}; braces that are text need quotes.',
    ],
    ["{0,1-0,5:0,1}", '"{0,1-0,5:0,1}" is not a range. Write a list without braces: 0,1-0,5:0,1.'],
    [
      "{0.1-0.5:0.1:0.1}",
      '"{0.1-0.5:0.1:0.1}" is not a range. Write {smallest-largest} or {smallest-largest:step}, as in {2-5}; braces that are text need quotes.',
    ],
    [
      "{0.00000000000000001-1:0.1}",
      '"{0.00000000000000001-1:0.1}" has more digits than a number holds. Write smaller bounds.',
    ],
    [
      "{0-1:0.0000001}",
      '"{0-1:0.0000001}" has 10000001 values. Write at most 1000000; a step thins a range out, as in {0-1000:100}.',
    ],
  ])("says of %s", (text, message) => {
    const result = parseValue(text);
    expect(result.ok ? [] : result.faults.map((fault) => `${fault.message} ${fault.remedy}`)).toEqual([message]);
  });

  test("steps of decimals are exact, whatever they are", () => {
    const inside = { min: -10_000, max: 10_000 };
    fc.assert(
      fc.property(fc.integer(inside), fc.nat(50), fc.integer({ min: 1, max: 500 }), (first, count, step) => {
        const text = (hundredths: number) => (hundredths / 100).toFixed(2);
        const values = expand(`{${text(first)}-${text(first + count * step)}:${text(step)}}`);
        expect(values).toEqual(Array.from({ length: count + 1 }, (_, index) => String((first + index * step) / 100)));
      }),
    );
  });

  test("reports every fault of a list", () => {
    const result = parseValue("{5-2}, , {a}");
    expect(result.ok ? [] : result.faults.map(({ message }) => message)).toEqual([
      '"{5-2}" is an empty range.',
      '"{5-2}, , {a}" has an empty place in its list.',
      '"{a}" is not a range.',
    ]);
  });

  test("takes a range up to the limit", () => expect(expand(`{1-${mostValues}}`)).toHaveLength(mostValues));

  test("refuses more than it may have, before it is expanded", () => {
    for (const text of ["{1-1000000000}", "1, {2-4}", "1, 2, 3, 4"]) {
      const result = parseValue(text, { most: 3 });
      expect(result.ok ? [] : result.faults.map(({ remedy }) => remedy.slice(0, 16))).toEqual(["Write at most 3;"]);
    }
  });

  test("stops after some faults", () => {
    const result = parseValue(",".repeat(1_000_000));
    expect(result.ok ? 0 : result.faults.length).toBe(20);
  });

  test("never throws on arbitrary text", () => {
    const piece = fc.oneof(fc.string(), fc.constantFrom("{", "}", ",", '"', "-", "1", ":", " "));
    fc.assert(
      fc.property(fc.array(piece), (pieces) => {
        const result = parseValue(pieces.join(""));
        expect(result.ok || result.faults.length > 0).toBe(true);
      }),
    );
  });

  test("quoting brings every list of texts back", () => {
    fc.assert(
      fc.property(fc.array(fc.string(), { minLength: 1 }), (texts) => {
        expect(expand(texts.map((text) => `"${text.replaceAll('"', '""')}"`).join(", "))).toEqual(texts);
      }),
    );
  });
});

test("repeatedValue compares as it is told", () => {
  expect(repeatedValue(["1", "2", "1"])).toBe("1");
  expect(repeatedValue(["1e-2", "0.01"])).toBeUndefined();
  expect(repeatedValue(["1e-2", "0.01"], Number)).toBe("0.01");
});
