/** One spelling for all texts that mean the same: `1e-2` and `0.01`, `[0.9, 0.999]` and `0.9,0.999`, `Adam` and `adam(eps=1e-8)`. */
import { normalize } from "node:path";
import { isPlainObject } from "@ml-mosaic/base";
import type { ComponentClass } from "../components/component-class.ts";
import { schemasOf } from "../components/read-component.ts";
import { choiceByName, choicesOf, choiceWithoutType } from "../components/registry.ts";
import { isTyped } from "../describe/describe-components.ts";
import { isNothing } from "../read-values.ts";
import type { Schema, SchemaMap } from "../schema.ts";
import { listItems } from "../types/collection-types.ts";
import type { Type } from "../types/type.ts";
import { configOfText } from "./component-text.ts";
import { nestTexts } from "./nest-texts.ts";
import { valueText } from "./scalars.ts";

type Texts = Readonly<Record<string, string>>;

/** A text, or a component by its name with its options. */
type Spelt = string | { readonly type: string; readonly options: { readonly [name: string]: Spelt } };

export interface SpellerOptions {
  /** What holds where an option is not written is left out where it is. Default: yes. */
  readonly dropDefaults?: boolean;
}

/** More different texts of options than this are not remembered. */
const mostKnown = 10_000;

/**
 * Gives options, those of components behind dots, in one spelling: by their first names, components by theirs, values as their types
 * read them. What a type does not read stays as it is written. Many texts are alike, and are spelt once; the classes that
 * are registered must stay the same.
 *
 * @example
 * speller({ width: schema(int, { default: 3 }), betas: schema(list(float)) })({ width: "3.0", betas: "[0.90]" }) // { betas: "0.9" }
 */
export function speller(schemas: SchemaMap, { dropDefaults = true }: SpellerOptions = {}): (texts: Texts) => Texts {
  const known = new Map<string, Texts>();
  return (texts) => {
    const spelt: Record<string, string> = {};
    for (const group of groupsOf(texts, schemas)) {
      const key = JSON.stringify(group);
      const found = known.get(key) ?? spellGroup(Object.fromEntries(group), schemas, dropDefaults);
      if (known.size >= mostKnown) known.clear();
      known.set(key, found);
      Object.assign(spelt, found);
    }
    return spelt;
  };
}

/** An option with those of its components. */
function groupsOf(texts: Texts, schemas: SchemaMap): Iterable<readonly (readonly [name: string, text: string])[]> {
  const headOf = ([name]: readonly [string, string]) => (Object.hasOwn(schemas, name) ? name : name.split(".")[0]);
  return Map.groupBy(Object.entries(texts), headOf).values();
}

function spellGroup(texts: Texts, schemas: SchemaMap, dropDefaults: boolean): Texts {
  return Object.fromEntries(
    Object.entries(spellAll(nestTexts(texts, schemas), schemas, dropDefaults)).flatMap(([name, each]) =>
      flatten(name, each),
    ),
  );
}

function flatten(name: string, spelt: Spelt): readonly (readonly [name: string, text: string])[] {
  if (typeof spelt === "string") return [[name, spelt]];
  const inner = Object.entries(spelt.options).flatMap(([option, each]) => flatten(`${name}.${option}`, each));
  return spelt.type === "" ? inner : [[name, spelt.type], ...inner];
}

function spellAll(
  values: { readonly [name: string]: unknown },
  schemas: SchemaMap,
  dropDefaults = true,
): { readonly [name: string]: Spelt } {
  const spelt = Object.entries(values).map(([written, value]): readonly [string, Spelt | undefined] => {
    const [name, option] = Object.entries(schemas).find(
      ([each, { aliases }]) => each === written || aliases.includes(written),
    ) ?? [written, undefined];
    return [name, option === undefined ? asWritten(value) : spellOption(option, value, dropDefaults)];
  });
  return Object.fromEntries(spelt.flatMap(([name, each]) => (each === undefined ? [] : [[name, each]])));
}

/** undefined where it says what holds anyway. */
function spellOption({ type, default: fallback, optional }: Schema<unknown>, value: unknown, dropDefaults: boolean) {
  if (optional && (value === null || isNothing(type, value))) return dropDefaults ? undefined : "None";
  const spelt = spell(type, value);
  if (fallback === undefined || !dropDefaults) return spelt;
  const byDefault = spell(type, fallback);
  if (brief(byDefault) === brief(spelt)) return undefined;
  // What differs is in the options of the component that it is anyway.
  const isDefaultType = typeof spelt === "object" && typeof byDefault === "object" && spelt.type === byDefault.type;
  return isDefaultType ? { ...spelt, type: "" } : spelt;
}

function spell(type: Type<unknown>, value: unknown): Spelt {
  const { form } = type;
  switch (form?.kind) {
    case "axis":
      return spell(form.value, value);
    case "union": {
      const member = form.members.find((each) => each.read(value, { text: true }).ok);
      return member === undefined ? asWritten(value) : spell(member, value);
    }
    case "component":
      return spellComponent(form.component, value);
    case "list": {
      const { item } = form;
      const items = splitList(type, value);
      return items === undefined ? asWritten(value) : items.map((each) => brief(spell(item, each))).join(", ");
    }
    case "map":
      return isPlainObject(value)
        ? { type: "", options: mapValues(value, (each) => spell(form.value, each)) }
        : asWritten(value);
    case "any":
      return typeof value === "string" ? valueText(value) : asWritten(value);
    case "path":
      return typeof value === "string" ? normalize(value).replace(/(?<=.)\/$/, "") : asWritten(value);
    case "int":
    case "float":
    case "boolean":
    case "literal": {
      const reading = type.read(value, { text: true });
      return reading.ok ? valueText(String(reading.value)) : asWritten(value);
    }
    default:
      return asWritten(value);
  }
}

function spellComponent(component: ComponentClass, value: unknown): Spelt {
  const given = configOfText(value);
  if (!given.ok) return asWritten(value);
  const { type, ...options } = given.config;
  if (!isTyped(component)) return { type: "", options: spellAll(options, schemasOf(component)) };
  const choices = choicesOf(component);
  const choice = type === undefined ? choiceWithoutType(component, choices) : choiceByName(choices, type);
  if (choice === undefined) return asWritten(given.config);
  return { type: choice.type, options: spellAll(options, schemasOf(choice.component)) };
}

function splitList(type: Type<unknown>, value: unknown): readonly unknown[] | undefined {
  if (!type.read(value, { text: true }).ok) return undefined;
  if (typeof value !== "string") return Array.isArray(value) ? value : undefined;
  const items = listItems(value);
  return items.ok ? items.value : undefined;
}

function asWritten(value: unknown): Spelt {
  if (typeof value === "string") return value;
  if (!isPlainObject(value)) return JSON.stringify(value);
  const { type = "", ...options } = value;
  return { type: String(type), options: mapValues(options, asWritten) };
}

/** As an item of a list. */
function brief(spelt: Spelt): string {
  if (typeof spelt === "string") return /[,"()[\]]|^\s|\s$/.test(spelt) ? `"${spelt.replaceAll('"', '""')}"` : spelt;
  const options = Object.entries(spelt.options).sort(([one], [other]) => (one < other ? -1 : 1));
  const inside = options.map(([name, each]) => `${name}=${brief(each)}`).join(", ");
  return inside === "" ? spelt.type : `${spelt.type}(${inside})`;
}

function mapValues<Value>(
  values: Readonly<Record<string, unknown>>,
  change: (value: unknown) => Value,
): Readonly<Record<string, Value>> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, change(value)]));
}
