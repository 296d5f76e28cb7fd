/** What a run trains, as plain data: its modules one after the other, and the training options that vary. */
import { valueText } from "@ml-mosaic/configurable";
import { isProgram, programOptions } from "../program/options.ts";

/** Texts by the names of their options, in the order in which they are written. */
export type Texts = Readonly<Record<string, string>>;

/** One of the user's classes with the options that a section gives it. */
export interface ModuleSpec {
  /** What `data_scheme` or `pipeline_scheme` calls it. */
  readonly type: string;
  readonly className: string;
  /** `path_to_class` as it is written. */
  readonly path: string;
  /** Name of the module in results. */
  readonly key: string;
  /** The section's name, where the section makes several modules, or is that of a program. */
  readonly section?: string;
  /** The key of a data module in another language, whose data are the same. */
  readonly sameDataAs?: string;
  /** The class's own options. */
  readonly options: Texts;
  /** Names as the flat form has them, in the order of the section; by default that of `flatNames`. */
  readonly order?: readonly string[];
}

export type NamedClass = Pick<ModuleSpec, "path" | "className">;

export interface Pipeline {
  readonly modules: readonly ModuleSpec[];
  /** Texts of the [PROCESS] options in which the pipelines of an experiment differ; none where they do not. */
  readonly training: Texts;
}

/** What the text of a module's code is known by: its file, or the command of a program, of which one class makes many. */
export function codeName({ path, className, options }: NamedClass & Pick<ModuleSpec, "options">): string {
  if (!isProgram({ path, className })) return path;
  const { command = "", files = "" } = options;
  return `${className}: ${command}${files === "" ? "" : ` (${files})`}`;
}

/** `Class(v1,v2) | Class(…)`; a program has the name of its section: `FOREST(2)` */
export function describeModules(modules: readonly ModuleSpec[]): string {
  return modules.map(describeModule).join(" | ");
}

function describeModule(module: ModuleSpec): string {
  return `${shownName(module)}(${Object.values(shownOptions(module)).join(",")})`;
}

/** All programs are of one class, and what its section calls one tells it from the others. */
export function shownName({ path, className, section, key }: Omit<ModuleSpec, "options">): string {
  return isProgram({ path, className }) ? (section ?? key) : className;
}

/** The options beside that name: of a program the values for its command. */
export function shownOptions(module: ModuleSpec): Texts {
  return isProgram(module) ? withoutNames(module.options, Object.keys(programOptions)) : module.options;
}

/** The modules, and behind them the training options in which pipelines differ: `… | lr=1e-2 optimizer=SGD` */
export function describePipeline({ modules, training }: Pipeline): string {
  const options = Object.entries(training).map(([name, text]) => `${name}=${text}`);
  return [describeModules(modules), ...(options.length === 0 ? [] : [options.join(" ")])].join(" | ");
}

/** The modules without some of their options. */
export function withoutOptions(modules: readonly ModuleSpec[], names: readonly string[]): readonly ModuleSpec[] {
  return modules.map((module) => ({ ...module, options: withoutNames(module.options, names) }));
}

export function withoutNames(texts: Texts, names: readonly string[]): Texts {
  return Object.fromEntries(Object.entries(texts).filter(([name]) => !names.includes(name)));
}

/** Sorted, so that the order in which options are written counts for nothing. */
export function sortedTexts(texts: Texts): readonly (readonly [name: string, text: string])[] {
  return Object.entries(texts).sort(([one], [other]) => (one < other ? -1 : 1));
}

/** Sorted, and the same for texts that are one value, as `1e-2` and `0.01`. */
export function sortedValues(texts: Texts): readonly (readonly [name: string, value: string])[] {
  return sortedTexts(texts).map(([name, text]) => [name, valueText(text)]);
}
