/**
 * The form that pipelines have in files and databases, the original Mosaic's: a list of flat objects, one a module, every
 * value a text; the training options that vary are the last of them, with the type `process`.
 */
import { hash } from "node:crypto";
import type { Param } from "../store/index.ts";
import { type ModuleSpec, type Pipeline, sortedTexts, sortedValues, type Texts, withoutNames } from "./pipeline.ts";

/** Options of a class section that are Mosaic's; all others are the class's own. */
export const moduleOptionNames = ["type", "class", "path_to_class", "key"] as const;

/** Of a data section: which other one gives the same data. */
export const sameDataName = "same_data_as";

/** What the flat form calls the name of a module's section. */
export const sectionName = "name";

/** Marks the training options among the modules. */
export const trainingType = "process";

/** Whether an option of a class section is the class's own. */
export function isClassOption(name: string): boolean {
  return name !== sectionName && name !== sameDataName && !moduleOptionNames.some((own) => own === name);
}

export function flatModule({ type, className, path, key, section, sameDataAs, options, order }: ModuleSpec): Texts {
  const flat = Object.entries({
    type,
    class: className,
    path_to_class: path,
    ...options,
    ...(sameDataAs === undefined ? {} : { [sameDataName]: sameDataAs }),
    key,
    ...(section === undefined ? {} : { [sectionName]: section }),
  });
  if (order === undefined) return Object.fromEntries(flat);
  return Object.fromEntries(flat.sort(([one], [other]) => order.indexOf(one) - order.indexOf(other)));
}

/** The row of a run with a module's key. */
export function keyParam({ type, key }: ModuleSpec): Param {
  return [`${type}_key`, key];
}

export function flatPipeline({ modules, training }: Pipeline): readonly Texts[] {
  const varies = Object.keys(training).length > 0;
  return [
    ...modules.map(flatModule),
    ...(varies ? [{ type: trainingType, ...training, [sectionName]: "PROCESS" }] : []),
  ];
}

export type ParsedPipeline =
  | { readonly ok: true; readonly pipeline: Pipeline }
  /** Each begins with its place in the JSON: `[1].width: expected a text in quotes, got a list` */
  | { readonly ok: false; readonly faults: readonly string[] };

/** @param place the pipeline's own in the JSON, for the faults */
export function parsePipeline(json: unknown, place = ""): ParsedPipeline {
  if (!Array.isArray(json) || json.length === 0)
    return { ok: false, faults: [`${place}: expected a list of modules, got ${describeJson(json)}`] };
  const faults: string[] = [];
  const modules: ModuleSpec[] = [];
  let training: Texts = {};
  const entries: readonly unknown[] = json;
  for (const [index, entry] of entries.entries()) {
    const fault = (within: string, expected: string, got: unknown) =>
      faults.push(`${place}[${index}]${within}: expected ${expected}, got ${describeJson(got)}`);
    if (typeof entry !== "object" || entry === null || Array.isArray(entry)) {
      fault("", "an object", entry);
      continue;
    }
    const written: [name: string, text: string][] = [];
    for (const [name, value] of Object.entries(entry)) {
      if (typeof value === "string") written.push([name, value]);
      // The original Mosaic has written some values without quotes.
      else if (typeof value !== "object" || value === null) written.push([name, String(value)]);
      else fault(`.${name}`, "a text in quotes", value);
    }
    const texts: Texts = Object.fromEntries(written);
    if (texts.type === trainingType) {
      training = withoutNames(texts, ["type", sectionName]);
      continue;
    }
    const {
      type,
      class: className,
      path_to_class: path,
      key,
      [sectionName]: section,
      [sameDataName]: sameDataAs,
    } = texts;
    for (const name of moduleOptionNames)
      if (!Object.hasOwn(entry, name)) fault(`.${name}`, "a text in quotes", undefined);
    if (type === undefined || className === undefined || path === undefined || key === undefined) continue;
    const options = withoutNames(texts, [...moduleOptionNames, sectionName, sameDataName]);
    const named = {
      ...(section === undefined ? {} : { section }),
      ...(sameDataAs === undefined ? {} : { sameDataAs }),
    };
    const names = { ...named, order: Object.keys(texts) };
    modules.push({ type, className, path, key, ...names, options });
  }
  return faults.length > 0 ? { ok: false, faults } : { ok: true, pipeline: { modules, training } };
}

/** The pipeline of a run from the text that its database has; undefined for what is none. */
export function readPipeline(text: string): Pipeline | undefined {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
  const parsed = parsePipeline(json);
  return parsed.ok ? parsed.pipeline : undefined;
}

/**
 * A stored pipeline with these keys for its modules, and all else as it was written: the original's numbers stay numbers.
 */
export function withKeys(text: string, keys: readonly string[]): string {
  const entries: readonly unknown[] = JSON.parse(text);
  const waiting = keys.values();
  const rekeyed = entries.map((entry) => {
    const flat: Readonly<Record<string, unknown>> = Object(entry);
    return flat.type === trainingType ? flat : { ...flat, key: waiting.next().value };
  });
  return JSON.stringify(rekeyed);
}

/** Equal for pipelines that differ in nothing but keys and the names of their sections; short, since there may be a million. */
export function contentDigest(pipeline: Pipeline): string {
  return digestOf(pipeline, sortedTexts);
}

/** The same where values are spelt in two ways, as `1e-2` and `0.01`. */
export function valueDigest(pipeline: Pipeline): string {
  return digestOf(pipeline, sortedValues);
}

function digestOf({ modules, training }: Pipeline, sorted: typeof sortedTexts): string {
  const content = [
    modules.map(({ type, className, path, options }) => [type, className, path, sorted(options)]),
    sorted(training),
  ];
  return hash("sha256", JSON.stringify(content), "base64");
}

/** A value of JSON in a few words, for messages. */
export function describeJson(value: unknown): string {
  if (value === undefined) return "nothing";
  if (Array.isArray(value)) return value.length === 0 ? "an empty list" : "a list";
  if (typeof value === "object" && value !== null) return "an object";
  if (typeof value === "string")
    return `the text ${JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value)}`;
  return `${value === null ? "" : `the ${typeof value} `}${String(value)}`;
}
