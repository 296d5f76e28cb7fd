// Checks between sections: schemes against types, equal variants, and how much work comes out.

import { availableParallelism } from "node:os";
import { relative, resolve } from "node:path";
import { nearestName, suggestName } from "@ml-mosaic/base";
import { parseValue, unquotedText, valueText } from "@ml-mosaic/configurable";
import { type Device, executorChoices, executorConflict } from "@ml-mosaic/tensor";
import { sameDataName, trainingType } from "../pipelines/flat-pipeline.ts";
import { engineDevice } from "../run/device.ts";
import { type ClassSection, ownTexts } from "./class-section.ts";
import type { Places } from "./class-source.ts";
import type { IniSection } from "./ini.ts";
import { fillKeyPattern } from "./key-pattern.ts";
import type { MonitorSection } from "./monitor-section.ts";
import { mostRuns } from "./pipelines.ts";
import type { Findings } from "./problem.ts";
import type { ProcessSection } from "./process-section.ts";

interface Types {
  readonly process: ProcessSection;
  /** Class sections as they are in the file, so that a fault elsewhere in one does not hide its type. */
  readonly sections: readonly IniSection[];
  readonly findings: Findings;
}

/** Runs whose threads wait for each other's processors take longer than runs of one thread. */
export function checkThreads(
  process: ProcessSection,
  { numProcesses }: MonitorSection,
  findings: Findings,
  cores = availableParallelism(),
): void {
  const option = process.options.find(({ name }) => name === "threads");
  const threads = Number(option?.values[0] ?? 1);
  if (option === undefined || threads === 1 || numProcesses * threads <= cores) return;
  const most = Math.max(1, Math.floor(cores / threads));
  const fitting =
    threads > cores ? `threads = ${Math.max(1, Math.floor(cores / numProcesses))}` : `nb_processus = ${most}`;
  findings.problem({
    line: option.line,
    section: "PROCESS",
    option: "threads",
    message: `${threads} threads in each of nb_processus = ${numProcesses} runs are ${numProcesses * threads}, and this machine has ${cores} ${cores === 1 ? "core" : "cores"}.`,
    remedy: `Write ${fitting}, or leave threads out: runs side by side use the cores best.`,
  });
}

/** What runs on each of the devices, and what does nothing on any of them. */
export function checkExecutor(process: ProcessSection, monitor: MonitorSection, findings: Findings): void {
  const written = (name: string) => process.options.find((option) => option.name === name);
  const executor = executorChoices.find((name) => name === written("executor")?.values[0]?.toLowerCase());
  const threads = Number(written("threads")?.values[0] ?? 1);
  const conflicts = devicesOf(monitor).map((device) => executorConflict(device, executor ?? "auto", threads));
  // Threads share the work of those runs that a device of several gives to the processor.
  const conflict =
    conflicts.find((each) => each?.option === "executor") ??
    (conflicts.every((each) => each?.option === "threads") ? conflicts[0] : undefined);
  const option = conflict && written(conflict.option);
  if (conflict === undefined || option === undefined) return;
  const { message, remedy } = conflict;
  const capital = `${remedy.slice(0, 1).toUpperCase()}${remedy.slice(1)}.`;
  findings.problem({
    line: option.line,
    section: "PROCESS",
    option: option.name,
    message: `${message}.`,
    remedy: capital,
  });
}

/** Those that have a name of a device; the others are told of when devices are tried. */
function devicesOf({ needGpu, gpuAvailable }: MonitorSection): readonly Device[] {
  if (!needGpu) return ["cpu"];
  return gpuAvailable.flatMap((name) => {
    try {
      return [engineDevice(name)];
    } catch {
      return [];
    }
  });
}

const SCHEMES = [
  ["data_scheme", "dataScheme"],
  ["pipeline_scheme", "pipelineScheme"],
] as const;

/** Every type of a scheme has a section, every section a scheme, and no type stands twice. */
export function checkSchemes({ process, sections, findings }: Types): void {
  const schemeTypes = new Set([...process.dataScheme, ...process.pipelineScheme]);
  const sectionTypes = sections.map((section) => ({ section, ...typeOf(section) }));
  const known = new Set(sectionTypes.map(({ type }) => type).filter((type) => type !== undefined));
  const unfound = [...schemeTypes].filter((type) => !known.has(type));
  const explained = new Set<string>();

  for (const { section, type, line } of sectionTypes) {
    if (type === undefined || schemeTypes.has(type)) continue;
    const meant = nearestName(type, unfound);
    if (meant !== undefined) explained.add(meant);
    findings.problem({
      line,
      section: section.name,
      option: "type",
      message: `No scheme names the type "${type}".`,
      remedy:
        meant === undefined
          ? "Add it to data_scheme or pipeline_scheme in [PROCESS], or remove the section."
          : `Did you mean "${meant}"?`,
    });
  }

  // A section without a usable type has been reported, and may be the one that seems to be lacking.
  const someTypeIsUnknown = sectionTypes.some(({ type }) => type === undefined);
  const firstScheme = new Map<string, string>();
  for (const [option, property] of SCHEMES) {
    const place = {
      line: process.options.find(({ name }) => name === option)?.line ?? process.line,
      section: "PROCESS",
      option,
    };
    for (const type of process[property]) {
      const first = firstScheme.get(type);
      firstScheme.set(type, option);
      if (first !== undefined) {
        findings.problem({
          ...place,
          message: `"${type}" is already in ${first}, and two stages of one type cannot be told apart.`,
          remedy: "Give the second stage a type of its own, with its own sections.",
        });
      } else if (!known.has(type) && !explained.has(type) && !someTypeIsUnknown) {
        findings.problem({
          ...place,
          message: `No section has the type "${type}".`,
          remedy: known.size === 0 ? `Add a section with type = ${type}.` : suggestName(type, [...known]),
        });
      }
    }
  }
}

/** Undefined for a type that is missing, malformed or reserved. */
function typeOf(section: IniSection): { readonly type: string | undefined; readonly line: number } {
  const option = section.options.find(({ name }) => name === "type");
  const parsed = option === undefined ? undefined : parseValue(option.value);
  const type = parsed?.ok && !parsed.value.isList ? parsed.value.values[0] : undefined;
  return { type: type === trainingType ? undefined : type, line: option?.line ?? section.line };
}

export function checkSize(pipelines: number, multiplicity: number, findings: Findings): void {
  const runs = pipelines * multiplicity;
  if (runs <= mostRuns) return;
  findings.problem({
    message: `The lists multiply to ${pipelines} pipelines and ${runs} runs, more than ${mostRuns}.`,
    remedy: "Shorten a list, give a range a step as in {10-100:30}, or lower multiplicity.",
  });
}

/** Things that are allowed, and that the user would want to know before a week of computing. */
export function noticeOverlaps(sections: readonly ClassSection[], findings: Findings): void {
  const prepared = sections.map((section) => ({
    section,
    key: visibleKey(section),
    values: valuesOf(section),
  }));
  for (const [index, { section, key, values }] of prepared.entries()) {
    const place = { line: section.line, section: section.name };
    const earlier = prepared.slice(0, index).filter((other) => other.section.type === section.type);
    const same = earlier.find((other) => haveCommonVariant(other.values, values));
    if (same !== undefined) {
      findings.notice({
        ...place,
        message: `[${same.section.name}] on ${findings.sources.lineText(same.section.line)} has a variant with the same class and options.`,
        remedy: "Change a value in one of them, unless it is to be trained twice with the same result.",
      });
    }
    const namesake = earlier.find((other) => other.key === key);
    if (namesake !== undefined) {
      findings.notice({
        ...place,
        option: "key",
        message: `[${namesake.section.name}] has the key "${key}" too: plots draw both as one model.`,
        remedy: "Give them different keys to tell them apart.",
      });
    }
  }
}

/** Beside programs, which read their own data, classes need a model too. */
export function checkClassStages(
  { dataScheme }: ProcessSection,
  sections: readonly ClassSection[],
  findings: Findings,
): void {
  const classes = sections.filter(({ source }) => source.kind !== "program");
  const [first] = classes;
  if (first === undefined || classes.some(({ type }) => !dataScheme.includes(type))) return;
  findings.problem({
    line: first.line,
    section: first.name,
    option: "type",
    message: "No class of pipeline_scheme reads its data: programs read their own.",
    remedy: "Add a section with a class, or remove those of data_scheme and that option.",
  });
}

/** What `same_data_as` names: a data section, which says nothing of the kind itself, other than the section's own. */
export function checkSameData(process: ProcessSection, sections: readonly ClassSection[], findings: Findings): void {
  for (const section of sections) {
    if (section.sameDataAs === undefined) continue;
    const place = { line: section.sameDataAs.line, section: section.name, option: sameDataName };
    const isOfProgram = section.source.kind === "program";
    const types = isOfProgram ? process.dataScheme : process.dataScheme.filter((type) => type === section.type);
    const others = sections.filter((other) => other !== section && types.includes(other.type));
    const twin = others.find(({ name }) => name === section.sameDataAs?.section);
    const candidates = others.filter(({ sameDataAs }) => sameDataAs === undefined).map(({ name }) => name);
    if (types.length !== 1)
      findings.problem({
        ...place,
        message: isOfProgram
          ? `It names one section, and data_scheme has ${types.length === 0 ? "no stage" : `${types.length} stages`}.`
          : `[${section.name}] gives no data: its type, "${section.type}", is not in data_scheme.`,
        remedy: "Remove the line.",
      });
    else if (twin === undefined || twin.sameDataAs !== undefined)
      findings.problem({
        ...place,
        message:
          twin === undefined
            ? `"${section.sameDataAs.section}" is no ${isOfProgram ? "" : "other "}section of the type "${types.join()}".`
            : `[${twin.name}] itself is said to be as [${twin.sameDataAs?.section}].`,
        remedy: candidates.length === 0 ? "Remove the line." : suggestName(section.sameDataAs.section, candidates),
      });
    else
      for (const { name, values } of twin.options) {
        const own = section.options.find((option) => option.name === name)?.values;
        if (own === undefined ? values.length > 1 : !areSameValues(own, values))
          findings.problem({
            ...place,
            message:
              values.length > 1
                ? `[${twin.name}] has several values of ${name}, and [${section.name}] has not the same: which of them belong together is not known.`
                : `${name} is ${values.join()} in [${twin.name}], and ${own?.join(", ")} in [${section.name}]: these are not the same data.`,
            remedy: `Write ${name} = ${values.join(", ")} in both.`,
          });
      }
  }
}

function areSameValues(own: readonly string[], values: readonly string[]): boolean {
  const texts = own.map(valueText);
  return texts.length === values.length && values.every((value) => texts.includes(valueText(value)));
}

/** Python files that are found only from where the command was started. */
export function noticeStart({ folder, start }: Places, sections: readonly ClassSection[], findings: Findings): void {
  const fromStart = sections.filter(
    ({ source, pathToClass }) => source.kind === "python" && source.path !== resolve(folder, pathToClass),
  );
  const paths = [...new Set(fromStart.map(({ pathToClass }) => pathToClass))];
  const [first] = fromStart;
  if (first === undefined) return;
  const fromFolder = paths.map((path) => relative(folder, resolve(start, path)));
  findings.notice({
    line: first.line,
    section: first.name,
    option: "path_to_class",
    message: `Not in the configuration's folder, but where the command was started, ${start}: ${paths.join(", ")}.`,
    remedy: `Write ${fromFolder.map((path) => (path.startsWith(".") ? path : `./${path}`)).join(", ")} to start the command anywhere.`,
  });
}

type OptionValues = ReadonlyMap<string, readonly string[]>;

/** Of all options but the key. */
function valuesOf(section: ClassSection): OptionValues {
  const own = Object.entries(ownTexts(section)).map(([name, text]) => [name, [text]] as const);
  return new Map([...own, ...section.options.map(({ name, values }) => [name, values] as const)]);
}

/** Sections multiply out to all combinations, so two share one exactly where every option shares a value. */
function haveCommonVariant(left: OptionValues, right: OptionValues): boolean {
  if (left.size !== right.size) return false;
  return [...left].every(([name, texts]) => {
    const others = new Set(right.get(name)?.map(valueText));
    return texts.some((text) => others.has(valueText(text)));
  });
}

/** The key with the options of one value filled in. */
function visibleKey(section: ClassSection): string {
  const all = valuesOf(section);
  return fillKeyPattern(section.key, (name) => {
    const values = all.get(name);
    const [only, ...others] = values ?? [];
    return only === undefined || others.length > 0 ? undefined : unquotedText(only);
  });
}
