/** The losses, optimizers, schedulers and early stoppings that [PROCESS] may choose, and which of their options are meant. */

import {
  booleanFromText,
  type Checked,
  type ComponentDescription,
  checkValues,
  configOfText,
  describeComponents,
  isNullText,
  loadImports,
  nestTexts,
  valueText,
} from "@ml-mosaic/configurable";
import { importUserFile } from "../modules/user-files.ts";
import type { Texts } from "../pipelines/pipeline.ts";
import { defaultText, type Group, groupOf, groups, type ProcessValues, processOptions } from "./process-options.ts";

/** Those that are registered. */
export function groupComponents(group: Group): readonly ComponentDescription[] {
  return describeComponents({ name: group, configSchema: { [group]: processOptions[group] } }).filter(
    ({ base }) => base !== undefined,
  );
}

/** `None`, or an early stopping that is switched off. */
export function isNothing(text: string): boolean {
  return isNullText(text) || booleanFromText(text) === false;
}

/** Whether the component that a group's text chooses has an option such as `optimizer.momentum`; if off, were it on. */
export function usesOption(group: Group, text: string, name: string): boolean {
  const isSwitch = group === "early_stopping" && isNothing(text);
  if (isNothing(text) && !isSwitch) return false;
  const chosen = chosenBy(group, isSwitch ? "True" : text)?.component;
  const [option = ""] = name.slice(group.length + 1).split(".");
  return chosen !== undefined && Object.hasOwn(chosen.configSchema, option);
}

/** The component that a group's text names, and the options in its brackets. */
function chosenBy(group: Group, text: string) {
  const given = configOfText(text);
  if (!given.ok) return undefined;
  const { type, ...options } = given.config;
  const components = groupComponents(group);
  const named = (spell: (name: string) => string) =>
    components.find(({ types }) => typeof type === "string" && types.some((each) => spell(each) === spell(type)));
  const component =
    type === undefined
      ? components.find(({ isDefault }) => isDefault)
      : (named((each) => each) ?? named((each) => each.toLowerCase()));
  return component && { component, options };
}

/**
 * Gives the texts that hold for one run in one spelling, so that equal trainings have equal texts: components by their
 * first names, their options behind dots, without those of other components and without what holds anyway. Many runs
 * have the same components, which are spelt once.
 */
export function spelling(): (texts: Texts) => Texts {
  const known = new Map<string, Texts>();
  const isOfComponents = (name: string) => groups.some((group) => group === name) || groupOf(name) !== undefined;
  return (texts) => {
    const entries = Object.entries(texts);
    const components = entries.filter(([name]) => isOfComponents(name));
    const key = JSON.stringify(components);
    const spelt = known.get(key) ?? inOneSpelling(Object.fromEntries(components));
    known.set(key, spelt);
    const others = entries.filter(([name, text]) => !isOfComponents(name) && !holdsAnyway(name, text, texts));
    return { ...Object.fromEntries(others), ...spelt };
  };
}

function inOneSpelling(texts: Texts): Texts {
  const spelt = Object.entries(ownTexts(withDefaults(texts))).flatMap(([name, text]) => {
    const group = groups.find((each) => each === name);
    return group === undefined ? [[name, text] as const] : spelledOut(group, text);
  });
  const written = Object.fromEntries(spelt);
  return Object.fromEntries(spelt.filter(([name, text]) => !holdsAnyway(name, text, written)));
}

function spelledOut(group: Group, text: string): readonly (readonly [name: string, text: string])[] {
  if (isNothing(text)) return [];
  const chosen = chosenBy(group, text);
  if (chosen === undefined) return [[group, text]];
  const options = Object.entries(chosen.options);
  return [
    [group, chosen.component.types[0] ?? text],
    ...options.map(([name, value]) => [`${group}.${name}`, String(value).replace(/^\[(.*)\]$/s, "$1")] as const),
  ];
}

function holdsAnyway(name: string, text: string, written: Texts): boolean {
  if (name === "seed") return valueText(text) === valueText(String(processOptions.seed.default));
  const group = groups.find((each) => each === name);
  if (group !== undefined) return text === chosenBy(group, defaultText(group))?.component.types[0];
  const inside = groupOf(name);
  const chosen = inside && chosenBy(inside, written[inside] ?? "");
  const option = inside && chosen?.component.configSchema[name.slice(inside.length + 1)];
  const isScalar = ["number", "boolean", "string"].includes(typeof option?.default);
  return isScalar && valueText(text) === valueText(String(option?.default));
}

function withDefaults(texts: Texts): Texts {
  return { loss_function: defaultText("loss_function"), optimizer: defaultText("optimizer"), ...texts };
}

/** The typed values of the texts that hold for one run. An optimizer gets its `lr` from that of [PROCESS]. */
export function readProcess(texts: Readonly<Record<string, string>>, folder: string): Checked<ProcessValues> {
  const { optimizer, ...nested } = nestTexts(ownTexts(withDefaults(texts)), processOptions);
  const given = configOfText(optimizer);
  const values = { ...nested, optimizer: given.ok ? { ...given.config, lr: nested.lr } : optimizer };
  return checkValues(processOptions, values, { text: true, folder, context: "[PROCESS]" });
}

/** Without the options of the components that other runs have: `optimizer.momentum` is none of Adam's. */
function ownTexts(texts: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const own = Object.entries(texts).filter(([name]) => {
    const group = groupOf(name);
    if (group === undefined) return true;
    const chosen = Object.hasOwn(texts, group) ? texts[group] : undefined;
    if (chosen === undefined || isNothing(chosen)) return false;
    if (usesOption(group, chosen, name)) return true;
    // What nobody has is a mistake.
    return !groupComponents(group).some((component) => usesOption(group, component.name, name));
  });
  return Object.fromEntries(own);
}

/** Loads what the option `imports` names, where it can be read. */
export async function loadTextImports(text: string, folder: string): Promise<void> {
  const imports = processOptions.imports.type.read(text, { text: true, folder });
  if (imports.ok) await loadImports(imports.value, folder, importUserFile);
}
