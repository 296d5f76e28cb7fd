/** How identities of runs were made before, so that databases of then go on: nothing here may change. */
import { configOfText, optionTypes, type SchemaMap, valueText } from "@ml-mosaic/configurable";
import { chosenBy, groupComponents, isNothing, usesOption } from "../config/process-components.ts";
import { defaultText, type Group, groupOf, groups, isOfComponent } from "../config/process-options.ts";
import { textsForTypes } from "../modules/module-schema.ts";
import type { ModuleSpec, Texts } from "../pipelines/pipeline.ts";
import { identifyingTexts } from "../pipelines/run-params.ts";
import { byMeaning, type IdentityForm } from "./identity.ts";
import { type ClassesByName, nameOfClass } from "./identity-classes.ts";

const asWritten: IdentityForm = {
  optionsOf: (modules) => modules.at(-1)?.options ?? {},
  trainingOf: identifyingTexts,
  trainingValue: (text) => text,
};

/**
 * The latest last: by what was written, then numbers by value, then components of [PROCESS] by what they are, then all by what
 * it means, but for what classes in Python say by default.
 */
export function earlierForms(classes: ClassesByName): readonly IdentityForm[] {
  const byValue = { ...asWritten, optionsOf: optionsByValue(classes), trainingValue: valueText };
  const byComponents = {
    ...byValue,
    trainingOf: (process: Texts) => trainingByComponents(identifyingTexts(process)),
  };
  const withoutSchemas = classes.entries().filter(([, { schemas }]) => schemas === undefined);
  const unspelt = new Map(withoutSchemas.map(([name, each]) => [name, { ...each, spell: undefined }] as const));
  return [asWritten, byValue, byComponents, byMeaning(new Map([...classes, ...unspelt]))];
}

function optionsByValue(classes: ClassesByName) {
  return (modules: readonly ModuleSpec[]): Texts => {
    const module = modules.at(-1);
    const schemas = module && classes.get(nameOfClass(module))?.schemas;
    const texts = Object.entries(module?.options ?? {});
    return Object.fromEntries(
      texts.map(([name, text]) => [
        name,
        schemas === undefined ? valueText(text) : typedValueText(name, text, schemas),
      ]),
    );
  };
}

function typedValueText(name: string, text: string, schemas: SchemaMap): string {
  const { [name]: written = text } = textsForTypes({ [name]: text }, schemas);
  const reading = optionTypes(schemas, name.split("."))[0]?.read(written, { text: true });
  const isScalar = reading?.ok === true && (typeof reading.value === "number" || typeof reading.value === "boolean");
  return isScalar ? valueText(written) : written;
}

function trainingByComponents(texts: Texts): Texts {
  const written = Object.entries(texts).filter(([name]) => isOfComponent(name));
  const others = Object.entries(texts).filter(
    ([name, text]) => !isOfComponent(name) && !(name === "seed" && valueText(text) === "0"),
  );
  const defaults = { loss_function: defaultText("loss_function"), optimizer: defaultText("optimizer") };
  const own = ownTexts({ ...defaults, ...Object.fromEntries(written) });
  const spelt = Object.entries(own).flatMap(([name, text]) => {
    const group = groups.find((each) => each === name);
    return group === undefined ? [[name, text] as const] : spelledOut(group, text);
  });
  const all = Object.fromEntries(spelt);
  return Object.fromEntries([...others, ...spelt.filter(([name, text]) => !holdsAnyway(name, text, all))]);
}

function ownTexts(texts: Texts): Texts {
  const own = Object.entries(texts).filter(([name]) => {
    const group = groupOf(name);
    if (group === undefined) return true;
    const chosen = texts[group];
    if (chosen === undefined || isNothing(chosen)) return false;
    if (usesOption(group, chosen, name)) return true;
    return !groupComponents(group).some((component) => usesOption(group, component.name, name));
  });
  return Object.fromEntries(own);
}

function spelledOut(group: Group, text: string): readonly (readonly [name: string, text: string])[] {
  if (isNothing(text)) return [];
  const given = configOfText(text);
  const chosen = chosenBy(group, text);
  if (chosen === undefined || !given.ok) return [[group, text]];
  const { type: _, ...options } = given.config;
  return [
    [group, chosen.types[0] ?? text],
    ...Object.entries(options).map(
      ([name, value]) => [`${group}.${name}`, String(value).replace(/^\[(.*)\]$/s, "$1")] as const,
    ),
  ];
}

function holdsAnyway(name: string, text: string, written: Texts): boolean {
  const group = groups.find((each) => each === name);
  if (group !== undefined) return text === chosenBy(group, defaultText(group))?.types[0];
  const inside = groupOf(name);
  const chosen = inside && chosenBy(inside, written[inside] ?? "");
  const option = inside && chosen?.configSchema[name.slice(inside.length + 1)];
  const isScalar = ["number", "boolean", "string"].includes(typeof option?.default);
  return isScalar && valueText(text) === valueText(String(option?.default));
}
