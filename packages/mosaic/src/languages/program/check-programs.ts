/** What can be known to be wrong with programs before the first run. */
import { accessSync, constants, statSync } from "node:fs";
import { basename, delimiter, extname, join, resolve } from "node:path";
import { nearestName } from "@ml-mosaic/base";
import { checkValues } from "@ml-mosaic/configurable";
import type { ClassSection, Experiment } from "../../config/index.ts";
import { type Findings, placed } from "../../config/problem.ts";
import { suggestFile } from "../../config/source-text.ts";
import { seesOption } from "../../pipelines/applying-options.ts";
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
  for (const section of sections) {
    const report: Report = (option, message, remedy) => {
      const line = section.options.find(({ name }) => name === option)?.line ?? section.line;
      findings.problem({ line, section: section.name, option, message, remedy });
    };
    await checkCommand(section, experiment, report);
    if (experiment.process.dataScheme.includes(section.type))
      report("type", `"${section.type}" is in data_scheme, and a program is a model.`, "Move it to pipeline_scheme.");
    await checkFiles(section, experiment.folder, report);
    checkGrace(section, findings);
  }
  checkTraining(experiment, sections, findings);
}

async function checkCommand(section: ClassSection, { process, folder }: Experiment, report: Report): Promise<void> {
  const [text] = valuesOf(section, "command") ?? [];
  if (text === undefined) {
    report(
      "command",
      "The option is missing.",
      "Add what is to be started, as in command = python3 train.py --lr {lr}.",
    );
    return;
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

/** Options of [PROCESS] of which no program learns. Classes beside them may. */
function checkTraining({ process, sections }: Experiment, programs: readonly ClassSection[], findings: Findings): void {
  const isSeen = (name: string, program: ClassSection) =>
    seesOption(name, { command: valuesOf(program, "command")?.[0] ?? "" });
  const unseen = process.options.filter(
    ({ name }) => name !== "data_scheme" && !programs.some((program) => isSeen(name, program)),
  );
  const place = (name: string, line: number) => ({ line, section: "PROCESS", option: name });
  if (programs.length === sections.length)
    for (const { name, line } of unseen)
      findings.problem({
        ...place(name, line),
        message: "No command names it, and programs train by themselves: it does nothing.",
        remedy: `Write {${name}} in command, or remove the line.`,
      });
  else if (unseen.length > 0)
    findings.notice({
      line: programs[0]?.line ?? process.line,
      section: programs.map(({ name }) => name).join(", "),
      option: "command",
      message: `A program trains by itself: of [PROCESS], ${unseen.map(({ name }) => name).join(", ")} ${unseen.length === 1 ? "holds" : "hold"} for the classes alone.`,
      remedy: "Write {name} in command for what the program is to be told.",
    });
  const epochs = process.axes.find(({ name }) => name === "epochs");
  for (const { name } of epochs === undefined ? [] : programs.filter((program) => !namesEpochs(program)))
    findings.problem({
      ...place("epochs", epochs?.line ?? process.line),
      message: `It has several values, and the command of [${name}] does not name it, so that each would make the same runs.`,
      remedy: "Write {epochs} in command, or one value.",
    });
}

function namesEpochs(program: ClassSection): boolean {
  const { command } = parseCommand(valuesOf(program, "command")?.[0] ?? "");
  return namesInCommand(command).has("epochs");
}

function valuesOf({ options }: Pick<ClassSection, "options">, name: string): readonly string[] | undefined {
  return options.find((option) => option.name === name)?.values;
}
