// From a configuration file to a checked experiment: everything that can be known without loading the user's classes.

import { dirname, resolve } from "node:path";
import { cwd } from "node:process";
import { nearestName } from "@ml-mosaic/base";
import type { Problem } from "@ml-mosaic/configurable";
import { choosePipelines, everything, isChoosing } from "./choose-pipelines.ts";
import { type ClassSection, isOfProgram, readClassSection } from "./class-section.ts";
import type { Project } from "./class-source.ts";
import {
  checkClassStages,
  checkExecutor,
  checkSameData,
  checkSchemes,
  checkSize,
  checkThreads,
  noticeOverlaps,
  noticeStart,
} from "./experiment-checks.ts";
import type { IniSection } from "./ini.ts";
import { type MonitorSection, readMonitorSection } from "./monitor-section.ts";
import { optionNames } from "./option-names.ts";
import { type ChosenPipelines, countDrafts, countPipelines } from "./pipelines.ts";
import { type Findings, Gathered } from "./problem.ts";
import { loadTextImports } from "./process-components.ts";
import { type ProcessSection, readProcessSection } from "./process-section.ts";
import { openConfig } from "./read-config.ts";
import { readSlurmSection, type SlurmSection } from "./slurm-section.ts";
import type { SourceLines } from "./source-lines.ts";
import { readZips } from "./zip.ts";

export interface Experiment extends ChosenPipelines {
  /** The configuration file as the user named it. */
  readonly file: string;
  /** Absolute; relative paths in the file start here. */
  readonly folder: string;
  /** Absolute; where the command was started. */
  readonly start: string;
  /** The file's text as it was read, those of the files that it includes, and the arguments that change values. */
  readonly text: string;
  readonly included: Readonly<Record<string, string>>;
  readonly overrides: readonly string[];
  /** Where the lines of sections and options are from. */
  readonly sources: SourceLines;
  readonly process: ProcessSection;
  readonly monitor: MonitorSection;
  /** Undefined where this machine trains. */
  readonly slurm: SlurmSection | undefined;
  /** The class sections in file order. */
  readonly sections: readonly ClassSection[];
  /** What the user should know although nothing is wrong. */
  readonly notices: readonly Problem[];
}

/** Who trains: the machine of the command, or jobs of Slurm. */
export const engines = ["local", "slurm"] as const;
export type Engine = (typeof engines)[number];

/**
 * @param overrides arguments such as `PROCESS.lr=1e-3`
 * @param engine jobs of Slurm where there is [SLURM], and nothing else is said
 * @throws ConfigurationError with every problem of the file
 */
export async function readExperiment(
  file: string,
  overrides: readonly string[] = [],
  engine?: Engine,
): Promise<Experiment> {
  const besides = engine === "slurm" ? { SLURM: "--engine slurm" } : {};
  const { text, included, sections, sources, findings } = await openConfig(file, overrides, besides);
  const places = { folder: dirname(resolve(file)), start: cwd() };
  const special = findSpecialSections(sections, ["PROCESS", "MONITOR"], findings);
  const slurmIni = sections.find(isSlurm);
  const classes = sections.filter((section) => ![...special.values(), slurmIni].includes(section));
  const processIni = special.get("PROCESS");
  const process =
    processIni &&
    (await readProcessSection(processIni, places, findings, classes.length > 0 && classes.every(isOfProgram)));
  const before = findings.problems.length;
  const monitorIni = special.get("MONITOR");
  const monitor = monitorIni && readMonitorSection(monitorIni, findings);
  const slurm = slurmIni && readSlurmSection(slurmIni, places.folder, findings);
  // Who trains has no part in what is trained, which is looked at to its end all the same.
  const ofWhoTrains = findings.problems.length - before;
  const isFaulty = () => findings.problems.length > ofWhoTrains;
  const read: (ClassSection | undefined)[] = [];
  for (const section of classes) read.push(await readClassSection(section, places, findings));
  const classSections = read.filter((section) => section !== undefined);

  if (process !== undefined) checkSchemes({ process, sections: classes, findings });
  if (process !== undefined && monitor !== undefined) {
    checkThreads(process, monitor, findings);
    checkExecutor(process, monitor, findings);
  }
  if (process === undefined || isFaulty()) throw findings.failure();
  checkClassStages(process, classSections, findings);
  const pipelines = readPipelineAxes(process, classSections, monitor?.multiplicity ?? 1, findings);
  if (isFaulty()) throw findings.failure();
  checkSameData(process, classSections, findings);
  if (monitor === undefined || findings.hasProblems) throw findings.failure();
  noticeOverlaps(classSections, findings);
  noticeStart(places, classSections, findings);
  const sends = engine === "local" ? undefined : slurm;
  const written = { file, ...places, text, included, overrides, sources, slurm: sends };
  return { ...written, monitor, ...pipelines, notices: findings.notices };
}

/** A class may have the name. */
function isSlurm({ name, options }: IniSection): boolean {
  return name === "SLURM" && !options.some((option) => option.name === "class");
}

/** What `zip`, `exclude` and `sample` make of the sections. */
function readPipelineAxes(
  process: ProcessSection,
  sections: readonly ClassSection[],
  multiplicity: number,
  findings: Gathered,
): ChosenPipelines & { readonly process: ProcessSection } {
  const before = findings.problems.length;
  const { zip } = process.choice;
  const names = optionNames(process, sections);
  const place = { line: zip?.line ?? process.line, section: "PROCESS", option: "zip" };
  const zips = readZips(zip?.value ?? [], names, (fault) => findings.problem({ ...place, ...fault }));
  const axes = { process, sections, zips };
  const isChosen = isChoosing(axes);
  checkSize(countDrafts(axes), isChosen ? 1 : multiplicity, findings);
  const isReadable = findings.problems.length === before;
  const choice = isReadable ? choosePipelines(axes, names, findings) : everything;
  const chosen = { ...axes, choice };
  if (isChosen && findings.problems.length === before) checkSize(countPipelines(chosen), multiplicity, findings);
  return chosen;
}

/** Reads [MONITOR] alone, which is all that a rerun needs; other sections may be missing or wrong. */
export async function readMonitor(
  file: string,
  overrides: readonly string[] = [],
): Promise<{ readonly monitor: MonitorSection; readonly notices: readonly Problem[] }> {
  const { sections, sources, findings } = await openConfig(file, overrides);
  const others = sections.filter(({ name }) => name !== "MONITOR").flatMap(({ options }) => options);
  for (const { line } of others.filter((option) => sources.isArgument(option.line)))
    findings.problem({
      line,
      message: "Only [MONITOR] is read here: runs go on with the options that they have.",
      remedy: "Leave it out, or train runs with other options by mosaic run.",
    });
  const section = findSpecialSections(sections, ["MONITOR"], findings).get("MONITOR");
  const monitor = section && readMonitorSection(section, findings);
  if (monitor === undefined || findings.hasProblems) throw findings.failure();
  return { monitor, notices: findings.notices };
}

/**
 * The class sections alone, of a file that may not be finished: what else is missing or wrong in it does not matter. What
 * [PROCESS] imports is loaded.
 */
export async function readClassSections(
  file: string,
  overrides: readonly string[] = [],
): Promise<{ readonly project: Project; readonly sections: readonly ClassSection[] }> {
  const { sections, findings } = await openConfig(file, overrides);
  const python = sections
    .find(({ name }) => name === "MONITOR")
    ?.options.find(({ name, value }) => name === "python" && value !== "")?.value;
  const project = { folder: dirname(resolve(file)), start: cwd(), python };
  const read: (ClassSection | undefined)[] = [];
  for (const section of sections) {
    if (section.options.some(({ name }) => name === "class"))
      read.push(await readClassSection(section, project, findings));
  }
  const imports = sections
    .find(({ name }) => name === "PROCESS")
    ?.options.filter(({ name, value }) => name === "imports" && value !== "");
  for (const { value } of imports ?? []) await loadTextImports(value, project.folder);
  if (findings.hasProblems) throw findings.failure();
  return { project, sections: read.filter((section) => section !== undefined) };
}

/** [MONITOR] from the texts of its options, as a pause file holds them. */
export function readMonitorTexts(texts: Readonly<Record<string, string>>, file: string): MonitorSection {
  const findings = new Gathered(file);
  const options = Object.entries(texts).map(([name, value]) => ({ name, value, line: 1 }));
  const monitor = readMonitorSection({ name: "MONITOR", line: 1, options }, findings);
  if (monitor === undefined || findings.hasProblems) throw findings.failure();
  return monitor;
}

/** Finds the sections that are no classes; one that is slightly misspelt is reported as such and read all the same. */
function findSpecialSections(
  sections: readonly IniSection[],
  names: readonly string[],
  findings: Findings,
): ReadonlyMap<string, IniSection> {
  const found = new Map<string, IniSection>();
  for (const name of names) {
    const exact = sections.find((section) => section.name === name);
    if (exact !== undefined) {
      found.set(name, exact);
      continue;
    }
    // A section with a class is not a misspelt one, whatever it is called.
    const candidates = sections.filter(({ options }) => !options.some((option) => option.name === "class"));
    const nearest = nearestName(
      name,
      candidates.map((section) => section.name),
    );
    const section = candidates.find((candidate) => candidate.name === nearest);
    if (section !== undefined) found.set(name, section);
    findings.problem({
      ...(section === undefined ? {} : { line: section.line }),
      section: section?.name ?? name,
      message:
        section === undefined
          ? "The section is missing."
          : `The section [${name}] is missing, and [${section.name}] looks like it.`,
      remedy: section === undefined ? `Add [${name}] with its options.` : `Write [${name}].`,
    });
  }
  return found;
}
