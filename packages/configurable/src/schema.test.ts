import { describe, expect, expectTypeOf, test } from "vitest";
import { checkValues } from "./check-values.ts";
import { readValues } from "./read-values.ts";
import { type Infer, isSchemaMap, type Schema, type SchemaMap, schema } from "./schema.ts";
import { list, map } from "./types/collection-types.ts";
import { literal } from "./types/literal.ts";
import { any, boolean, float, int, path, string } from "./types/scalar-types.ts";
import { union } from "./types/union.ts";

const options = {
  width: schema(int),
  lr: schema(float, { default: 0.1, aliases: ["learning_rate"] }),
  name: schema(string, { optional: true }),
  bias: schema(boolean, { optional: true, default: true }),
  loss: schema(literal("bce", "dice", 3), { default: "bce" }),
  layers: schema(list(int), { default: [] }),
  weights: schema(map(float), { optional: true }),
  size: schema(union(int, list(int), string)),
  file: schema(path, { optional: false, help: "where it is" }),
  extra: schema(any),
};

describe("types", () => {
  test("Infer is exact", () => {
    expectTypeOf<Infer<typeof options>>().toEqualTypeOf<{
      readonly width: number;
      readonly lr: number;
      readonly name: string | undefined;
      readonly bias: boolean;
      readonly loss: "bce" | "dice" | 3;
      readonly layers: number[];
      readonly weights: Record<string, number> | undefined;
      readonly size: number | number[] | string;
      readonly file: string;
      readonly extra: unknown;
    }>();
  });

  test("checkValues gives what Infer says", () => {
    const checked = checkValues(options, {});
    if (checked.ok) expectTypeOf(checked.values).toEqualTypeOf<Infer<typeof options>>();
    else expectTypeOf(checked).not.toHaveProperty("values");
  });

  test("a module's constructor takes the values of its static options", () => {
    const mlp = { length: schema(int), dropout: schema(float, { default: 0 }) };
    class Mlp {
      static readonly configSchema = mlp;
      readonly size: number;
      constructor({ length, dropout }: Infer<typeof mlp>) {
        this.size = length * (1 - dropout);
      }
    }
    const checked = checkValues(Mlp.configSchema, { length: 4 });
    if (!checked.ok) expect.fail();
    expect(new Mlp(checked.values).size).toBe(4);
  });

  test("a default must be of its type, whether the option is to be optional may be known late", () => {
    // @ts-expect-error a default of another type
    schema(int, { default: "4" });
    // @ts-expect-error a default that is none of the literals
    schema(literal("a", "b"), { default: "c" });
    // @ts-expect-error items of another type
    schema(list(int), { default: ["a"] });
    // @ts-expect-error no such part
    schema(int, { defualt: 4 });
    const optional: boolean = JSON.parse("true");
    expectTypeOf(schema(int, { optional })).toEqualTypeOf<Schema<number | undefined>>();
    expectTypeOf(options).toExtend<SchemaMap>();
  });
});

describe("isSchemaMap", () => {
  test("knows what schema makes", () => {
    expect(isSchemaMap(options)).toBe(true);
    expect(isSchemaMap({})).toBe(true);
  });

  test.each([
    [undefined],
    [null],
    [[]],
    [new Map()],
    [{ width: int }],
    [{ width: "int" }],
    [{ width: { type: "int", optional: false, aliases: [], help: "" } }],
    [{ width: { ...schema(int), aliases: [4] } }],
  ])("refuses %o", (value) => {
    expect(isSchemaMap(value)).toBe(false);
  });
});

test("one of two options that stand in for each other must be given", () => {
  const schemas = {
    image: schema(string, { optional: true, unless: "maps" }),
    maps: schema(list(string), { optional: true }),
  };
  const read = (values: object) => readValues(schemas, values, { name: "file" });
  for (const values of [{ image: "a" }, { maps: ["a"] }, { maps: ["a"], image: null }])
    expect(read(values).ok).toBe(true);
  for (const values of [{}, { maps: null }, { image: null }]) {
    expect(read(values)).toMatchObject({
      ok: false,
      problems: [{ kind: "missing", path: ["image"], expected: "a string, or maps" }],
    });
  }
});
