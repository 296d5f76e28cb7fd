import { stat } from "node:fs/promises";
import { createRequire } from "node:module";
import { isAbsolute, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { ConfigurationError } from "./configuration-error.ts";
import type { Problem } from "./problem.ts";

/**
 * Loads a user's own files and packages, one after the other, so that they can `register` their classes.
 *
 * @param imports the list as the configuration has it, of paths (`./my-model.ts`) and names of packages; nothing is none
 * @param folder where relative paths start, and where packages are looked up: the configuration's
 * @throws ConfigurationError that names each file or package that cannot be loaded, with the first one's error as cause
 */
export async function loadImports(imports: unknown, folder: string): Promise<void> {
  if (imports === undefined || imports === null) return;
  if (!Array.isArray(imports))
    throw new ConfigurationError([
      { kind: "invalid", path: ["imports"], value: imports, expected: "a list of files and packages" },
    ]);
  const problems: Problem[] = [];
  const causes: unknown[] = [];
  for (const [index, specifier] of imports.entries()) {
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
      await import((await locate(specifier, folder)).href);
    } catch (error) {
      causes.push(error);
      const why = error instanceof Error ? error.message : String(error);
      problems.push({ kind: "import", path, message: `${specifier} cannot be loaded: ${why}` });
    }
  }
  if (problems.length > 0) throw new ConfigurationError(problems, causes.length > 0 ? { cause: causes[0] } : {});
}

async function locate(specifier: string, folder: string): Promise<URL> {
  if (!specifier.startsWith(".") && !isAbsolute(specifier))
    return pathToFileURL(createRequire(join(resolve(folder), "configuration.js")).resolve(specifier));
  const file = resolve(folder, specifier);
  await stat(file);
  return pathToFileURL(file);
}
