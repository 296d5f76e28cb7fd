// One option of [PROCESS]: whether it is known, how many values it takes, and their types where those are fixed.

import { suggestName } from "@ml-mosaic/base";
import { IGNORED_OPTIONS, reportIgnored } from "./ignored-options.ts";
import type { IniOption } from "./ini.ts";
import { MONITOR_OPTION_NAMES } from "./monitor-options.ts";
import type { Findings } from "./problem.ts";
import {
  GROUPS,
  groupComponents,
  isSequenceOption,
  PROCESS_OPTION_NAMES,
  PROCESS_OPTIONS,
  type ProcessOptionRule,
  splitDotted,
} from "./process-options.ts";
import { parseSetting } from "./setting.ts";
import { parseValue, repeatedValue } from "./values.ts";
import type { OptionSpec, Vocabulary } from "./vocabulary.ts";

export interface ProcessOption {
  readonly name: string;
  readonly line: number;
  /** As written in the file. */
  readonly text: string;
  /** One text for an option that is no axis; a sequence such as `data_scheme` is one text, commas included. */
  readonly values: readonly string[];
  /** True where the option was written as a list or a range: it is then a further axis of the comparison. */
  readonly isAxis: boolean;
}

/** Undefined where a problem was found, or the option has no effect. */
export function readProcessOption(
  option: IniOption,
  section: string,
  vocabulary: Vocabulary,
  findings: Findings,
): ProcessOption | undefined {
  const { name, value: text, line } = option;
  const place = { line, section, option: name, value: text };
  if (IGNORED_OPTIONS.includes(name)) {
    reportIgnored(place, findings);
    return undefined;
  }
  const rule = findRule(name, vocabulary);
  if (rule === undefined) {
    const monitorNames: readonly string[] = MONITOR_OPTION_NAMES;
    findings.problem({
      ...place,
      code: "unknown-option",
      message: `[PROCESS] has no option "${name}".`,
      remedy: monitorNames.includes(name)
        ? "Move it to [MONITOR]."
        : suggestName(name, [...PROCESS_OPTION_NAMES, ...dottedNames(vocabulary, name)]),
    });
    return undefined;
  }
  const parsed = parseValue(text);
  if (!parsed.ok) {
    for (const fault of parsed.faults) findings.problem({ ...place, ...fault });
    return undefined;
  }
  const { values, isList } = parsed.value;
  if (values.length === 0) {
    findings.problem({
      ...place,
      code: "empty-value",
      message: "The option has no value.",
      remedy: rule.required ? `Write for example ${rule.example}.` : "Give it one, or remove the line.",
    });
    return undefined;
  }
  if (rule.takes === "sequence") return { name, line, text, values: [text], isAxis: false };
  if (rule.takes === "one" && isList) {
    findings.problem({
      ...place,
      code: "unexpected-list",
      message: `"${text}" is a list, and ${name} takes one value.`,
      remedy: `Write one value; commas and braces that are part of it need quotes: "${text}".`,
    });
    return undefined;
  }
  const { spec } = rule;
  const faults =
    spec === undefined ? [] : values.map((value) => parseSetting(spec, value)).filter((result) => !result.ok);
  for (const { fault } of faults) findings.problem({ ...place, ...fault });
  const repeated = repeatedValue(values, (value) => {
    const setting = spec === undefined ? undefined : parseSetting(spec, value);
    return setting?.ok ? String(setting.value) : value;
  });
  if (repeated !== undefined) {
    findings.problem({
      ...place,
      code: "repeated-value",
      message: `"${repeated}" is in the list twice, so that every one of its pipelines would be there twice.`,
      remedy: "Write it once; multiplicity repeats runs.",
    });
  }
  return faults.length > 0 ? undefined : { name, line, text, values, isAxis: isList };
}

/** `spec` is undefined for dotted options, whose type depends on the component that is chosen. */
type Rule = Pick<ProcessOptionRule, "takes" | "example" | "required"> & { readonly spec: OptionSpec | undefined };

function findRule(name: string, vocabulary: Vocabulary): Rule | undefined {
  const fixed = PROCESS_OPTIONS.find(({ spec }) => spec.name === name);
  if (fixed !== undefined) return fixed;
  const dotted = splitDotted(name);
  if (dotted === undefined) return undefined;
  const takes = isSequenceOption(dotted.group, dotted.option, vocabulary) ? "sequence" : "axis";
  return { spec: undefined, takes, example: `${name} = 1` };
}

/** Only where the name itself is dotted: else a list of everything known would be unreadable. */
function dottedNames(vocabulary: Vocabulary, name: string): readonly string[] {
  if (!name.includes(".")) return [];
  return GROUPS.flatMap((group) => {
    const specs = Object.values(groupComponents(group, vocabulary)).flat();
    return [...new Set(specs.map((spec) => `${group}.${spec.name}`))];
  });
}
