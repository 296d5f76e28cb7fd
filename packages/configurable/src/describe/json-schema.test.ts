import { Ajv } from "ajv";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { training } from "../../test/arbitrary-training.ts";
import { Trainer, Training } from "../../test/components.ts";
import { mistakes } from "../../test/mistakes.ts";
import { component } from "../components/component.ts";
import { configurable } from "../components/configurable.ts";
import { register } from "../components/registry.ts";
import { resolvedConfig } from "../components/resolved-config.ts";
import { typedConfigurable } from "../components/typed-configurable.ts";
import { schema } from "../schema.ts";
import { list, map } from "../types/collection-types.ts";
import { literal } from "../types/literal.ts";
import { any, boolean, float, int, path, string } from "../types/scalar-types.ts";
import type { Type } from "../types/type.ts";
import { union } from "../types/union.ts";
import { within } from "../types/within.ts";
import { jsonSchema } from "./json-schema.ts";

// An implementation of JSON Schema that knows nothing of ours; strict: it refuses what it does not know. Infinity is no
// number of JSON's, but one of YAML's.
const compile = (root: Parameters<typeof jsonSchema>[0]) =>
  new Ajv({ strict: true, strictTypes: false, strictRequired: false, strictNumbers: false }).compile(jsonSchema(root));

describe("against the reader", () => {
  const validate = compile(Training);

  test("what is read is valid, and so is what it resolves to", () => {
    fc.assert(
      fc.property(training, (config) => {
        expect([validate(config), validate.errors]).toEqual([true, null]);
        const resolved = resolvedConfig(Training.fromConfig(config, { folder: "/data" }));
        expect([validate(resolved), validate.errors]).toEqual([true, null]);
      }),
      { numRuns: 300 },
    );
  });

  // What JSON Schema cannot say: how options go together, what `refine` asks for, and which numbers are none.
  const beyond = [
    "an integer that no float64 holds",
    "NaN",
    "a precondition that throws",
    "a precondition over several options",
    "preconditions of an option and of the whole",
  ];

  test.each(mistakes)("%s", (what, text) => {
    expect(validate(parse(text, { merge: true }) ?? {})).toBe(beyond.includes(what));
  });
});

describe("what it says", () => {
  test("the kinds of types", () => {
    const even: Type<number> = { expected: "an even number", read: int.read };
    const named = {
      name: "[SECTION]",
      configSchema: {
        int: schema(within(int, { minimum: 1, exclusiveMaximum: 9 }), { default: 3, help: "A count" }),
        float: schema(float, { optional: true, aliases: ["number"] }),
        string: schema(string, { aliases: ["text"] }),
        boolean: schema(boolean, { optional: true, default: false }),
        literal: schema(literal("a", 3)),
        path: schema(path),
        any: schema(any, { default: { a: 1 } }),
        list: schema(list(map(union(int, string)))),
        own: schema(even, { default: 2 }),
      },
    };
    expect(jsonSchema(named)).toEqual({
      $schema: "http://json-schema.org/draft-07/schema#",
      title: "[SECTION]",
      type: "object",
      properties: {
        int: { type: "integer", minimum: 1, exclusiveMaximum: 9, default: 3, description: "A count" },
        float: { anyOf: [{ type: "number" }, { type: "null" }] },
        number: { anyOf: [{ type: "number" }, { type: "null" }], description: "Another name of float" },
        string: { type: "string" },
        text: { type: "string", description: "Another name of string" },
        boolean: { anyOf: [{ type: "boolean" }, { type: "null" }], default: false },
        literal: { enum: ["a", 3] },
        path: { type: "string", minLength: 1 },
        any: { default: { a: 1 } },
        list: {
          type: "array",
          items: { type: "object", additionalProperties: { anyOf: [{ type: "integer" }, { type: "string" }] } },
        },
        own: { description: "an even number", default: 2 },
      },
      required: ["literal", "path", "list"],
      allOf: [{ anyOf: [{ required: ["string"] }, { required: ["text"] }] }],
      additionalProperties: false,
      definitions: {},
    });
  });

  abstract class Augmentation extends typedConfigurable({ chance: schema(float, { default: 1 }) }) {
    static override readonly defaultType = "flip";
  }
  class RandomFlip extends Augmentation {
    static override readonly aliases = ["flip"];
  }
  class Compose extends configurable({ parts: schema(list(component(Augmentation))) }, Augmentation) {}
  register(RandomFlip, Compose);

  test("typed components: one of their types, the default without one", () => {
    class Data extends configurable({
      first: schema(component(Augmentation), { default: {}, help: "What comes first" }),
    }) {}
    const chance = { type: "number", default: 1 };
    expect(jsonSchema(Data)).toMatchObject({
      properties: {
        first: { allOf: [{ $ref: "#/definitions/Augmentation" }], description: "What comes first", default: {} },
      },
      definitions: {
        Augmentation: {
          oneOf: [
            {
              title: "flip",
              properties: { type: { enum: ["flip", "RandomFlip", "randomflip"], default: "flip" }, chance },
              additionalProperties: false,
            },
            {
              title: "Compose",
              properties: {
                type: { enum: ["Compose", "compose"] },
                chance,
                parts: { type: "array", items: { $ref: "#/definitions/Augmentation" } },
              },
              required: ["type", "parts"],
            },
          ],
        },
      },
    });
    const validate = compile(Data);
    expect(validate({ first: {} })).toBe(true);
    expect(validate({ first: { parts: [] } })).toBe(false);
    expect(validate({ first: { type: "compose", parts: [{ type: "flip" }, { type: "Compose", parts: [{}] }] } })).toBe(
      true,
    );
    expect(validate({ first: { type: "compose", parts: [{ type: "flap" }] } })).toBe(false);
  });

  test("a typed component itself, and two classes of one name", () => {
    const validate = compile(Augmentation);
    expect([validate({ type: "flip" }), validate({ chance: 0.5 }), validate({ chanse: 1 })]).toEqual([
      true,
      true,
      false,
    ]);
    const Other = { Trainer: class Trainer extends configurable({ a: schema(int) }) {} }.Trainer;
    class Both extends configurable({ one: schema(component(Trainer)), two: schema(component(Other)) }) {}
    expect(jsonSchema(Both).definitions).toMatchObject({ Trainer_2: { properties: { a: { type: "integer" } } } });
  });
});
