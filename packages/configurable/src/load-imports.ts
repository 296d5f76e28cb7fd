import { stat } from "node:fs/promises";
import { createRequire } from "node:module";
import { isAbsolute, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { ConfigurationError } from "./configuration-error.ts";
import { messageOf } from "./message-of.ts";
import type { Problem } from "./problem.ts";
import { YamlFile } from "./yaml-file.ts";

/**
 * Loads a user's own files and packages, one after the other, so that they can `register` their classes.
 *
 * @param imports a file of `readYaml`, whose option `imports` it is, or that list itself: paths (`./my-model.ts`) and names
 *   of packages. Nothing is an empty list
 * @param folder where relative paths start and packages are looked up; a file's own folder where none is given
 * @throws ConfigurationError that names each one that cannot be loaded; the first one's error is its cause
 */
export async function loadImports(imports: unknown, folder?: string): Promise<void> {
  const file = imports instanceof YamlFile ? imports : undefined;
  const specifiers: unknown = imports instanceof YamlFile ? imports.value.imports : imports;
  const problems: Problem[] = [];
  const causes: unknown[] = [];
  if (Array.isArray(specifiers)) {
    for (const [index, specifier] of specifiers.entries()) {
      const path = ["imports", index];
      if (typeof specifier !== "string" || specifier === "") {
        problems.push({
          kind: "invalid",
          path,
          value: specifier,
          expected: "a path such as ./my-model.ts, or a package",
        });
        continue;
      }
      try {
        await load(specifier, folder ?? file?.folder ?? ".");
      } catch (error) {
        causes.push(error);
        problems.push({ kind: "import", path, message: `${specifier} cannot be loaded: ${messageOf(error)}` });
      }
    }
  } else if (specifiers !== undefined && specifiers !== null) {
    problems.push({ kind: "invalid", path: ["imports"], value: specifiers, expected: "a list of files and packages" });
  }
  if (problems.length > 0) {
    throw new ConfigurationError(file?.locate(problems) ?? problems, causes.length > 0 ? { cause: causes[0] } : {});
  }
}

async function load(specifier: string, folder: string): Promise<void> {
  await import(pathToFileURL(await locate(specifier, resolve(folder))).href);
}

async function locate(specifier: string, folder: string): Promise<string> {
  // Packages are those that the configuration's folder sees, not those of this program.
  if (!specifier.startsWith(".") && !isAbsolute(specifier))
    return createRequire(join(folder, "configuration.js")).resolve(specifier);
  const file = resolve(folder, specifier);
  // Node's own message would speak of the module that imports, which is this one.
  await stat(file).catch((error: unknown) => {
    throw new Error(`there is no file ${file}`, { cause: error });
  });
  return file;
}
