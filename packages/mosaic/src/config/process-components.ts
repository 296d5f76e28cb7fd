/** The losses, optimizers, schedulers and early stoppings that [PROCESS] may choose, and which of their options are meant. */

import { Latest } from "@ml-mosaic/base";
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
  speller,
} from "@ml-mosaic/configurable";
import { importUserFile } from "../modules/user-files.ts";
import { type Texts, withoutNames } from "../pipelines/pipeline.ts";
import {
  defaultText,
  type Group,
  groupOf,
  groups,
  importsOf,
  isOfComponent,
  type ProcessValues,
  processOptions,
} from "./process-options.ts";

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
  const chosen = chosenBy(group, isSwitch ? "True" : text);
  const [option = ""] = name.slice(group.length + 1).split(".");
  return chosen !== undefined && Object.hasOwn(chosen.configSchema, option);
}

/** The text of an option as documentation writes it: of one that chooses a component the name of its class. */
export function nameOfChosen(name: string, text: string): string {
  const group = groups.find((each) => each === name);
  if (group === undefined || isNothing(text)) return text;
  return group === "early_stopping" ? "True" : (chosenBy(group, text)?.name ?? text);
}

/** The component that a group's text names. */
export function chosenBy(group: Group, text: string): ComponentDescription | undefined {
  const given = configOfText(text);
  if (!given.ok) return undefined;
  const { type } = given.config;
  const components = groupComponents(group);
  if (type === undefined) return components.find(({ isDefault }) => isDefault);
  const named = (spell: (name: string) => string) =>
    components.find(({ types }) => typeof type === "string" && types.some((each) => spell(each) === spell(type)));
  return named((each) => each) ?? named((each) => each.toLowerCase());
}

/** More different components than this are not remembered. */
const mostKnown = 10_000;

/**
 * Gives the texts that hold for one run in one spelling, so that equal trainings have equal texts. Many runs have the same
 * components, which are looked at once.
 */
export function spelling(): (texts: Texts) => Texts {
  const spelt = speller(processOptions);
  const known = new Map<string, Texts>();
  return (texts) => {
    const entries = Object.entries(texts);
    const components = entries.filter(([name]) => isOfComponent(name));
    const key = JSON.stringify(components);
    const own = known.get(key) ?? withoutNothing(ownTexts(withDefaults(Object.fromEntries(components))));
    if (known.size >= mostKnown) known.clear();
    known.set(key, own);
    return spelt({ ...Object.fromEntries(entries.filter(([name]) => !isOfComponent(name))), ...own });
  };
}

function withoutNothing(texts: Texts): Texts {
  return withoutNames(
    texts,
    groups.filter((group) => isNothing(texts[group] ?? "")),
  );
}

function withDefaults(texts: Texts): Texts {
  return { loss_function: defaultText("loss_function"), optimizer: defaultText("optimizer"), ...texts };
}

/** The typed values of the texts that hold for one run. */
export function readProcess(texts: Readonly<Record<string, string>>, folder: string): Checked<ProcessValues> {
  const { optimizer: chosen, ...nested } = nestTexts(ownTexts(withDefaults(texts)), processOptions);
  return checkValues(
    processOptions,
    { ...nested, ...ownValues(chosen, nested.lr) },
    { text: true, folder, context: "[PROCESS]" },
  );
}

const { lr, optimizer, ...othersOptions } = processOptions;
const ownOptions = { lr, optimizer };

interface Understood {
  readonly others: Omit<ProcessValues, "lr" | "optimizer">;
  /** Without its `lr`. */
  readonly optimizer: unknown;
}

/** What texts have said beside their `lr`, which is what the runs of a comparison differ in before all else. */
const understood = new Latest<Understood | undefined>(64);

/**
 * As `readProcess`, in a quarter of the time for texts like those before. Where they import something all is read anew:
 * what is the user's own lasts one run.
 */
export function readProcessOnce(texts: Readonly<Record<string, string>>, folder: string): Checked<ProcessValues> {
  const { lr: rate, ...others } = texts;
  if (importsOf(others).length > 0 || rate === undefined) return readProcess(texts, folder);
  const known = understood.for(
    JSON.stringify([folder, others]),
    () => understand(others, folder),
    (found) => found !== undefined,
  );
  if (known === undefined) return readProcess(texts, folder);
  const { optimizer: config } = known;
  const own = checkValues(ownOptions, ownValues(config, rate), { text: true, folder });
  // The messages are those of all options together.
  return own.ok ? { ok: true, values: { ...known.others, ...own.values } } : readProcess(texts, folder);
}

/** undefined where something is wrong with them. */
function understand(texts: Readonly<Record<string, string>>, folder: string): Understood | undefined {
  const { optimizer: chosen, ...others } = nestTexts(ownTexts(withDefaults(texts)), processOptions);
  const checked = checkValues(othersOptions, others, { text: true, folder });
  return checked.ok ? { others: checked.values, optimizer: chosen } : undefined;
}

/** An optimizer gets its `lr` from that of [PROCESS]. */
function ownValues(chosen: unknown, rate: unknown): Readonly<Record<string, unknown>> {
  const given = configOfText(chosen);
  return { lr: rate, optimizer: given.ok ? { ...given.config, lr: rate } : chosen };
}

/** Without the options of the components that other runs have: `optimizer.momentum` is none of Adam's. */
function ownTexts(texts: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const own = Object.entries(texts).filter(([name]) => {
    const group = groupOf(name);
    if (group === undefined) return true;
    const chosen = Object.hasOwn(texts, group) ? texts[group] : undefined;
    if (chosen === undefined || isNothing(chosen)) return false;
    if (chosenBy(group, chosen) === undefined || usesOption(group, chosen, name)) return true;
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
