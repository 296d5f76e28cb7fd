/** What can be known to be wrong with programs before the first run. */
import { accessSync, constants, statSync } from "node:fs";
import { delimiter, extname, join, resolve } from "node:path";
import { nearestName } from "@ml-mosaic/base";
import { checkValues } from "@ml-mosaic/configurable";
import type { ClassSection, Experiment } from "../../config/index.ts";
import { type Findings, placed } from "../../config/problem.ts";
import { suggestFile } from "../../config/source-text.ts";
import { type Command, namesInCommand, parseCommand } from "../../program/command.ts";
import { programOptions } from "../../program/options.ts";
import { allTexts, filesOption } from "../../program/program-files.ts";
import { runNames } from "../../program/program-run.ts";

type Report = (option: string, message: string, remedy: string) => void;

export async function checkPrograms(
  experiment: Experiment,
  sections: readonly ClassSection[],
  findings: Findings,
): Promise<void> {
  const used = new Set<string>();
  for (const section of sections) {
    const report: Report = (option, message, remedy) => {
      const line = section.options.find(({ name }) => name === option)?.line ?? section.line;
      findings.problem({ line, section: section.name, option, message, remedy });
    };
    for (const name of checkCommand(section, experiment, report)) used.add(name);
    checkStage(section, experiment, report);
    await checkFiles(section, experiment.folder, report);
    checkGrace(section, findings);
  }
  if (sections.length === experiment.sections.length) checkAxes(experiment, used, findings);
}

/** @returns the options that it names */
function checkCommand(section: ClassSection, { process, folder }: Experiment, report: Report): ReadonlySet<string> {
  const [text] = valuesOf(section, "command") ?? [];
  if (text === undefined) {
    report(
      "command",
      "The option is missing.",
      "Add what is to be started, as in command = python3 train.py --lr {lr}.",
    );
    return new Set();
  }
  const { command, faults } = parseCommand(text);
  for (const { message, remedy } of faults) report("command", message, remedy);
  const named = namesInCommand(command);
  const own = section.options.map(({ name }) => name).filter((name) => !Object.hasOwn(programOptions, name));
  const known = [...own, ...runNames, ...process.options.map(({ name }) => name)];
  for (const name of named) {
    if (known.includes(name)) continue;
    const near = nearestName(name, known);
    report(
      "command",
      `{${name}} names no option of [${section.name}] or [PROCESS].`,
      near === undefined
        ? `It may name ${known.join(", ")}; {{ is a brace of the program's own.`
        : `Did you mean {${near}}?`,
    );
  }
  const inKey = section.key.flatMap((part) => ("option" in part ? [part.option] : []));
  for (const name of own)
    if (!named.has(name) && !inKey.includes(name))
      report(
        name,
        "The command does not name it, so that the program never learns it.",
        `Write {${name}} in command, or remove it.`,
      );
  checkStart(command, section, folder, report);
  return named;
}

/** Whether there is what is to be started; a value that only a run has is not looked up. */
function checkStart([first = []]: Command, section: ClassSection, folder: string, report: Report): void {
  for (const text of allTexts(first, (name) => valuesOf(section, name))) {
    if (text === "" || isStartable(text, folder)) continue;
    const isPath = text.includes("/");
    const exists = isPath && statSync(resolve(folder, text), { throwIfNoEntry: false })?.isFile() === true;
    const missing = isPath ? `${resolve(folder, text)} does not exist.` : `There is no program "${text}" on PATH.`;
    report(
      "command",
      exists ? `${resolve(folder, text)} may not be executed.` : missing,
      exists
        ? `Make it executable by chmod +x, or name what runs it, as in python3 ${text}.`
        : "Install it, or write the path to it; paths start at the configuration's folder.",
    );
  }
}

function isStartable(text: string, folder: string): boolean {
  if (text.includes("/")) return isExecutable(resolve(folder, text));
  return (process.env.PATH ?? "").split(delimiter).some((place) => isExecutable(resolve(folder, join(place, text))));
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** A program reads its own data: it stands alone in its pipeline. */
function checkStage({ type }: ClassSection, { process, sections }: Experiment, report: Report): void {
  if (process.dataScheme.includes(type))
    report("type", `"${type}" is in data_scheme, and a program is a model.`, "Move it to pipeline_scheme.");
  const others = [...process.dataScheme, ...process.pipelineScheme].filter((other) => other !== type);
  if (others.length === 0) return;
  const areAllPrograms = sections.every(({ source }) => source.kind === "program");
  report(
    "type",
    `A program is a pipeline of its own, and there are ${others.join(", ")} besides.`,
    areAllPrograms
      ? `Give all programs that are compared one type, and write pipeline_scheme = ${type}.`
      : "Move it to a configuration file of its own, which has no data_scheme.",
  );
}

async function checkFiles(section: ClassSection, folder: string, report: Report): Promise<void> {
  for (const file of filesOption(valuesOf(section, "files")?.[0])) {
    const path = resolve(folder, file);
    if (statSync(path, { throwIfNoEntry: false })?.isFile() === true) continue;
    report("files", `There is no file ${path}.`, await suggestFile(path, [extname(path)]));
  }
}

function checkGrace(section: ClassSection, findings: Findings): void {
  const option = section.options.find(({ name }) => name === "grace");
  if (option === undefined) return;
  const { line, text, values } = option;
  const grace = values.length === 1 ? values[0] : text;
  const checked = checkValues({ grace: programOptions.grace }, { grace }, { text: true });
  const places = { ...section, options: [{ name: "grace", line, value: text }] };
  if (!checked.ok) for (const problem of checked.problems) findings.problem(placed(problem, places));
}

/** Values of [PROCESS] of which no program learns would make all runs once more. */
function checkAxes({ process }: Experiment, used: ReadonlySet<string>, findings: Findings): void {
  for (const { name, line } of process.axes) {
    if (used.has(name)) continue;
    findings.problem({
      line,
      section: "PROCESS",
      option: name,
      message: "It has several values, and no command names it, so that each would make the same runs.",
      remedy: `Write {${name}} in command, or one value.`,
    });
  }
}

function valuesOf({ options }: Pick<ClassSection, "options">, name: string): readonly string[] | undefined {
  return options.find((option) => option.name === name)?.values;
}
