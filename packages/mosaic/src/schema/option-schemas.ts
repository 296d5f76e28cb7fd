// The options of configuration files as those of packages/configurable, so that one code prints these and the users'.

import {
  boolean,
  float,
  int,
  list,
  literal,
  type Schema,
  type SchemaMap,
  schema,
  string,
  type Type,
  union,
  within,
} from "@ml-mosaic/configurable";
import type { OptionSpec } from "../config/index.ts";

/** @param prefix what stands before each name: `optimizer.` */
export function optionSchemas(specs: readonly OptionSpec[], prefix = ""): SchemaMap {
  return Object.fromEntries(specs.map((spec) => [`${prefix}${spec.name}`, optionSchema(spec, typeOf(spec))]));
}

/** The same where a list of values, which makes an axis of the option, is as good as one value. */
export function axisSchemas(specs: readonly OptionSpec[], prefix = ""): SchemaMap {
  return Object.fromEntries(specs.map((spec) => [`${prefix}${spec.name}`, optionSchema(spec, axisOf(spec))]));
}

function axisOf(spec: OptionSpec): Type<unknown> {
  const type = typeOf(spec);
  // A sequence is one value, and has no axes.
  return spec.type === "floats" || spec.type === "ints" ? type : union(type, list(type));
}

function optionSchema(
  { default: value, required = false, help = "" }: OptionSpec,
  type: Type<unknown>,
): Schema<unknown> {
  return value === undefined ? schema(type, { optional: !required, help }) : schema(type, { default: value, help });
}

function typeOf({ type, choices, ...bounds }: OptionSpec): Type<unknown> {
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum } = bounds;
  const given = Object.entries({ minimum, maximum, exclusiveMinimum, exclusiveMaximum }).filter(
    ([, bound]) => bound !== undefined,
  );
  const number = (kind: Type<number>) => (given.length === 0 ? kind : within(kind, Object.fromEntries(given)));
  switch (type) {
    case "float":
      return number(float);
    case "int":
      return number(int);
    case "floats":
      return list(number(float));
    case "ints":
      return list(number(int));
    case "boolean":
      return boolean;
    case "string":
      return choices === undefined ? string : literal(...choices);
    default:
      return type satisfies never;
  }
}
