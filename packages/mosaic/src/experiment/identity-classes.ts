/** What the identity of runs needs to know of the users' classes: which texts of their options mean the same. */
import { readFileSync } from "node:fs";
import { pathExists, unlessTrouble } from "@ml-mosaic/base";
import { type SchemaMap, speller, valueText } from "@ml-mosaic/configurable";
import type { ClassSource, Project } from "../config/index.ts";
import { readsOption, textOf } from "../languages/python/check-classes.ts";
import { type DescribedClass, describedClass } from "../languages/python/describe.ts";
import { loadClass, type UserClass } from "../modules/load-class.ts";
import { moduleSchema, textsForTypes } from "../modules/module-schema.ts";
import { importedFiles } from "../modules/user-files.ts";
import type { NamedClass, Texts } from "../pipelines/pipeline.ts";

interface IdentityClass {
  /** undefined where the class declares no options, as those in Python do not. */
  readonly schemas: SchemaMap | undefined;
  /** Options of such a module, which has others before it, in one spelling; undefined where the class declares none. */
  readonly spell: ((options: Texts, earlier: readonly NamedClass[]) => Texts) | undefined;
}

/** By `nameOfClass`. */
export type ClassesByName = ReadonlyMap<string, IdentityClass>;

export function nameOfClass({ path, className }: NamedClass): string {
  return JSON.stringify([path, className]);
}

export async function readIdentityClasses(
  modules: Iterable<NamedClass & { readonly source: ClassSource }>,
  project: Project,
): Promise<ClassesByName> {
  const { folder } = project;
  const classes = new Map<string, IdentityClass>();
  const says = new Map<string, (word: string) => boolean>();
  for (const module of modules) {
    const name = nameOfClass(module);
    if (classes.has(name)) continue;
    if (module.source.kind === "python") {
      const described = await describedClass(module, project).catch(unlessTrouble);
      const text = described === undefined ? undefined : [...described.files.keys()].map(textOf).join("\n");
      says.set(name, (word) => text?.includes(word) ?? true);
      classes.set(name, { schemas: undefined, spell: described && pythonSpelling(described, says) });
      continue;
    }
    // What is wrong with a class is said where it is needed.
    const found = await loadClass(module.source, module.className, folder).catch(unlessTrouble);
    const schema = found && moduleSchema(found);
    const schemas = schema === undefined || schema === "unusable" ? undefined : schema.all;
    says.set(name, wordsOf(found, module.source));
    classes.set(name, { schemas, spell: schemas && spellingOf(schemas, says) });
  }
  return classes;
}

/**
 * What an option says by default is left out, unless a module before this one may give the option another value by its `info()`:
 * where its text has the option's name.
 */
function spellingOf(schemas: SchemaMap, says: ReadonlyMap<string, (word: string) => boolean>) {
  const short = speller(schemas);
  const whole = speller(schemas, { dropDefaults: false });
  return (options: Texts, earlier: readonly NamedClass[]): Texts => {
    const texts = textsForTypes(options, schemas);
    const spelt = short(texts);
    if (earlier.length === 0) return spelt;
    const given = Object.entries(whole(texts)).filter(([name]) => {
      const [head = ""] = name.split(".");
      const names = [head, ...(schemas[head]?.aliases ?? [])];
      return (
        spelt[name] === undefined &&
        earlier.some((module) => names.some((each) => says.get(nameOfClass(module))?.(each) ?? true))
      );
    });
    return { ...spelt, ...Object.fromEntries(given) };
  };
}

/** The same of a class in Python, whose signature has the defaults. `module_info` tells a method whether an option is written. */
function pythonSpelling(described: DescribedClass, says: ReadonlyMap<string, (word: string) => boolean>) {
  const defaults = new Map(
    described.parameters.flatMap(({ name, default: text }) =>
      text === undefined || readsOption(described, name) ? [] : [[name, valueText(text)] as const],
    ),
  );
  return (options: Texts, earlier: readonly NamedClass[]): Texts => {
    const values = Object.entries(options).map(([name, text]) => [name, valueText(text)] as const);
    const counted = values.filter(
      ([name, text]) =>
        text !== defaults.get(name) || earlier.some((module) => says.get(nameOfClass(module))?.(name) ?? true),
    );
    return Object.fromEntries(counted);
  };
}

/** Whether a class has a word in its text, or in the files that it is made of. */
function wordsOf(userClass: UserClass | undefined, source: ClassSource): (word: string) => boolean {
  let texts: readonly string[] | undefined;
  const known = new Map<string, boolean>();
  return (word) => {
    texts ??= [...classTexts(userClass), ...fileTexts(source)];
    const found = known.get(word) ?? texts.some((text) => text.includes(word));
    known.set(word, found);
    return found;
  };
}

/** Of the class and those that it derives from. */
function classTexts(userClass: UserClass | undefined): readonly string[] {
  const texts: string[] = [];
  for (let each: unknown = userClass; typeof each === "function"; each = Object.getPrototypeOf(each))
    texts.push(Function.prototype.toString.call(each));
  return texts;
}

function fileTexts(source: ClassSource): readonly string[] {
  return source.kind !== "file"
    ? []
    : Array.from([...importedFiles(source.path)].filter(pathExists), (path) => readFileSync(path, "utf8"));
}
