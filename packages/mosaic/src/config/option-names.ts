/** How conditions and groups name the options of an experiment: `MLP.depth` by section, `mlp.depth` by type, or `depth` alone. */
import type { Lookup } from "../conditions/index.ts";
import { seesOption } from "../pipelines/applying-options.ts";
import { type ClassSection, ownTexts } from "./class-section.ts";
import { componentValues } from "./component-values.ts";
import type { Draft, Varied } from "./pipelines.ts";
import { isOfComponent } from "./process-options.ts";
import type { ProcessSection } from "./process-section.ts";

/** One option of one section. */
export interface NamedOption {
  /** Undefined for an option of [PROCESS]. */
  readonly section: ClassSection | undefined;
  /** Qualified by its section. */
  readonly name: string;
  readonly option: Varied;
}

/** The options that each name may mean: several where sections of one type have it. */
export type OptionNames = ReadonlyMap<string, readonly NamedOption[]>;

/** The names by which messages tell them come first. */
export function optionNames(process: Pick<ProcessSection, "options">, sections: readonly ClassSection[]): OptionNames {
  const told: (readonly [name: string, option: NamedOption])[] = [];
  const others: (readonly [name: string, option: NamedOption])[] = [];
  for (const option of process.options) {
    const named = { section: undefined, name: `PROCESS.${option.name}`, option };
    told.push([option.name, named]);
    others.push([named.name, named]);
  }
  for (const section of sections) {
    const add = (option: Varied, isTold: boolean) => {
      const named = { section, name: `${section.name}.${option.name}`, option };
      (isTold ? told : others).push([named.name, named]);
      if (section.type !== section.name) others.push([`${section.type}.${option.name}`, named]);
      others.push([option.name, named]);
    };
    for (const option of section.options) add(option, true);
    for (const [name, text] of Object.entries(ownTexts(section))) add({ name, values: [text] }, false);
  }
  const names = new Map<string, NamedOption[]>();
  for (const [name, option] of [...told, ...others]) names.set(name, [...(names.get(name) ?? []), option]);
  return names;
}

/** Whether no pipeline has both: sections of one type are alternatives. */
export function areAlternatives(one: NamedOption, other: NamedOption): boolean {
  return one.section !== other.section && one.section?.type === other.section?.type;
}

/** Whether one pipeline may have two options that are called so. */
export function isAmbiguous(meant: readonly NamedOption[]): boolean {
  return meant.some((one) => meant.some((other) => one !== other && !areAlternatives(one, other)));
}

/** Programs do not have what they do not see. */
function isSeen({ modules: [module] }: Draft, { name }: Varied): boolean {
  return module?.section.source.kind !== "program" || seesOption(name, module.options);
}

/** Looks up options of a pipeline by their names; undefined is what it does not have. */
export function optionsOf(names: OptionNames): (draft: Draft) => Lookup {
  const ofProcess = names.values().flatMap((meant) => meant.filter(({ section }) => section === undefined));
  const ofComponents = [...new Set(ofProcess.map(({ option }) => option))].filter(({ name }) => isOfComponent(name));
  const componentValue = componentValues();
  const processText = ({ training }: Draft, { name, values }: Varied) => training[name] ?? values.join();
  const processValue = (draft: Draft, { name, values }: Varied) => {
    if (!isOfComponent(name)) return processText(draft, { name, values });
    const texts = ofComponents.map((option) => [option.name, processText(draft, option)]);
    return componentValue(name, Object.fromEntries(texts));
  };
  return (draft) => (name) => {
    for (const { section, option } of names.get(name) ?? []) {
      if (section === undefined) return isSeen(draft, option) ? processValue(draft, option) : undefined;
      const module = draft.modules.find((each) => each.section === section);
      if (module !== undefined) return module.options[option.name] ?? option.values[0];
    }
    return undefined;
  };
}
