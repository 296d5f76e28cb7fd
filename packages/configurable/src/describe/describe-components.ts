import type { AnyClass, ComponentClass } from "../components/component-class.ts";
import { schemasOf } from "../components/read-component.ts";
import { choicesOf, choiceWithoutType, registryOf } from "../components/registry.ts";
import type { SchemaMap } from "../schema.ts";
import type { Type } from "../types/type.ts";
import { describeOptions, type OptionDescription, optionTable, type TableOptions } from "./describe-options.ts";

/** Something with options: a class, or a section of a file. */
export interface Described {
  readonly name: string;
  readonly configSchema: SchemaMap;
}

/** A component and its options. */
export interface ComponentDescription {
  readonly name: string;
  /** What `type` may be to choose it, the name that is written back first; empty where nothing is to be chosen. */
  readonly types: readonly string[];
  /** The typed class that it is chosen under; as `type` in tables of options. */
  readonly base: string | undefined;
  /** Whether it is meant where there is no type. */
  readonly isDefault: boolean;
  readonly options: readonly OptionDescription[];
  /** The same as they were declared. */
  readonly configSchema: SchemaMap;
}

type Part = Omit<ComponentDescription, "options">;

/** The component and every one that may be inside it, each once; of a typed class, all that are registered. */
export function describeComponents(root: Described): readonly ComponentDescription[] {
  return partsOf(root).map((part) => ({ ...part, options: describeOptions(part.configSchema) }));
}

/** The same as tables to be read; `show` is that of `optionTable`. */
export function componentTables(root: Described, { show }: Pick<TableOptions, "show"> = {}): string {
  return partsOf(root)
    .map(
      (part) =>
        `${heading(part)}\n${Object.keys(part.configSchema).length === 0 ? "  no options" : optionTable(part.configSchema, { indent: "  ", ...(show === undefined ? {} : { show }) })}`,
    )
    .join("\n\n");
}

function heading({ name, types: [type, ...others], base, isDefault }: Part): string {
  if (base === undefined || type === undefined) return name;
  const also = others.length === 0 ? "" : ` (or ${others.join(", ")})`;
  return `${base}, type: ${type}${also}${isDefault ? ", the default" : ""}`;
}

function partsOf(root: Described): readonly Part[] {
  const parts: Part[] = [];
  const seen = new Set<Described>();
  const waiting: Described[] = [root];
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
    if (seen.has(next)) continue;
    seen.add(next);
    const added = expand(next);
    parts.push(...added);
    for (const { configSchema } of added)
      waiting.push(...Object.values(configSchema).flatMap(({ type }) => componentsIn(type)));
  }
  return parts;
}

function expand(described: Described): readonly Part[] {
  if (!isTyped(described))
    return [
      { name: described.name, types: [], base: undefined, isDefault: false, configSchema: described.configSchema },
    ];
  const choices = choicesOf(described);
  const withoutType = choiceWithoutType(described, choices);
  return choices.map((choice) => ({
    name: choice.component.name,
    types: choice.names,
    base: described.name,
    isDefault: choice === withoutType,
    configSchema: schemasOf(choice.component),
  }));
}

/** Whether a configuration chooses what it is by `type`. */
export function isTyped(described: Described): described is Described & AnyClass {
  return typeof described === "function" && registryOf(described) !== undefined;
}

function componentsIn({ form }: Type<unknown>): readonly ComponentClass[] {
  switch (form?.kind) {
    case "component":
      return [form.component];
    case "list":
      return componentsIn(form.item);
    case "map":
    case "axis":
      return componentsIn(form.value);
    case "union":
      return form.members.flatMap(componentsIn);
    default:
      return [];
  }
}
