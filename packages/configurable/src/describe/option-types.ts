import { schemasOf } from "../components/read-component.ts";
import { choicesOf } from "../components/registry.ts";
import type { SchemaMap } from "../schema.ts";
import type { Type } from "../types/type.ts";
import { isTyped } from "./describe-components.ts";

/** The types that an option inside of components may have, by its names from the outside in: one for each class that has it. */
export function optionTypes(schemas: SchemaMap, [first = "", ...rest]: readonly string[]): readonly Type<unknown>[] {
  const option = Object.hasOwn(schemas, first) ? schemas[first] : undefined;
  return option === undefined ? [] : typesInside(option.type, rest);
}

function typesInside(type: Type<unknown>, path: readonly string[]): readonly Type<unknown>[] {
  if (path.length === 0) return [type];
  switch (type.form?.kind) {
    case "axis":
      return typesInside(type.form.value, path);
    case "union":
      return type.form.members.flatMap((member) => typesInside(member, path));
    case "map":
      return typesInside(type.form.value, path.slice(1));
    case "component": {
      const { component } = type.form;
      const classes = isTyped(component) ? choicesOf(component).map((choice) => choice.component) : [component];
      return classes.flatMap((each) => optionTypes(schemasOf(each), path));
    }
    default:
      return [];
  }
}
