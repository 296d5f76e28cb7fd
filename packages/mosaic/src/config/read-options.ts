/** The options of [PROCESS] and [MONITOR] as they are written: known names, well-formed values, lists only where they may be. */

import { nearestName } from "@ml-mosaic/base";
import {
  describeComponents,
  isNullText,
  optionTypes,
  parseValue,
  repeatedValue,
  type SchemaMap,
  type Type,
} from "@ml-mosaic/configurable";
import { ignoredOptions, reportEmpty, reportIgnored } from "./ignored-options.ts";
import type { IniOption, IniSection } from "./ini.ts";
import { escapeReferences } from "./interpolate.ts";
import { type Findings, optionPath, placed } from "./problem.ts";

export interface WrittenOption {
  readonly name: string;
  readonly line: number;
  /** As written in the file. */
  readonly text: string;
  /** One text for an option that is no axis; a sequence such as `data_scheme` is one text, commas included. */
  readonly values: readonly string[];
  /** True where the option was written as a list or a range: it is then a further axis of the comparison. */
  readonly isAxis: boolean;
}

export interface OtherSection {
  readonly name: string;
  readonly schemas: SchemaMap;
}

/** Those that can be read further; the findings have what is wrong with the others. */
export function readOptions(
  section: IniSection,
  schemas: SchemaMap,
  other: OtherSection,
  findings: Findings,
): readonly WrittenOption[] {
  return section.options
    .map((option) => readOption(option, section, schemas, other, findings))
    .filter((option) => option !== undefined);
}

function readOption(
  option: IniOption,
  section: IniSection,
  schemas: SchemaMap,
  other: OtherSection,
  findings: Findings,
): WrittenOption | undefined {
  const { name, value: text, line } = option;
  const place = { line, section: section.name, option: name };
  if (ignoredOptions.includes(name)) {
    reportIgnored(place, findings);
    return undefined;
  }
  const { optional, default: value } = (Object.hasOwn(schemas, name) ? schemas[name] : undefined) ?? {};
  // In the place of another value it takes that away.
  if (text === "" && option.isInstead === true && (optional === true || value !== undefined)) return undefined;
  if (text === "" && optional === true) {
    reportEmpty(place, findings);
    return undefined;
  }
  const [group = "", ...inner] = name.split(".");
  const types = optionTypes(schemas, [group, ...inner]);
  // Which class lacks it is said where the class is read.
  const isInside = inner.length === 1 && optionTypes(schemas, [group]).some(isComponent);
  if (types.length === 0 && !isInside) {
    reportUnknown(option, section, schemas, other, findings);
    return undefined;
  }
  if (types.some(takesWholeText)) return { name, line, text, values: [text], isAxis: false };
  const parsed = parseValue(text, { nested: types.some(isComponent) });
  if (!parsed.ok) {
    for (const { message, remedy } of parsed.faults)
      findings.problem({ ...place, message, remedy: escapeReferences(remedy) });
    return undefined;
  }
  const { values, isList } = parsed.value;
  if (values.length === 0) {
    const expected = types[0]?.expected ?? "a value";
    findings.problem(placed({ kind: "invalid", path: optionPath(name), value: "", expected }, section));
    return undefined;
  }
  if (isList && inner.length === 0 && !types.some(({ form }) => form?.kind === "axis")) {
    findings.problem({
      ...place,
      message: `"${text}" is a list, and ${name} takes one value.`,
      remedy: `Write one value; commas and braces that are part of it need quotes: "${escapeReferences(text)}".`,
    });
    return undefined;
  }
  // Components that are the same in other words are found where their options are known.
  const repeated = types.some(isComponent) ? undefined : repeatedValue(values, (value) => identity(value, types));
  if (repeated !== undefined) {
    findings.problem({
      ...place,
      message: `"${repeated}" is in the list twice, so that every one of its pipelines would be there twice.`,
      remedy: "Write it once; multiplicity repeats runs.",
    });
  }
  return { name, line, text, values, isAxis: isList };
}

function reportUnknown(
  { name, line, value }: IniOption,
  section: IniSection,
  schemas: SchemaMap,
  other: OtherSection,
  findings: Findings,
): void {
  if (Object.hasOwn(other.schemas, name)) {
    findings.problem({
      line,
      section: section.name,
      option: name,
      message: `It is no option of [${section.name}].`,
      remedy: `Move it to [${other.name}].`,
    });
    return;
  }
  if (name === "include") {
    findings.problem({
      line,
      section: section.name,
      option: name,
      message: "It stands in a section.",
      remedy: "Write it above all sections, as the first line of the file.",
    });
    return;
  }
  const names = Object.keys(schemas);
  // Only where the name itself is dotted: else a list of everything known would be unreadable.
  const known = name.includes(".") ? [...names, ...dottedNames(schemas)] : names;
  const nearest = nearestName(name, known);
  const problem = { kind: "unknown", path: optionPath(name), value, expected: names.join(", "), nearest } as const;
  findings.problem(placed(problem, section));
}

function dottedNames(schemas: SchemaMap): readonly string[] {
  const names = Object.entries(schemas).flatMap(([group, option]) =>
    describeComponents({ name: group, configSchema: { [group]: option } })
      .filter(({ base }) => base !== undefined)
      .flatMap(({ configSchema }) => Object.keys(configSchema).map((name) => `${group}.${name}`)),
  );
  return [...new Set(names)];
}

/** A list, or what has a grammar of its own. */
function takesWholeText({ form }: Type<unknown>): boolean {
  return form === undefined || form.kind === "list";
}

export function isComponent({ form }: Type<unknown>): boolean {
  switch (form?.kind) {
    case "component":
      return true;
    case "axis":
      return isComponent(form.value);
    case "union":
      return form.members.some(isComponent);
    default:
      return false;
  }
}

/** What makes two texts the same value: `1e-2` and `0.01`. */
function identity(text: string, types: readonly Type<unknown>[]): string {
  if (isNullText(text)) return "None";
  const reading = types[0]?.read(text, { text: true });
  return reading?.ok ? String(reading.value) : text;
}
