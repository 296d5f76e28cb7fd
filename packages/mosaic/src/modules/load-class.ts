import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { nearestName } from "@ml-mosaic/base";
import { registeredIn } from "@ml-mosaic/configurable";
import { parse } from "acorn";
import type { ClassSource } from "../config/index.ts";
import { MosaicError } from "../errors.ts";
import { importUserFile, refuseOtherVersion, withoutMarks } from "./user-files.ts";

/** A constructor of the users', of which nothing is known yet. */
export type UserClass = new (options: Readonly<Record<string, unknown>>) => object;

/**
 * Imports a class from a file or a package: by its name, or by one of the `aliases` that it has as a static property, in
 * any case, as components of a YAML file are named. A file may `register` it instead of exporting it.
 *
 * @param folder where packages are looked up: the configuration file's
 * @throws MosaicError that says what the module exports, or carries the module's own error
 */
export async function loadClass(source: ClassSource, className: string, folder: string): Promise<UserClass> {
  const where = source.kind === "package" ? `the package ${source.name}` : source.path;
  const exports = await importModule(source, where, folder);
  const found: unknown =
    exports[className] ??
    (isNamed(exports.default, className) ? exports.default : undefined) ??
    Object.values(exports).find((each) => isClass(each) && aliasesOf(each).includes(className.toLowerCase())) ??
    (source.kind === "file" ? registeredIn(source.path, className)?.component : undefined);
  if (isClass(found)) return found;
  const names = Object.entries(exports).flatMap(([name, each]) => (isClass(each) ? [name, ...aliasesOf(each)] : []));
  const near = nearestName(className, names);
  const remedy =
    near !== undefined
      ? `did you mean ${near}?`
      : names.length > 0
        ? `it exports ${names.join(", ")}`
        : `write "export class ${className}"`;
  throw new MosaicError(
    "CLASS_NOT_FOUND",
    found === undefined
      ? `${where} exports no class ${className}; ${remedy}`
      : `${className} of ${where} is no class; ${remedy}`,
  );
}

/**
 * Every class that a file or package exports, under the name of its export.
 *
 * @throws MosaicError that carries the module's own error
 */
export async function loadClasses(
  source: ClassSource,
  folder: string,
): Promise<readonly (readonly [string, UserClass])[]> {
  const where = source.kind === "package" ? `the package ${source.name}` : source.path;
  const exports = Object.entries(await importModule(source, where, folder));
  return exports.flatMap(([name, each]) => (isClass(each) ? [[name, each] as const] : []));
}

async function importModule(
  source: ClassSource,
  where: string,
  folder: string,
): Promise<Readonly<Record<string, unknown>>> {
  if (source.kind === "program")
    throw new MosaicError("CLASS_NOT_FOUND", `${where} is no class that can be loaded, but a program`);
  if (source.kind === "python")
    throw new MosaicError("CLASS_FILE_FAILS", `${where} is a Python file, which a Python worker carries out`);
  try {
    if (source.kind === "file") return await importUserFile(source.path);
    refuseOtherVersion(source.name, folder);
    const loaded: Readonly<Record<string, unknown>> = await import(resolvePackage(source.name, folder).href);
    return loaded;
  } catch (error) {
    if (error instanceof MosaicError) throw error;
    const why = withoutMarks(error instanceof Error ? error.message.trim() : String(error));
    const place = source.kind === "file" ? await placeOf(error, source.path) : undefined;
    const at = place === undefined ? "" : ` (${place})`;
    throw new MosaicError("CLASS_FILE_FAILS", `${where} cannot be loaded: ${why}${at}`, { cause: error });
  }
}

/** File and line of what went wrong; Node tells it of all errors but JavaScript's own syntax errors. */
async function placeOf(error: unknown, path: string): Promise<string | undefined> {
  if (!(error instanceof Error)) return undefined;
  const found = /file:\/\/[^\s)]+?:\d+(?=[:\s)]|$)/.exec(withoutMarks(error.stack ?? ""))?.[0];
  if (found !== undefined) {
    const colon = found.lastIndexOf(":");
    return `${fileURLToPath(found.slice(0, colon))}${found.slice(colon)}`;
  }
  if (!(error instanceof SyntaxError)) return undefined;
  try {
    parse(await readFile(path, "utf8"), { ecmaVersion: "latest", sourceType: "module" });
  } catch (again) {
    const line: unknown = Object(Object(again).loc).line;
    return typeof line === "number" ? `${path}:${line}` : undefined;
  }
  return undefined;
}

/** Packages are those that the configuration's folder sees, not those of this program. */
function resolvePackage(name: string, folder: string): URL {
  return pathToFileURL(createRequire(join(folder, "configuration.js")).resolve(name));
}

function isClass(value: unknown): value is UserClass {
  return typeof value === "function" && value.prototype !== undefined;
}

/** In lower case; those that a class inherits name another one. */
function aliasesOf(found: UserClass): readonly string[] {
  const aliases: unknown = Object.hasOwn(found, "aliases") ? Reflect.get(found, "aliases") : undefined;
  return Array.isArray(aliases) ? aliases.map((alias) => String(alias).toLowerCase()) : [];
}

function isNamed(value: unknown, name: string): boolean {
  return typeof value === "function" && value.name === name;
}
