import { describe, expect, test } from "vitest";
import { type CheckOptions, checkValues } from "./check-values.ts";
import { ConfigurationError } from "./configuration-error.ts";
import { describeProblem } from "./problem.ts";
import { type SchemaMap, schema } from "./schema.ts";
import { list, map } from "./types/collection-types.ts";
import { any, float, int, path, string } from "./types/scalar-types.ts";

function valuesOf(schemas: SchemaMap, values: unknown, options?: CheckOptions): unknown {
  const checked = checkValues(schemas, values, options);
  return checked.ok ? checked.values : checked.problems.map(describeProblem);
}

describe("where a value comes from", () => {
  const options = { lr: schema(float, { default: 0.1, aliases: ["learning_rate", "rate"] }) };

  test("the option's own name wins over aliases, the first alias over the second, all over the default", () => {
    expect(valuesOf(options, { rate: 3, learning_rate: 2, lr: 1 })).toEqual({ lr: 1 });
    expect(valuesOf(options, { rate: 3, learning_rate: 2 })).toEqual({ lr: 2 });
    expect(valuesOf(options, { rate: 3 })).toEqual({ lr: 3 });
    expect(valuesOf(options, { lr: undefined, rate: 3 })).toEqual({ lr: 3 });
    expect(valuesOf(options, {})).toEqual({ lr: 0.1 });
  });

  test("an alias in the values wins over the name in a fallback, earlier fallbacks over later ones", () => {
    const near = { name: "near", values: { lr: 8 } };
    const far = { name: "far", values: { lr: 9 } };
    expect(valuesOf(options, { rate: 3 }, { fallbacks: [near, far] })).toEqual({ lr: 3 });
    expect(valuesOf(options, {}, { fallbacks: [near, far] })).toEqual({ lr: 8 });
  });

  test("the order is the declaration's, and every option is there", () => {
    const several = { b: schema(int), a: schema(int, { optional: true }), c: schema(int, { default: 1 }) };
    const checked = checkValues(several, { c: 3, b: 2 });
    if (!checked.ok) expect.fail();
    expect(Object.entries(checked.values)).toEqual([
      ["b", 2],
      ["a", undefined],
      ["c", 3],
    ]);
  });

  test("what objects inherit is not given", () => {
    const odd = { toString: schema(int, { optional: true }), constructor: schema(int, { default: 3 }) };
    expect(Object.entries(valuesOf(odd, {}) ?? {})).toEqual([
      ["toString", undefined],
      ["constructor", 3],
    ]);
  });
});

describe("text and typed values", () => {
  const options = { length: schema(int), input_size: schema(int), name: schema(string, { default: "" }) };

  test("both in one call", () => {
    expect(valuesOf(options, { length: "4", input_size: 2, name: "7" }, { text: true })).toEqual({
      length: 4,
      input_size: 2,
      name: "7",
    });
  });

  test("each place says whether its strings are text", () => {
    const typed = { name: "info() of DATA", values: { input_size: "2", output_size: 1 } };
    expect(valuesOf(options, { length: "4" }, { text: true, fallbacks: [typed] })).toEqual([
      'input_size: expected an integer, got "2" from info() of DATA',
    ]);
    expect(valuesOf(options, { length: 4 }, { fallbacks: [{ ...typed, text: true }] })).toEqual({
      length: 4,
      input_size: 2,
      name: "",
    });
  });

  test("relative paths start from the folder", () => {
    const file = { file: schema(path), other: schema(path, { default: "b.csv" }) };
    expect(valuesOf(file, { file: "a.csv" }, { folder: "/data" })).toEqual({
      file: "/data/a.csv",
      other: "/data/b.csv",
    });
  });
});

describe("null", () => {
  test("only where optional; it stands for the default and stops the search", () => {
    expect(valuesOf({ a: schema(int) }, { a: null })).toEqual(["a: expected an integer, got null"]);
    expect(valuesOf({ a: schema(any) }, { a: null })).toEqual(["a: expected any value, got null"]);
    expect(valuesOf({ a: schema(int, { default: 3 }) }, { a: null })).toEqual(["a: expected an integer, got null"]);
    expect(valuesOf({ a: schema(int, { optional: true, default: 3 }) }, { a: null })).toEqual({ a: 3 });
    const fallbacks = [{ name: "info()", values: { a: 5 } }];
    expect(valuesOf({ a: schema(int, { optional: true }) }, { a: null }, { fallbacks })).toEqual({ a: undefined });
  });

  test.each(["None", "null", ""])("%o as text", (a) => {
    expect(valuesOf({ a: schema(int, { optional: true }) }, { a }, { text: true })).toEqual({ a: undefined });
    expect(valuesOf({ a: schema(string, { optional: true }) }, { a })).toEqual({ a });
    expect(valuesOf({ a: schema(string) }, { a }, { text: true })).toEqual({ a });
  });
});

describe("defaults", () => {
  test("are checked, also where a value is given", () => {
    const options = { width: schema(int, { default: 0.5 }), layers: schema(list(int), { default: [1, 1.5] }) };
    const problems = [
      "width: expected an integer as the default, got 0.5",
      "layers[1]: expected an integer as the default, got 1.5",
    ];
    expect(valuesOf(options, {})).toEqual(problems);
    expect(valuesOf(options, { width: 4, layers: [] })).toEqual(problems);
  });

  test("lists and maps are copied for each use", () => {
    const shared = { a: [1] };
    const instance = new Date(0);
    const options = {
      sizes: schema(list(int), { default: [1] }),
      table: schema(map(list(int)), { default: shared }),
      extra: schema(any, { default: { list: [shared], instance } }),
    };
    const first = checkValues(options, {});
    if (!first.ok) expect.fail();
    first.values.sizes.push(2);
    first.values.table.a?.push(2);
    const { extra } = first.values;
    expect(extra).toEqual({ list: [{ a: [1] }], instance });
    expect(extra).toHaveProperty("instance", instance);
    if (typeof extra === "object" && extra !== null) Reflect.set(extra, "list", "changed");
    const second = checkValues(options, {});
    expect(second).toEqual({
      ok: true,
      values: { sizes: [1], table: { a: [1] }, extra: { list: [{ a: [1] }], instance } },
    });
  });
});

describe("problems", () => {
  const options = {
    length: schema(int),
    width: schema(int, { aliases: ["neurons"] }),
    input_size: schema(int),
    layers: schema(list(int), { default: [] }),
  };

  test("all come at once, as data", () => {
    const values = { lenght: "4", neurons: "4.5", layers: ["1", "x"] };
    const fallbacks = [{ name: "info() of DATA", values: { batch_size: 8 } }];
    const checked = checkValues(options, values, { context: "[MLP]", text: true, fallbacks });
    const context = "[MLP]";
    const lookedIn = ["[MLP]", "info() of DATA"];
    expect(checked).toEqual({
      ok: false,
      problems: [
        {
          kind: "unknown",
          path: ["lenght"],
          value: "4",
          expected: "length, width, input_size, layers",
          nearest: "length",
          context,
        },
        { kind: "missing", path: ["length"], value: undefined, expected: "an integer", lookedIn, context },
        { kind: "invalid", path: ["neurons"], value: "4.5", expected: "an integer", context },
        { kind: "missing", path: ["input_size"], value: undefined, expected: "an integer", lookedIn, context },
        { kind: "invalid", path: ["layers", 1], value: "x", expected: "an integer", context },
      ],
    });
  });

  test("become one error with a stable code", () => {
    const checked = checkValues(options, { length: 4, width: 3, zzz: 1 }, { context: "[MLP]" });
    if (checked.ok) expect.fail();
    const error = new ConfigurationError(checked.problems);
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({ name: "ConfigurationError", code: "CONFIGURATION_INVALID" });
    expect(error.problems).toBe(checked.problems);
    expect(error.message).toBe(
      [
        "2 problems:",
        "  [MLP] zzz: unknown option, expected length, width, input_size, layers",
        "  [MLP] input_size: missing, expected an integer",
      ].join("\n"),
    );
    expect(new ConfigurationError(checked.problems.slice(1)).message).toBe(
      "[MLP] input_size: missing, expected an integer",
    );
  });

  test.each([[undefined], [null], [4], ["text"], [[]], [new Map()]])("%o is no map of options", (values) => {
    expect(checkValues(options, values)).toMatchObject({ ok: false, problems: [{ path: [], value: values }] });
  });

  test("names that two options claim", () => {
    const shared = { a: schema(int, { default: 1, aliases: ["b"] }), b: schema(int, { default: 1 }) };
    expect(valuesOf(shared, {})).toEqual(['a: expected an alias that no other option uses, got "b"']);
  });

  test("no options at all", () => {
    expect(valuesOf({}, {})).toEqual({});
    expect(valuesOf({}, { a: 1 })).toEqual(["a: unknown option, expected no options"]);
  });

  test("long values are cut, and user code does not run", () => {
    const hostile = {
      toString() {
        throw new Error("ran");
      },
      [Symbol.for("nodejs.util.inspect.custom")]() {
        throw new Error("ran");
      },
    };
    expect(JSON.stringify(valuesOf({ a: schema(int) }, { a: hostile })).length).toBeLessThan(200);
    expect(JSON.stringify(valuesOf({ a: schema(int) }, { a: "x".repeat(10_000) })).length).toBeLessThan(200);
  });
});
