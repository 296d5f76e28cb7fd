import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { ClassSource } from "../config/index.ts";
import { nearestName } from "../config/index.ts";
import { MosaicError } from "../errors.ts";

/** A constructor of the users', of which nothing is known yet. */
export type UserClass = new (options: Readonly<Record<string, unknown>>) => object;

/**
 * Imports a class by name from a file or a package.
 *
 * @param folder where packages are looked up: the configuration file's
 * @throws MosaicError that says what the module exports, or carries the module's own error
 */
export async function loadClass(source: ClassSource, className: string, folder: string): Promise<UserClass> {
  const where = source.kind === "file" ? source.path : `the package ${source.name}`;
  const exports = await importModule(source, where, folder);
  const found: unknown = exports[className] ?? (isNamed(exports.default, className) ? exports.default : undefined);
  if (isClass(found)) return found;
  const names = Object.keys(exports).filter((name) => isClass(exports[name]));
  const near = nearestName(className, names);
  const remedy =
    near !== undefined
      ? `did you mean ${near}?`
      : names.length > 0
        ? `it exports ${names.join(", ")}`
        : `write "export class ${className}"`;
  throw new MosaicError(
    "class-not-found",
    found === undefined
      ? `${where} exports no class ${className}; ${remedy}`
      : `${className} of ${where} is no class; ${remedy}`,
  );
}

async function importModule(
  source: ClassSource,
  where: string,
  folder: string,
): Promise<Readonly<Record<string, unknown>>> {
  try {
    const url = source.kind === "file" ? pathToFileURL(source.path) : resolvePackage(source.name, folder);
    const loaded: Readonly<Record<string, unknown>> = await import(url.href);
    return loaded;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new MosaicError("class-file-fails", `${where} cannot be loaded: ${why}`, { cause: error });
  }
}

/** Packages are those that the configuration's folder sees, not those of this program. */
function resolvePackage(name: string, folder: string): URL {
  return pathToFileURL(createRequire(join(folder, "configuration.js")).resolve(name));
}

function isClass(value: unknown): value is UserClass {
  return typeof value === "function" && value.prototype !== undefined;
}

function isNamed(value: unknown, name: string): boolean {
  return typeof value === "function" && value.name === name;
}
