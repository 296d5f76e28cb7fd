import { stat } from "node:fs/promises";
import { createRequire } from "node:module";
import { isAbsolute, join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { errorCode, messageOf } from "@ml-mosaic/base";
import { ConfigurationError } from "../configuration-error.ts";
import type { Problem } from "../problem.ts";
import { importable } from "../types/scalar-types.ts";
import { YamlFile } from "../yaml/yaml-file.ts";

/**
 * Loads a user's own files and packages, one after the other, so that they can `register` their classes.
 *
 * @param imports a file of `readYaml`, whose option `imports` it is, or that list itself: paths (`./my-model.ts`) and names
 *   of packages. Nothing is an empty list
 * @param folder where relative paths start and packages are looked up; a file's own folder where none is given
 * @param importFile imports a file, for those who load files afresh
 * @throws ConfigurationError that names each one that cannot be loaded; the first one's error is its cause
 */
export async function loadImports(
  imports: unknown,
  folder?: string,
  importFile: (path: string) => Promise<unknown> = (path) => import(pathToFileURL(path).href),
): Promise<void> {
  const file = imports instanceof YamlFile ? imports : undefined;
  const specifiers: unknown = imports instanceof YamlFile ? imports.value.imports : imports;
  const problems: Problem[] = [];
  const causes: unknown[] = [];
  if (Array.isArray(specifiers)) {
    for (const [index, specifier] of specifiers.entries()) {
      const path = ["imports", index];
      if (typeof specifier !== "string" || specifier === "") {
        problems.push({ kind: "invalid", path, value: specifier, expected: importable.expected });
        continue;
      }
      try {
        await importAny(specifier, resolve(folder ?? file?.folder ?? "."), importFile);
      } catch (error) {
        causes.push(error);
        problems.push({
          kind: "import",
          path,
          message: `${specifier} cannot be loaded: ${messageOf(error)}${placeOf(error)}`,
        });
      }
    }
  } else if (specifiers !== undefined && specifiers !== null) {
    problems.push({ kind: "invalid", path: ["imports"], value: specifiers, expected: "a list of files and packages" });
  }
  if (problems.length > 0) {
    throw new ConfigurationError(file?.locate(problems) ?? problems, causes.length > 0 ? { cause: causes[0] } : {});
  }
}

async function importAny(
  specifier: string,
  folder: string,
  importFile: (path: string) => Promise<unknown>,
): Promise<unknown> {
  if (!specifier.startsWith(".") && !isAbsolute(specifier)) return import(locatePackage(specifier, folder));
  const file = resolve(folder, specifier);
  // Node's own message would speak of the module that imports, which is this one.
  await stat(file).catch((error: unknown) => {
    throw new Error(`there is no file ${file}`, { cause: error });
  });
  return importFile(file);
}

/** Packages are those that the configuration's folder sees, not those of this program. */
function locatePackage(name: string, folder: string): string {
  try {
    return pathToFileURL(createRequire(join(folder, "configuration.js")).resolve(name)).href;
  } catch (error) {
    const code = errorCode(error);
    if (code === "MODULE_NOT_FOUND")
      throw new Error(`there is no such package for ${folder}: npm install it there`, { cause: error });
    // A package that can be imported only, which `require` does not find.
    if (code === "ERR_PACKAGE_PATH_NOT_EXPORTED") return import.meta.resolve(name);
    throw error;
  }
}

/** File and line of what went wrong, where Node tells it: of all but JavaScript's own syntax errors. */
function placeOf(error: unknown): string {
  const stack = error instanceof Error ? (error.stack ?? "") : "";
  // A frame of the stack; of TypeScript that cannot be read, the line above the error.
  const found = /file:\/\/[^\s)]+?:\d+(?=[:\s)]|$)/.exec(stack)?.[0] ?? /^\S+\.[cm]?ts:\d+$/m.exec(stack)?.[0];
  if (found === undefined || found.startsWith(import.meta.url)) return "";
  const colon = found.lastIndexOf(":");
  const file = found.slice(0, colon);
  return ` (${file.startsWith("file:") ? fileURLToPath(file) : file}${found.slice(colon)})`;
}
