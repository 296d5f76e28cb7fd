// Where a class comes from: a TypeScript or JavaScript file, an npm package, a Python file, or a program of any language.

import { statSync } from "node:fs";
import { extname, resolve } from "node:path";
import { errorCode, machineTrouble, pathExists } from "@ml-mosaic/base";
import type { NamedClass, Pipeline } from "../pipelines/pipeline.ts";
import { isProgram } from "../program/options.ts";
import { programFiles, type ValuesOf } from "../program/program-files.ts";
import type { Fault } from "./problem.ts";
import { suggestFile } from "./source-text.ts";

export type ClassSource =
  | { readonly kind: "file" /** Absolute. */; readonly path: string }
  | {
      readonly kind: "package" /** As an import would name it, such as `@ml-mosaic/bigsf` or `mine/models`. */;
      readonly name: string;
    }
  | { readonly kind: "python" /** Absolute. */; readonly path: string }
  | {
      readonly kind: "program";
      /** As it is written. */
      readonly path: string;
      /** Absolute; those that are known to belong to it. */
      readonly files: readonly string[];
    };

export type ClassSourceResult =
  | { readonly ok: true; readonly source: ClassSource }
  | { readonly ok: false; readonly fault: Fault };

/** Where paths start. */
export interface Places {
  /** The configuration file's folder. */
  readonly folder: string;
  /** Where the command was started: Python files that are not found from `folder` may be there. */
  readonly start: string;
}

/** What classes are looked at and carried out with. */
export interface Project extends Places {
  /** `python` of [MONITOR]. */
  readonly python: string | undefined;
}

const pythonEnding = ".py";
const scriptEndings: readonly string[] = [".ts", ".js", ".mts", ".mjs"];

export const fileEndings: readonly string[] = [...scriptEndings, pythonEnding];

/** A pipeline's modules are all of one language, whose worker carries it out. */
export type LanguageName = "TypeScript" | "Python" | "Program";

export function languageOfPipeline({ modules }: Pipeline): LanguageName {
  const [module = { path: "", className: "" }] = modules;
  if (isProgram(module)) return "Program";
  return extname(module.path) === pythonEnding ? "Python" : "TypeScript";
}

export function languageOfSource(source: ClassSource): LanguageName {
  if (source.kind === "program") return "Program";
  return source.kind === "python" ? "Python" : "TypeScript";
}

/** npm's rule for names, with an optional path inside the package. */
const PACKAGE_NAME = /^(?:@[a-z0-9-~][a-z0-9-._~]*\/)?[a-z0-9-~][a-z0-9-._~]*(?:\/[\w.~-]+)*$/;

/** @param valuesOf what each option of the module may say */
export async function readModuleSource(
  module: NamedClass,
  valuesOf: ValuesOf,
  places: Places,
): Promise<ClassSourceResult> {
  if (!isProgram(module)) return readClassSource(module.path, places);
  return { ok: true, source: { kind: "program", path: module.path, files: programFiles(valuesOf, places.folder) } };
}

/** Looks at the disk for files; whether a package is installed and has the class is found when it is loaded. */
export async function readClassSource(text: string, { folder, start }: Places): Promise<ClassSourceResult> {
  const ending = extname(text);
  if (ending === pythonEnding) return readPythonSource(text, folder, start);
  if (scriptEndings.includes(ending) && !text.endsWith(".d.ts")) {
    const path = resolve(folder, text);
    const fault = await faultOfFile(text, path, scriptEndings);
    return fault === undefined ? { ok: true, source: { kind: "file", path } } : { ok: false, fault };
  }
  if (PACKAGE_NAME.test(text)) return { ok: true, source: { kind: "package", name: text } };
  return {
    ok: false,
    fault: {
      message: `"${text}" is neither a .ts, .js or .py file nor the name of an npm package.`,
      remedy: "Write a path such as ./mlp.ts or ./mlp.py, or a package name such as @ml-mosaic/bigsf.",
    },
  };
}

/** Projects of the original Mosaic write paths from where its commands are started, the root of a repository. */
async function readPythonSource(text: string, folder: string, start: string): Promise<ClassSourceResult> {
  const path = resolve(folder, text);
  const fault = await faultOfFile(text, path, [pythonEnding]);
  if (fault === undefined) return { ok: true, source: { kind: "python", path } };
  const fromStart = resolve(start, text);
  if (fromStart === path || pathExists(path) || (await faultOfFile(text, fromStart, [pythonEnding])) !== undefined)
    return { ok: false, fault };
  return { ok: true, source: { kind: "python", path: fromStart } };
}

async function faultOfFile(text: string, path: string, endings: readonly string[]): Promise<Fault | undefined> {
  try {
    // At once: a worker looks at the files of each run, and a promise costs it ten times the look.
    const entry = statSync(path);
    if (!entry.isDirectory()) return undefined;
    return { message: `"${text}" is a folder.`, remedy: "Give the file in it that has the class." };
  } catch (error) {
    if (machineTrouble(error) !== undefined) throw error;
    const code = errorCode(error);
    const message =
      code === "ENOENT" || code === "ENOTDIR"
        ? `The file ${path} does not exist.`
        : `The file ${path} cannot be read (${code}).`;
    return { message, remedy: await suggestFile(path, endings) };
  }
}

/** A name that JavaScript could not have exported is a slip that no file can mend. */
export function checkClassName(name: string): Fault | undefined {
  if (/^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(name)) return undefined;
  return {
    message: `"${name}" cannot be the name of a class.`,
    remedy: "Write the name as it is exported, as in MlpFunnel.",
  };
}
