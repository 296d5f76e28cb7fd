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
} from "@ml-mosaic/configurable";
import { importUserFile } from "../modules/user-files.ts";
import { defaultText, type Group, groupOf, type ProcessValues, processOptions } from "./process-options.ts";

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
  const given = configOfText(isSwitch ? "True" : text);
  if (!given.ok) return false;
  const { type } = given.config;
  const components = groupComponents(group);
  const named = (spell: (name: string) => string) =>
    components.find(({ types }) => typeof type === "string" && types.some((each) => spell(each) === spell(type)));
  const chosen =
    type === undefined
      ? components.find(({ isDefault }) => isDefault)
      : (named((each) => each) ?? named((each) => each.toLowerCase()));
  const [option = ""] = name.slice(group.length + 1).split(".");
  return chosen !== undefined && Object.hasOwn(chosen.configSchema, option);
}

/** The typed values of the texts that hold for one run. An optimizer gets its `lr` from that of [PROCESS]. */
export function readProcess(texts: Readonly<Record<string, string>>, folder: string): Checked<ProcessValues> {
  const written = { loss_function: defaultText("loss_function"), optimizer: defaultText("optimizer"), ...texts };
  const { optimizer, ...nested } = nestTexts(ownTexts(written), processOptions);
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
