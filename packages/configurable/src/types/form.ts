import type { ComponentClass } from "../components/component-class.ts";
import type { Type } from "./type.ts";

/** Limits of a number, as JSON Schema calls them. */
export interface Bounds {
  readonly minimum?: number;
  readonly maximum?: number;
  /** The value lies above it. */
  readonly exclusiveMinimum?: number;
  /** The value lies below it. */
  readonly exclusiveMaximum?: number;
}

/** What a type is made of, as data: for whoever prints it, or makes a schema of it. */
export type Form =
  | { readonly kind: "int" | "float"; readonly bounds?: Bounds }
  | { readonly kind: "string" /** A regular expression that its text matches. */; readonly pattern?: string }
  | { readonly kind: "boolean" | "path" | "any" }
  | { readonly kind: "literal"; readonly values: readonly (string | number | boolean)[] }
  | { readonly kind: "list"; readonly item: Type<unknown> }
  | { readonly kind: "map" | "axis"; readonly value: Type<unknown> }
  | { readonly kind: "union"; readonly members: readonly Type<unknown>[] }
  | { readonly kind: "component"; readonly component: ComponentClass };

/** The type in a few letters, for tables: `int ≥ 1`, `list of float`, `"sum" | "mean"`, `BaseModel`. */
export function typeName({ form, expected }: Type<unknown>): string {
  if (form === undefined) return expected;
  switch (form.kind) {
    case "int":
    case "float":
      return [form.kind, ...limits(form.bounds ?? {})].join(" ");
    case "string":
    case "boolean":
    case "path":
    case "any":
      return form.kind;
    case "literal":
      return form.values.map((value) => JSON.stringify(value)).join(" | ");
    case "list":
      return `list of ${inner(form.item)}`;
    case "map":
      return `map of ${inner(form.value)}`;
    case "axis":
      return typeName(form.value);
    case "union":
      return form.members
        .filter((member) => !form.members.some((other) => isBelow(member, other)))
        .map(typeName)
        .join(" | ");
    case "component":
      return form.component.name;
    default:
      return form satisfies never;
  }
}

function limits({ minimum, maximum, exclusiveMinimum, exclusiveMaximum }: Bounds): readonly string[] {
  const lower = minimum === undefined ? [] : [`≥ ${minimum}`];
  const above = exclusiveMinimum === undefined ? [] : [`> ${exclusiveMinimum}`];
  const upper = maximum === undefined ? [] : [`≤ ${maximum}`];
  const below = exclusiveMaximum === undefined ? [] : [`< ${exclusiveMaximum}`];
  return [...lower, ...above, ...upper, ...below];
}

/** Whether it is a component of a class below the other's, which says as much already. */
function isBelow({ form }: Type<unknown>, { form: other }: Type<unknown>): boolean {
  return (
    form?.kind === "component" && other?.kind === "component" && form.component.prototype instanceof other.component
  );
}

function inner(type: Type<unknown>): string {
  const name = typeName(type);
  return name.includes(" | ") ? `(${name})` : name;
}
