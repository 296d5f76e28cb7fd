// A class section: one of the user's classes with its options, multiplied by the options that are lists.

import { nearestName } from "@ml-mosaic/base";
import {
  parseValue,
  repeatedValue,
  type Schema,
  type SchemaMap,
  schema,
  string,
  valueText,
} from "@ml-mosaic/configurable";
import {
  isClassOption,
  moduleOptionNames,
  sameDataName,
  sectionName,
  trainingType,
} from "../pipelines/flat-pipeline.ts";
import { codeName, type Texts } from "../pipelines/pipeline.ts";
import { programClass, programPath, wholeTexts } from "../program/options.ts";
import { type ClassSource, checkClassName, type Places, readModuleSource } from "./class-source.ts";
import type { IniOption, IniSection } from "./ini.ts";
import { escapeReferences } from "./interpolate.ts";
import { type KeyPattern, parseKeyPattern } from "./key-pattern.ts";
import type { Findings } from "./problem.ts";

/** What the text of a section's code is known by among its runs'. */
export function codeNameOf({ pathToClass: path, className, options }: ClassSection): string {
  const texts = Object.fromEntries(options.map(({ name, text }) => [name, text]));
  return codeName({ path, className, options: texts });
}

export interface ClassOption {
  readonly name: string;
  readonly line: number;
  /** As written in the file. */
  readonly text: string;
  /** At least one. */
  readonly values: readonly string[];
}

export interface ClassSection {
  readonly name: string;
  readonly line: number;
  readonly type: string;
  /** Line of the option `class`. */
  readonly classLine: number;
  readonly className: string;
  /** As written in the file, without quotes. */
  readonly pathToClass: string;
  readonly source: ClassSource;
  readonly key: KeyPattern;
  /** The section, most likely of another language, whose data these are. */
  readonly sameDataAs: { readonly section: string; readonly line: number } | undefined;
  /** Those of the class, in file order. */
  readonly options: readonly ClassOption[];
  /** Names of all options in file order, `type`, `class`, `path_to_class` and `key` included. */
  readonly order: readonly string[];
  /** True where an option was written as a list or a range: the modules then carry the section's name. */
  readonly isExpanded: boolean;
}

type ModuleOptionName = (typeof moduleOptionNames)[number];

/** The four that every class section has, for tables of options; what else a section may have, its class says. */
export const classOptions: Readonly<Record<ModuleOptionName, Schema<string>>> = {
  type: schema(string, { help: "What data_scheme or pipeline_scheme calls it" }),
  class: schema(string, { help: "Name of the class, or an alias of it" }),
  path_to_class: schema(string, { help: "File or package that has the class" }),
  key: schema(string, { help: "Name of the module in results: text with {option} in it" }),
};

/** What a section may have of Mosaic's own besides. */
export const optionalClassOptions: SchemaMap = {
  [sameDataName]: schema(string, {
    optional: true,
    help: "Of a data class or a program: the section, as in another language, that gives the same data",
  }),
};

const examples: Readonly<Record<ModuleOptionName, string>> = {
  type: "type = mlp",
  class: "class = MlpFunnel",
  path_to_class: "path_to_class = ./mlp.ts",
  key: "key = {type}_{class}",
};

/** What Mosaic's own options say, but for the key, which follows from all others. */
export function ownTexts({ type, className, pathToClass }: ClassSection): Texts {
  return { type, class: className, path_to_class: pathToClass };
}

/** Whether a section's class is meant as a program, whatever is wrong with it. */
export function isOfProgram({ options }: IniSection): boolean {
  const textOf = (wanted: string) => options.find(({ name }) => name === wanted)?.value ?? "";
  return textOf("path_to_class") === programPath && nearestName(textOf("class"), [programClass]) !== undefined;
}

/** Undefined where a problem was found. */
export async function readClassSection(
  written: IniSection,
  places: Places,
  findings: Findings,
): Promise<ClassSection | undefined> {
  // Nothing in the place of another value takes that away.
  const section = { ...written, options: written.options.filter(({ isInstead, value }) => !isInstead || value !== "") };
  const problem = (option: IniOption, message: string, remedy: string) =>
    findings.problem({
      line: option.line,
      section: section.name,
      option: option.name,
      message,
      remedy: escapeReferences(remedy),
    });
  const names = section.options.map(({ name }) => name);
  checkMissing(section, names, findings);

  const isProgramSection = isOfProgram(section);
  const options: ClassOption[] = [];
  let isExpanded = false;
  for (const option of section.options) {
    const { name, line, value: text } = option;
    if (!isOptionName(option, problem)) continue;
    if (isProgramSection && wholeTexts.includes(name) && text !== "") {
      options.push({ name, line, text, values: [text] });
      continue;
    }
    const parsed = parseValue(text, {
      braces: name === "key" ? "text" : "range",
      quotes: isClassOption(name) ? "kept" : "removed",
    });
    if (!parsed.ok) {
      for (const { message, remedy } of parsed.faults) problem(option, message, remedy);
      continue;
    }
    const { values, isList } = parsed.value;
    const repeated = repeatedValue(values, valueText);
    if (values.length === 0) {
      problem(option, "The option has no value.", 'Give it one, or remove the line; an empty text is written "".');
    } else if (!isClassOption(name) && isList) {
      problem(
        option,
        `"${text}" is a list, and ${name} takes one value.`,
        `Write a section for each, or put a comma that is part of it in quotes: "${text}".`,
      );
    } else if (repeated !== undefined) {
      problem(
        option,
        `"${repeated}" is in the list twice, so that every one of its pipelines would be there twice.`,
        values.indexOf(repeated) === values.lastIndexOf(repeated)
          ? `Write it once; numbers count by value, and texts that look like them need quotes: "${repeated}".`
          : "Write it once; multiplicity repeats runs.",
      );
    } else {
      options.push({ name, line, text, values });
      isExpanded ||= isList;
    }
  }

  const single = (name: ModuleOptionName | typeof sameDataName) => {
    const option = section.options.find((candidate) => candidate.name === name);
    const value = options.find((candidate) => candidate.name === name)?.values[0];
    return option === undefined || value === undefined ? undefined : { option, value };
  };
  const type = single("type");
  if (type?.value === trainingType) {
    problem(
      type.option,
      '"process" marks the training options in pipelines.',
      "Choose another type, here and in its scheme.",
    );
  }
  const className = single("class");
  const classFault = className === undefined ? undefined : checkClassName(className.value);
  if (className !== undefined && classFault !== undefined)
    problem(className.option, classFault.message, classFault.remedy);

  if (isProgramSection && className !== undefined && className.value !== programClass)
    problem(className.option, `${programPath} has no class "${className.value}".`, `Did you mean ${programClass}?`);

  const path = single("path_to_class");
  const valuesOf = (name: string) => options.find((option) => option.name === name)?.values;
  const source =
    path === undefined
      ? undefined
      : await readModuleSource({ path: path.value, className: className?.value ?? "" }, valuesOf, places);
  if (path !== undefined && source?.ok === false) problem(path.option, source.fault.message, source.fault.remedy);

  const sameData = single(sameDataName);
  const key = single("key");
  // The four are known even where they are missing, which has been reported.
  const keyNames = [...new Set([...names, ...moduleOptionNames])];
  const pattern = key === undefined ? undefined : parseKeyPattern(key.value, section.name, keyNames);
  for (const { message, remedy } of pattern?.faults ?? []) {
    if (key !== undefined) problem(key.option, message, remedy);
  }

  if (type === undefined || className === undefined || path === undefined || !source?.ok || pattern === undefined)
    return undefined;
  return {
    name: section.name,
    line: section.line,
    type: type.value,
    classLine: className.option.line,
    className: className.value,
    pathToClass: path.value,
    source: source.source,
    key: pattern.parts,
    sameDataAs: sameData && { section: sameData.value, line: sameData.option.line },
    options: options.filter(({ name }) => isClassOption(name)),
    order: [...names, sectionName],
    isExpanded,
  };
}

function checkMissing(section: IniSection, names: readonly string[], findings: Findings): void {
  for (const name of moduleOptionNames) {
    if (names.includes(name)) continue;
    const misspelt = nearestName(name, names.filter(isClassOption));
    findings.problem({
      line: section.line,
      section: section.name,
      option: name,
      message: "The option is missing.",
      remedy: misspelt === undefined ? `Add a line such as ${examples[name]}.` : `Did you mean it by "${misspelt}"?`,
    });
  }
}

function isOptionName(
  option: IniOption,
  problem: (option: IniOption, message: string, remedy: string) => void,
): boolean {
  if (option.name === sectionName) {
    problem(
      option,
      'Pipelines use "name" for the name of the section.',
      "Choose another name for the option, here and in the class.",
    );
    return false;
  }
  if (/^[\p{L}_][\p{L}\p{N}_.-]*$/u.test(option.name) && option.name !== "__proto__") return true;
  problem(
    option,
    `"${option.name}" cannot be the name of an option.`,
    "Write letters, digits and _ and start with a letter, as in batch_size.",
  );
  return false;
}
