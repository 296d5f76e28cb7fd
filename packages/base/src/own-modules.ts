/**
 * Importing this file lets Node find the modules of our packages by their names alone: an import says which file it means.
 * Otherwise Node asks the file system for each several times, a third of the time in which a command starts. What users
 * write, and what other packages import, is found as ever.
 */
import { type ResolveFnOutput, registerHooks } from "node:module";

const isBuilt = import.meta.url.endsWith(".js");
const ending = isBuilt ? ".js" : ".ts";
const format = isBuilt ? "module" : "module-typescript";

/** In the repository our packages lie beside each other; installed, one lies beside the folder of all others. */
const packages = new URL(isBuilt ? "../../.." : "../..", import.meta.url).href;
const places: readonly (readonly [folder: string, code: RegExp])[] = isBuilt
  ? [
      [packages, /^[^/]+\/dist\//],
      [new URL("../ml-mosaic/", packages).href, /^dist\//],
    ]
  : [[packages, /^[^/]+\/src\//]];

function isOwn(url: string): boolean {
  return places.some(([folder, code]) => url.startsWith(folder) && code.test(url.slice(folder.length)));
}

/** What a package's name stands for, for all that lies in one folder. */
const found = new Map<string, ResolveFnOutput>();

registerHooks({
  resolve(specifier, context, next) {
    const parent = context.parentURL;
    const isNamed = !specifier.startsWith("node:") && context.conditions.includes("import");
    if (parent === undefined || !isNamed || !isOwn(parent)) return next(specifier, context);
    if (specifier.startsWith(".")) {
      if (!specifier.endsWith(ending)) return next(specifier, context);
      return { url: new URL(specifier, parent).href, format, shortCircuit: true };
    }
    const key = `${specifier} ${parent.slice(0, parent.lastIndexOf("/"))}`;
    const known = found.get(key) ?? next(specifier, context);
    found.set(key, known);
    return { ...known, shortCircuit: true };
  },
});
