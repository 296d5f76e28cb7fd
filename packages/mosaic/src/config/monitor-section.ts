// [MONITOR]: how many runs go on at once, on which devices, and how often each is repeated.

import { suggestName } from "@ml-mosaic/base";
import { IGNORED_OPTIONS, reportIgnored } from "./ignored-options.ts";
import type { IniOption, IniSection } from "./ini.ts";
import { MONITOR_EXAMPLES, MONITOR_OPTION_NAMES, MONITOR_OPTIONS } from "./monitor-options.ts";
import type { Findings } from "./problem.ts";
import { PROCESS_OPTION_NAMES } from "./process-options.ts";
import { parseBoolean, parseNumber } from "./setting.ts";
import { parseValue, repeatedValue } from "./values.ts";
import type { OptionSpec } from "./vocabulary.ts";

export interface MonitorSection {
  readonly line: number;
  readonly needGpu: boolean;
  /** Device names as written; empty where there is none. */
  readonly gpuAvailable: readonly string[];
  readonly numProcesses: number;
  /** Runs per pipeline. */
  readonly multiplicity: number;
  /** Raw texts of all options, in file order. */
  readonly texts: Readonly<Record<string, string>>;
}

/** Undefined where a problem was found. */
export function readMonitorSection(section: IniSection, findings: Findings): MonitorSection | undefined {
  const options = new Map(section.options.map((option) => [option.name, option]));
  checkNames(section, findings);

  const needGpu = readOption(options, "need_gpu", findings, parseBooleanOption);
  const gpuAvailable = readOption(options, "gpu_available", findings, parseDevices);
  const numProcesses = readOption(options, "nb_processus", findings, parseNumberOption(MONITOR_OPTIONS.nb_processus));
  const multiplicity = readOption(options, "multiplicity", findings, parseNumberOption(MONITOR_OPTIONS.multiplicity));

  if (needGpu === true && gpuAvailable?.length === 0) {
    findings.problem({
      line: options.get("gpu_available")?.line ?? section.line,
      section: section.name,
      option: "gpu_available",
      code: "no-device",
      message: "need_gpu is True, and no device is listed.",
      remedy: "List the devices, as in cuda:0, cuda:1, or write need_gpu = False.",
    });
  }
  if (needGpu === undefined || gpuAvailable === undefined || numProcesses === undefined || multiplicity === undefined)
    return undefined;
  const texts = Object.fromEntries(section.options.map(({ name, value }) => [name, value]));
  return { line: section.line, needGpu, gpuAvailable, numProcesses, multiplicity, texts };
}

function checkNames(section: IniSection, findings: Findings): void {
  const known: readonly string[] = MONITOR_OPTION_NAMES;
  for (const { name, value, line } of section.options) {
    if (known.includes(name)) continue;
    const place = { line, section: section.name, option: name, value };
    if (IGNORED_OPTIONS.includes(name)) reportIgnored(place, findings);
    else {
      findings.problem({
        ...place,
        code: "unknown-option",
        message: `[MONITOR] has no option "${name}".`,
        remedy: PROCESS_OPTION_NAMES.includes(name) ? "Move it to [PROCESS]." : suggestName(name, known),
      });
    }
  }
  for (const name of MONITOR_OPTION_NAMES) {
    if (section.options.some((option) => option.name === name)) continue;
    findings.problem({
      line: section.line,
      section: section.name,
      option: name,
      code: "missing-option",
      message: "The option is missing.",
      remedy: `Add a line ${MONITOR_EXAMPLES[name]} to [${section.name}].`,
    });
  }
}

type Parse<Value> = (
  option: IniOption,
  problem: (code: string, message: string, remedy: string) => void,
) => Value | undefined;

function readOption<Value>(
  options: ReadonlyMap<string, IniOption>,
  name: string,
  findings: Findings,
  parse: Parse<Value>,
): Value | undefined {
  const option = options.get(name);
  if (option === undefined) return undefined;
  return parse(option, (code, message, remedy) =>
    findings.problem({
      line: option.line,
      section: "MONITOR",
      option: name,
      value: option.value,
      code,
      message,
      remedy,
    }),
  );
}

const parseBooleanOption: Parse<boolean> = ({ value }, problem) => {
  const result = parseBoolean(value);
  if (result.ok) return result.value;
  problem(result.fault.code, result.fault.message, result.fault.remedy);
  return undefined;
};

function parseNumberOption(spec: OptionSpec): Parse<number> {
  return ({ value }, problem) => {
    const result = parseNumber(spec, value);
    if (result.ok) return result.value;
    problem(result.fault.code, result.fault.message, result.fault.remedy);
    return undefined;
  };
}

const parseDevices: Parse<readonly string[]> = ({ value }, problem) => {
  if (value.toLowerCase() === "none") return [];
  const parsed = parseValue(value);
  if (!parsed.ok) {
    for (const { code, message, remedy } of parsed.faults) problem(code, message, remedy);
    return undefined;
  }
  const repeated = repeatedValue(parsed.value.values);
  if (repeated === undefined) return parsed.value.values;
  problem(
    "repeated-device",
    `"${repeated}" is listed twice.`,
    "List each device once; one run at a time goes to each.",
  );
  return undefined;
};
