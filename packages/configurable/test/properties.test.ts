import {
  any,
  boolean,
  ConfigurationError,
  checkValues,
  float,
  int,
  list,
  literal,
  map,
  path,
  schema,
  string,
  type Type,
  union,
} from "@ml-mosaic/configurable";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { BaseModel, Training } from "./components.ts";

type Check = (value: unknown) => boolean;

const isString: Check = (value) => typeof value === "string";
const isFloat: Check = (value) => typeof value === "number" && !Number.isNaN(value);
const isListOf =
  (item: Check): Check =>
  (value) =>
    Array.isArray(value) && value.every(item);

// Each type with an independent statement of what its values are.
const types: readonly (readonly [string, Type<unknown>, Check])[] = [
  ["int", int, Number.isSafeInteger],
  ["float", float, isFloat],
  ["string", string, isString],
  ["boolean", boolean, (value) => value === true || value === false],
  ["literal", literal("a", 3, true), (value) => value === "a" || value === 3 || value === true],
  ["path", path, (value) => typeof value === "string" && value.length > 0],
  ["any", any, () => true],
  ["list", list(int), isListOf(Number.isSafeInteger)],
  [
    "map",
    map(list(string)),
    (value) => typeof value === "object" && value !== null && Object.values(value).every(isListOf(isString)),
  ],
  ["union", union(int, list(float)), (value) => Number.isSafeInteger(value) || isListOf(isFloat)(value)],
];

const anything = fc.oneof(
  fc.anything({
    withBigInt: true,
    withBoxedValues: true,
    withDate: true,
    withMap: true,
    withNullPrototype: true,
    withObjectString: true,
    withSet: true,
    withSparseArray: true,
    withTypedArray: true,
  }),
  fc.oneof(fc.integer(), fc.double(), fc.boolean(), fc.constantFrom("a", 3, "True", "None")),
  fc.array(fc.oneof(fc.integer(), fc.double(), fc.string())),
  fc.dictionary(fc.string(), fc.array(fc.string())),
  fc.oneof(fc.integer(), fc.double()).map(String),
);
const readOptions = fc.record({ text: fc.boolean(), folder: fc.constantFrom(undefined, "/data") });

describe.each(types)("%s", (_name, type, isValue) => {
  test("never throws, and what it accepts is of its type", () => {
    fc.assert(
      fc.property(anything, readOptions, (value, options) => {
        const reading = type.read(value, options);
        if (reading.ok) expect(isValue(reading.value)).toBe(true);
        else expect(reading.problems.length).toBeGreaterThan(0);
      }),
      { numRuns: 1000 },
    );
  });

  test("accepts what it gave, unchanged", () => {
    fc.assert(
      fc.property(anything, readOptions, (value, options) => {
        const reading = type.read(value, options);
        if (reading.ok) expect(type.read(reading.value, { folder: options.folder })).toEqual(reading);
      }),
      { numRuns: 500 },
    );
  });
});

test("numbers written as text are the same numbers", () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true }), fc.maxSafeInteger(), (number, integer) => {
      expect(float.read(String(number), { text: true })).toEqual({ ok: true, value: Number(String(number)) });
      expect(int.read(String(integer), { text: true })).toEqual({ ok: true, value: integer });
    }),
  );
});

describe("checkValues", () => {
  const options = Object.fromEntries(
    types.flatMap(([name, type]) => [
      [name, schema(type)],
      [`optional_${name}`, schema(type, { optional: true, aliases: [`o_${name}`] })],
    ]),
  );
  const names = fc.oneof(fc.constantFrom(...Object.keys(options), "o_int"), fc.string());
  const values = fc.oneof(anything, fc.dictionary(names, anything, { maxKeys: 30 }));

  test("gives all values or at least one problem, never throws, and changes nothing that it is given", () => {
    fc.assert(
      fc.property(values, fc.boolean(), (given, text) => {
        const before = fc.stringify(given);
        const checked = checkValues(options, given, { text });
        if (checked.ok) expect(Object.keys(checked.values)).toEqual(Object.keys(options));
        else {
          expect(checked.problems.length).toBeGreaterThan(0);
          expect(new ConfigurationError(checked.problems).message.length).toBeGreaterThan(0);
        }
        expect(fc.stringify(given)).toBe(before);
      }),
      { numRuns: 1000 },
    );
  });

  test("accepts its own result, unchanged", () => {
    const given = fc.record(
      {
        int: fc.maxSafeInteger(),
        float: fc.double({ noNaN: true }),
        string: fc.string(),
        boolean: fc.boolean(),
        literal: fc.constantFrom("a", 3, true),
        path: fc.constantFrom("a", "b/c", "/d"),
        any: fc.jsonValue().filter((value) => value !== null),
        list: fc.array(fc.maxSafeInteger()),
        map: fc.dictionary(fc.string(), fc.array(fc.string())),
        union: fc.oneof(fc.maxSafeInteger(), fc.array(fc.double({ noNaN: true }))),
        optional_int: fc.option(fc.maxSafeInteger()),
      },
      { requiredKeys: ["int", "float", "string", "boolean", "literal", "path", "any", "list", "map", "union"] },
    );
    fc.assert(
      fc.property(given, (first) => {
        const checked = checkValues(options, first, { folder: "/data" });
        if (!checked.ok) expect.fail(new ConfigurationError(checked.problems).message);
        expect(checkValues(options, checked.values, { folder: "/data" })).toEqual(checked);
      }),
    );
  });
});

describe("components", () => {
  const names = fc.constantFrom(
    "trainer",
    "model",
    "optimizer",
    "type",
    "lr",
    "members",
    "epochs",
    "metrics",
    "callbacks",
  );
  const types = fc.constantFrom("cnn", "deep", "ensemble", "adam", "sgd", "none");
  const config = fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 5 },
      anything,
      types,
      fc.dictionary(fc.oneof(names, fc.string()), tie("value")),
      fc.array(tie("value")),
      fc.record({ type: types, members: fc.array(tie("value")) }, { requiredKeys: ["type"] }),
    ),
  })).value;

  test("whatever the configuration is, it is read or refused with problems, and fromConfig throws nothing else", () => {
    fc.assert(
      fc.property(config, readOptions, (value, options) => {
        const reading = Training.readComponent({ trainer: value }, options);
        if (!reading.ok) expect(reading.problems.length).toBeGreaterThan(0);
        if (typeof value === "string") return;
        try {
          BaseModel.fromConfig(value, options);
        } catch (error) {
          expect(error).toBeInstanceOf(ConfigurationError);
        }
      }),
      { numRuns: 1000 },
    );
  });
});
