import type { AnyClass } from "../components/component-class.ts";
import { schemasOf } from "../components/read-component.ts";
import { choicesOf, choiceWithoutType } from "../components/registry.ts";
import type { Schema, SchemaMap } from "../schema.ts";
import type { Type } from "../types/type.ts";
import { type Described, isTyped } from "./describe-components.ts";

/** A JSON Schema, or a part of one. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** Schemas of components under the names that references use, in the order in which they were met. */
interface Definitions {
  readonly names: Map<object, string>;
  readonly schemas: Record<string, JsonSchema>;
}

/**
 * A JSON Schema (draft-07, which yaml-language-server and editors take) of a component's configuration: components inside
 * it, typed ones by the names of what is registered, defaults and help; unknown names are refused. It is narrower than
 * what is read in one thing: a `type` is to be written as declared or in small letters.
 */
export function jsonSchema(root: Described): JsonSchema {
  const {
    schemas: [main],
    definitions,
  } = jsonSchemas([root]);
  return { $schema: "http://json-schema.org/draft-07/schema#", title: root.name, ...main, definitions };
}

/** The same for the parts of a larger schema, which is to have `definitions` at its top. */
export function jsonSchemas(roots: readonly Described[]): {
  readonly schemas: readonly JsonSchema[];
  readonly definitions: Readonly<Record<string, JsonSchema>>;
} {
  const definitions: Definitions = { names: new Map(), schemas: {} };
  const schemas = roots.map((root) =>
    isTyped(root) ? reference(root, definitions) : objectSchema(root.configSchema, definitions),
  );
  return { schemas, definitions: definitions.schemas };
}

function objectSchema(schemas: SchemaMap, definitions: Definitions, type?: TypeProperty): JsonSchema {
  const options = Object.entries(schemas);
  const properties = options.flatMap(([name, option]): (readonly [string, JsonSchema])[] => {
    const property = optionSchema(option, definitions);
    const alias = {
      ...property,
      description: `${option.help === "" ? "" : `${option.help}. `}Another name of ${name}`,
    };
    return [[name, property], ...option.aliases.map((each) => [each, alias] as const)];
  });
  const required = options.filter(([, option]) => !option.optional && option.default === undefined);
  const named = required.filter(([, { aliases }]) => aliases.length === 0).map(([name]) => name);
  const either = required
    .filter(([, { aliases }]) => aliases.length > 0)
    .map(([name, { aliases }]) => ({ anyOf: [name, ...aliases].map((each) => ({ required: [each] })) }));
  const needed = type?.required ? ["type", ...named] : named;
  return {
    type: "object",
    properties: Object.fromEntries(type === undefined ? properties : [["type", type.schema], ...properties]),
    ...(needed.length === 0 ? {} : { required: needed }),
    ...(either.length === 0 ? {} : { allOf: either }),
    additionalProperties: false,
  };
}

interface TypeProperty {
  readonly schema: JsonSchema;
  readonly required: boolean;
}

function optionSchema({ type, default: value, optional, help }: Schema<unknown>, definitions: Definitions): JsonSchema {
  const schema = typeSchema(type, definitions);
  // Draft-07 looks at nothing that stands beside a reference.
  const alone = "$ref" in schema ? { allOf: [schema] } : schema;
  return {
    ...(optional ? { anyOf: [schema, { type: "null" }] } : alone),
    ...(help === "" ? {} : { description: help }),
    ...(value === undefined ? {} : { default: value }),
  };
}

function typeSchema({ form, expected }: Type<unknown>, definitions: Definitions): JsonSchema {
  if (form === undefined) return { description: expected };
  switch (form.kind) {
    case "int":
      return { type: "integer", ...form.bounds };
    case "float":
      return { type: "number", ...form.bounds };
    case "string":
      return { type: "string", ...(form.pattern === undefined ? {} : { pattern: form.pattern }) };
    case "path":
      return { type: "string", minLength: 1 };
    case "boolean":
      return { type: "boolean" };
    case "any":
      return {};
    case "literal":
      return { enum: form.values };
    case "list":
      return { type: "array", items: typeSchema(form.item, definitions) };
    case "map":
      return { type: "object", additionalProperties: typeSchema(form.value, definitions) };
    case "axis": {
      const one = typeSchema(form.value, definitions);
      // A list is one value already.
      return form.value.form?.kind === "list" ? one : { anyOf: [one, { type: "array", items: one }] };
    }
    case "union":
      return { anyOf: form.members.map((member) => typeSchema(member, definitions)) };
    case "component":
      return reference(form.component, definitions);
    default:
      return form satisfies never;
  }
}

/** A reference to a definition, which is made where it is not there yet: components may contain their own kind. */
function reference(component: Described, definitions: Definitions): JsonSchema {
  const known = definitions.names.get(component);
  const name = known ?? freeName(component.name, definitions);
  if (known === undefined) {
    definitions.names.set(component, name);
    definitions.schemas[name] = {};
    definitions.schemas[name] = isTyped(component)
      ? choiceSchema(component, definitions)
      : objectSchema(component.configSchema, definitions);
  }
  return { $ref: `#/definitions/${name}` };
}

function choiceSchema(base: Described & AnyClass, definitions: Definitions): JsonSchema {
  const registered = choicesOf(base);
  const withoutType = choiceWithoutType(base, registered);
  const choices = registered.map((choice) => {
    const spellings = [...choice.names, ...choice.names.map((name) => name.toLowerCase())];
    const schema = { enum: Array.from(new Set(spellings)), default: choice.type };
    return {
      title: choice.type,
      ...objectSchema(schemasOf(choice.component), definitions, { schema, required: choice !== withoutType }),
    };
  });
  // Nothing is right where there is nothing to choose from.
  return choices.length === 0 ? { not: {} } : { oneOf: choices };
}

function freeName(name: string, { schemas }: Definitions): string {
  let free = name;
  for (let count = 2; Object.hasOwn(schemas, free); count++) free = `${name}_${count}`;
  return free;
}
