/** What can be known to be wrong with programs before the first run. */
import { accessSync, constants, statSync } from "node:fs";
import { basename, delimiter, extname, join, resolve } from "node:path";
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

/** Programs whose first argument is a script, and the options before it that take no value. */
const interpreters =
  /^(python|pypy)[\d.]*$|^(sh|bash|dash|zsh|ksh|node|deno|bun|tsx|perl|ruby|Rscript|julia|lua|luajit|php|octave)$/;
const switches = /^-[uBOEsIqvxf]+$|^--?\w[\w-]*=/;
const scriptName = /\.(py|sh|bash|zsh|js|mjs|cjs|ts|mts|pl|rb|R|r|jl|lua|php|m)$/;

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
    for (const name of await checkCommand(section, experiment, report)) used.add(name);
    checkStage(section, experiment, report);
    await checkFiles(section, experiment.folder, report);
    checkGrace(section, findings);
  }
  if (sections.length === experiment.sections.length) checkAxes(experiment, used, findings);
}

/** @returns the options that it names */
async function checkCommand(
  section: ClassSection,
  { process, folder }: Experiment,
  report: Report,
): Promise<ReadonlySet<string>> {
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
  await checkScript(command, section, folder, report);
  return named;
}

/** Whether there is what is to be started; a value that only a run has is not looked up. */
function checkStart([first]: Command, section: ClassSection, folder: string, report: Report): void {
  if (first === undefined) return;
  for (const text of allTexts(first, (name) => valuesOf(section, name))) {
    if (isStartable(text, folder)) continue;
    const path = resolve(folder, text);
    const entry = statSync(path, { throwIfNoEntry: false });
    if (text.includes("/") && entry !== undefined)
      report(
        "command",
        entry.isFile() ? `${path} may not be executed.` : `${path} is not a file.`,
        entry.isFile()
          ? `Make it executable by chmod +x, or name what runs it, as in python3 ${text}.`
          : "Write the path to a program.",
      );
    else
      report(
        "command",
        text.includes("/") ? `${path} does not exist.` : `There is no program "${text}" on PATH.`,
        entry?.isFile() === true
          ? `Write ./${text} for the one in the configuration's folder.`
          : "Install it, or write the path to it; paths start at the configuration's folder.",
      );
  }
}

/** Whether there is the script that an interpreter is to run. */
async function checkScript(command: Command, section: ClassSection, folder: string, report: Report): Promise<void> {
  const [first = [], ...words] = command.map((word) => allTexts(word, (name) => valuesOf(section, name)));
  if (!first.some((text) => interpreters.test(basename(text)))) return;
  const index = words.findIndex((texts) => texts.some((text) => !text.startsWith("-")));
  const options = words.slice(0, index).flat();
  if (index === -1 || !options.every((option) => switches.test(option))) return;
  for (const text of words[index] ?? []) {
    const path = resolve(folder, text);
    if (scriptName.test(text) && statSync(path, { throwIfNoEntry: false }) === undefined)
      report("command", `${path} does not exist.`, await suggestFile(path, [extname(path)]));
  }
}

function isStartable(text: string, folder: string): boolean {
  if (text === "") return false;
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
