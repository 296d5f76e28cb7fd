/** Packages that the users' files import: which version of each is installed counts for the identity of runs. */
import { readFileSync } from "node:fs";
import { builtinModules, createRequire } from "node:module";
import { join } from "node:path";
import { pathExists } from "@ml-mosaic/base";

export interface InstalledPackage {
  /** Its `package.json`. */
  readonly file: string;
  readonly version: string;
}

/** Packages that are Mosaic itself: their versions stand beside the experiment, and retrain nothing. */
const own = /^(@ml-mosaic\/|ml-mosaic$)/;

/** Whether the name of an import is one of a package whose version counts. */
export function isForeignPackage(name: string): boolean {
  return /^[@a-z0-9]/i.test(name) && !name.includes(":") && !own.test(name) && !builtinModules.includes(name);
}

/** As files of the folder find it; undefined where no such package is installed. */
export function installedPackage(name: string, folder: string): InstalledPackage | undefined {
  const packageName = name
    .split("/")
    .slice(0, name.startsWith("@") ? 2 : 1)
    .join("/");
  for (const place of createRequire(join(folder, "configuration.js")).resolve.paths(name) ?? []) {
    const file = join(place, packageName, "package.json");
    if (!pathExists(file)) continue;
    const { version }: { version?: unknown } = JSON.parse(readFileSync(file, "utf8"));
    return { file, version: String(version) };
  }
  return undefined;
}
