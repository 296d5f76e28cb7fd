/**
 * Fills in what the documentation takes from the sources: `npm run docs`. In a Markdown file
 * `<!-- quote: path -->` or `<!-- quote: path#Name -->` stands before a code block, which becomes the file's text or that
 * of one declaration or section in it; `<!-- table: name -->` … `<!-- end -->` holds a table of options. It also writes the
 * JSON Schemas that the example configurations of BigSF name, and the programs that the lists of commands ask for.
 */
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, extname, join, relative, resolve } from "node:path";
import { argumentsUsage, type Command, loadCommands } from "@ml-mosaic/command-line";
import {
  type ComponentDescription,
  describeComponents,
  jsonSchema,
  type Schema,
  type SchemaMap,
  type Type,
} from "@ml-mosaic/configurable";
import { Experiment } from "@ml-mosaic/training";
import { mosaic } from "../packages/mosaic/src/commands/main.ts";
import "../packages/bigsf/src/components.ts";
import { configurations } from "../packages/bigsf/src/commands/schema.ts";
import { monitorOptions } from "../packages/mosaic/src/config/monitor-section.ts";
import { type Group, processOptions } from "../packages/mosaic/src/config/process-options.ts";
import { slurmOptions } from "../packages/mosaic/src/config/slurm-section.ts";
import { programOptions } from "../packages/mosaic/src/program/options.ts";
import { trainingComponents } from "../packages/mosaic/src/schema/training-options.ts";
import { opsWithoutLoops } from "../packages/tensor/test/ops-without-loops.ts";
import { type Declared, declared, exportsOf, methodsOf, setMethods } from "./engine-options.ts";
import { programFiles } from "./programs.ts";

const mosaicCommands = await loadCommands(mosaic);

const root: string = resolve(import.meta.dirname, "..");
const engine = join(root, "packages", "tensor", "src");
setMethods(tensorClass());

/** What the options mean, where a page can say more than a terminal. */
const meanings: Readonly<Record<string, string>> = {
  loss_function: "Loss, see [below](#losses)",
  class_loss_function: "[Your own loss](modules.md#your-own-loss), instead of `loss_function`",
  path_to_class_loss_function: "Where that class is, as `path_to_class`",
  optimizer: "Optimizer, see [below](#optimizers)",
  scheduler: "Learning rate schedule, see [below](#schedulers); `None` is none",
  early_stopping: "End a run whose test loss no longer falls, see [below](#early-stopping)",
  metrics: "Figures beside loss and accuracy, of the train and of the test set, see [below](#metrics)",
  run_files_path: "Folder of the [run files](database.md#files)",
  artifacts: "With `none` there are no run files",
  imports: "Files and packages that [register](#components-of-your-own) classes of your own",
  need_gpu: "`True`: one run at a time goes to each device of `gpu_available`, see [below](#devices)",
  gpu_available: "Devices, with commas; `None` or nothing where there are none",
};

const tables: Readonly<Record<string, () => string>> = {
  process: () => sectionTable(processOptions),
  monitor: () => sectionTable(monitorOptions),
  slurm: () => sectionTable(slurmOptions),
  program: () => sectionTable(programOptions),
  losses: () => componentTable("loss_function"),
  optimizers: () => componentTable("optimizer"),
  schedulers: () => componentTable("scheduler"),
  "early-stopping": () =>
    sectionTable(
      Object.assign(
        {},
        ...trainingComponents()
          .filter(isStopping)
          .map(({ options }) => options),
      ),
    ),
  trainer: () => optionTable(trainingParts, "TrainerSettings"),
  "trainer-optimizers": () => typeTable("BaseOptimizer"),
  "trainer-schedulers": () => typeTable("BaseScheduler"),
  "trainer-losses": () => typeTable("GenericLoss"),
  "trainer-metrics": () => typeTable("GenericMetric", ["label"]),
  "trainer-trackers": () => typeTable("BaseTracker"),
  "trainer-file": () => optionTable(trainingParts, "FileData"),
  "engine-nn": () => engineTable("nn"),
  "engine-functional": () => engineTable("functional"),
  "engine-optim": () => engineTable("optim"),
  "engine-schedulers": () => engineTable("schedulers"),
  "engine-functions": () => engineTable(""),
  "engine-tensor": () => declaredTable(methodsOf(tensorClass())),
  "engine-no-loops": () => (withoutLoops.length === 0 ? "none" : withoutLoops.map(code).join(", ")),
  "mosaic-commands": () => commandTable("mosaic", mosaicCommands),
  "bigsf-preprocess": () => optionTable(bigsfParts.preprocess, "preprocess"),
  "bigsf-calibrate": () => optionTable(bigsfParts.calibrate, "calibrate"),
  "bigsf-catalogue": () => optionTable(bigsfParts.catalogue, "catalogue"),
  "bigsf-recover": () => optionTable(bigsfParts.recover, "recover"),
  "bigsf-segment": () => optionTable(bigsfParts.segment, "segment"),
  "bigsf-data": () => optionTable(bigsfParts.train, "PatchesData"),
  "bigsf-source": () => optionTable(bigsfParts.train, "MapFiles"),
  "bigsf-folds": () => optionTable(bigsfParts.train, "Folds"),
  "bigsf-part": () => optionTable(bigsfParts.train, "PartOptions"),
  "bigsf-augmentations": () => typeTable("BaseAugmentation"),
  "bigsf-model-keys": () => keyTable("BaseModel"),
  "bigsf-encoder-keys": () => keyTable("BaseEncoder"),
  "bigsf-loss-keys": () => keyTable("BaseLoss"),
  "bigsf-metric-keys": () => keyTable("BaseMetric", ["label"]),
};

const withoutLoops = await opsWithoutLoops();

/** What the configurations of BigSF may hold, by command. */
const bigsfParts: Readonly<Record<string, readonly ComponentDescription[]>> = Object.fromEntries(
  Object.entries(configurations).map(([command, each]) => [command, describeComponents(each)]),
);

/** What a training file may hold, with BigSF's components. */
const trainingParts = describeComponents(Experiment);

/** What each command takes and does. */
function commandTable(program: string, commands: readonly Command[]): string {
  return table(
    ["command", "does"],
    commands.map((command) => [
      code(`${program} ${command.name} ${argumentsUsage(command)}`.trimEnd()),
      command.summary,
    ]),
  );
}

function tensorClass() {
  const found = exportsOf(join(engine, "index.ts")).find(({ name }) => name === "Tensor")?.found;
  if (found === undefined) throw new Error("the engine exports no Tensor");
  return found;
}

/** What the classes and functions of a part of the engine take. */
function engineTable(part: string): string {
  const names = exportsOf(join(engine, part, "index.ts")).filter(({ name }) => name !== "Tensor" && name !== "Module");
  return declaredTable(names.flatMap(({ name, found }) => declared(name, found) ?? []));
}

function declaredTable(all: readonly Declared[]): string {
  const rows = all.map(({ name, positional, options }) => [
    code(`${name}(${positional.map(shownArgument).join(", ")})`),
    options
      .map((option) => {
        const said = option.meaning === "" ? "" : `: ${option.meaning.replace(/\.$/, "")}`;
        return `${code(option.default === undefined ? option.name : `${option.name} = ${option.default}`)}${said}`;
      })
      .join("<br>"),
  ]);
  return table(["name", "options"], rows);
}

function shownArgument({ name, optional, default: value }: Declared["positional"][number]): string {
  return value === undefined ? `${name}${optional ? "?" : ""}` : `${name} = ${value}`;
}

/** The options of one component. */
function optionTable(parts: readonly ComponentDescription[] | undefined, name: string): string {
  const part = parts?.find((each) => each.name === name);
  if (part === undefined) throw new Error(`there is no component ${name}`);
  return table(
    ["key", "value", "default", "meaning"],
    part.options.map((option) => [code(option.name), cell(option.type), cell(writtenDefault(option)), option.help]),
  );
}

/** @param leftOut options that all of them have */
function typeTable(base: string, leftOut: readonly string[] = []): string {
  const rows = trainingParts
    .filter((part) => part.base === base)
    .map(({ types: [type = "", ...others], options }) => [
      [code(type), ...(others.length === 0 ? [] : [`(${others.map(code).join(", ")})`])].join(" "),
      options
        .filter(({ name }) => !leftOut.includes(name))
        .map((option) => `${code(option.name)}: ${cell(option.type)}; ${cell(writtenDefault(option))}`)
        .join("<br>"),
    ]);
  return table(["`type`", "options: value; default"], rows);
}

/** A row for each key; keys that several types have alike stand there once. */
function keyTable(base: string, leftOut: readonly string[] = []): string {
  const rows = new Map<string, { readonly types: string[]; readonly cells: readonly string[] }>();
  for (const { types, options } of trainingParts.filter((part) => part.base === base)) {
    for (const option of options.filter(({ name }) => !leftOut.includes(name))) {
      const cells = [code(option.name), cell(option.type), cell(writtenDefault(option)), option.help];
      const row = rows.get(cells.join()) ?? { types: [], cells };
      row.types.push(code(types[0] ?? ""));
      rows.set(cells.join(), row);
    }
  }
  return table(
    ["key", "of `type`", "value", "default", "meaning"],
    Array.from(rows.values(), ({ types, cells: [key = "", ...others] }) => [key, types.join(", "), ...others]),
  );
}

function writtenDefault({
  required,
  default: value,
}: {
  readonly required: boolean;
  readonly default: unknown;
}): string {
  if (required) return "required";
  return value === undefined ? "none" : code(typeof value === "number" ? String(value) : JSON.stringify(value));
}

/** A bar would end the cell. */
function cell(text: string): string {
  return text.replaceAll("|", "or");
}

/** A table of the options of an `.ini` section. */
function sectionTable(options: SchemaMap): string {
  return table(
    ["option", "value", "default", "meaning"],
    Object.entries(options).map(([name, option]) => [
      code(name),
      `${name === "early_stopping" ? "`True`, `False` or a " : ""}${valueText(option.type)}${option.type.form?.kind === "axis" ? "; a list is an axis" : ""}`,
      defaultText(option),
      meaningOf(name, option),
    ]),
  );
}

function isStopping({ group }: { readonly group: Group }): boolean {
  return group === "early_stopping";
}

function componentTable(group: Group): string {
  const rows = trainingComponents()
    // Those of BigSF are registered here too, and described on its own pages.
    .filter((component) => component.group === group && component.base !== "BaseLoss")
    .map(({ name, options }) => [
      code(name),
      Object.entries(options)
        .map(([option, each]) => `${code(option)} ${optionText(each)}: ${meaningOf(option, each)}`)
        .join("<br>"),
    ]);
  return table([code(group), "options"], rows);
}

/** @example "number ≥ 0, default `0.9`" */
function optionText(option: Schema<unknown>): string {
  const written = defaultText(option);
  return [valueText(option.type), written === "required" || written === "none" ? written : `default ${written}`]
    .filter((part) => part !== "none")
    .join(", ");
}

/** As it is written in the file. */
function defaultText({ default: value, optional }: Schema<unknown>): string {
  if (value === undefined) return optional ? "none" : "required";
  if (typeof value === "boolean") return value ? "`True`" : "`False`";
  const { type = value }: { readonly type?: unknown } = Object(value);
  return code(Array.isArray(value) ? value.join(", ") : String(type));
}

function meaningOf(name: string, { help }: Schema<unknown>): string {
  const meaning = meanings[name] ?? help;
  if (meaning === "") throw new Error(`the sources do not say what ${name} means`);
  return meaning;
}

/** @example "whole number ≥ 1" */
function valueText({ form, expected }: Type<unknown>): string {
  switch (form?.kind) {
    case "int":
    case "float": {
      const { minimum, exclusiveMinimum, maximum, exclusiveMaximum } = form.bounds ?? {};
      const bounds = [
        minimum === undefined ? undefined : `≥ ${minimum}`,
        exclusiveMinimum === undefined ? undefined : `> ${exclusiveMinimum}`,
        maximum === undefined ? undefined : `≤ ${maximum}`,
        exclusiveMaximum === undefined ? undefined : `< ${exclusiveMaximum}`,
      ].filter((bound) => bound !== undefined);
      return [form.kind === "int" ? "whole number" : "number", bounds.join(", ")]
        .filter((part) => part !== "")
        .join(" ");
    }
    case "boolean":
      return "`True` or `False`";
    case "string":
    case "path":
      return "text";
    case "literal":
      return form.values.map((value) => code(String(value))).join(" or ");
    case "list":
      return `${valueText(form.item)}, one or several with commas`;
    case "axis":
      return valueText(form.value);
    case "component":
    case "union":
      return "name";
    default:
      return expected;
  }
}

function code(text: string): string {
  return text === "" ? "" : `\`${text}\``;
}

function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [line(header), line(header.map(() => "---")), ...rows.map(line)].join("\n");
}

/** The text of a file, or of one declaration (with its comment) or `.ini` section in it. */
async function quote(path: string, name: string | undefined): Promise<string> {
  const text = await readFile(join(root, path), "utf8");
  if (name === undefined) return text;
  const lines = text.split("\n");
  const isStart = (line: string) =>
    line === `[${name}]` || new RegExp(`^(export )?(class|function|const|interface) ${name}\\b`).test(line);
  const found = lines.findIndex(isStart);
  if (found === -1) throw new Error(`${path} has no ${name}`);
  const start = lines.slice(0, found).lastIndexOf("") + 1;
  const isEnd = extname(path) === ".ini" ? (line: string) => line === "" : (line: string) => /^\}|^\S.*;$/.test(line);
  const length = lines.slice(found).findIndex(isEnd);
  const end = length === -1 ? lines.length : found + length + (extname(path) === ".ini" ? 0 : 1);
  return `${lines.slice(start, end).join("\n").trimEnd()}\n`;
}

/** The text of a Markdown file with everything filled in. */
export async function fillIn(markdown: string): Promise<string> {
  let filled = markdown.replace(
    /(<!-- table: ([\w-]+) -->\n).*?(<!-- end -->)/gs,
    (_, before: string, name: string, after: string) => {
      const make = tables[name];
      if (make === undefined) throw new Error(`there is no table ${name}`);
      return `${before}\n${make()}\n\n${after}`;
    },
  );
  const quoted = /(<!-- quote: ([^#\s]+)(?:#(\w+))? -->\n+```\w*\n).*?(```)/gs;
  for (const [whole, before = "", path = "", name, after = ""] of [...filled.matchAll(quoted)])
    filled = filled.replace(whole, `${before}${(await quote(path, name)).replaceAll("$", "$$$$")}${after}`);
  return filled;
}

/** Every Markdown file that users read, as absolute paths. */
export async function documents(): Promise<readonly string[]> {
  const docs = (await readdir(join(root, "docs"))).filter((name) => name.endsWith(".md")).map((name) => `docs/${name}`);
  const parts = await Promise.all(
    ["packages", "examples"].map(async (folder) =>
      (await readdir(join(root, folder))).map((name) => `${folder}/${name}/README.md`),
    ),
  );
  return ["README.md", "CHANGELOG.md", "CONTRIBUTING.md", ...docs, ...parts.flat()]
    .map((name) => join(root, name))
    .filter((path) => existsSync(path));
}

/** The texts of configs/schemas by their absolute paths: what `bigsf schema <command> --json` writes. */
export function schemaFiles(): ReadonlyMap<string, string> {
  return new Map(
    Object.entries(configurations).map(([command, each]) => [
      join(root, "configs", "schemas", `${command}.json`),
      `${JSON.stringify(jsonSchema(each), undefined, 2)}\n`,
    ]),
  );
}

/** Every file that is made from the sources, by its absolute path; undefined for those that are to go. */
export async function madeFiles(): Promise<ReadonlyMap<string, string | undefined>> {
  return new Map([...schemaFiles(), ...(await programFiles())]);
}

if (import.meta.main) {
  for (const [path, text] of await madeFiles()) {
    if (existsSync(path) && text !== undefined && (await readFile(path, "utf8")) === text) continue;
    await mkdir(dirname(path), { recursive: true });
    if (text === undefined) await rm(path);
    else await writeFile(path, text, { mode: text.startsWith("#!") ? 0o755 : 0o644 });
    process.stdout.write(`${relative(root, path)} brought up to date\n`);
  }
  for (const path of await documents()) {
    const text = await readFile(path, "utf8");
    const filled = await fillIn(text);
    if (filled === text) continue;
    await writeFile(path, filled);
    process.stdout.write(`${relative(root, path)} brought up to date\n`);
  }
}
