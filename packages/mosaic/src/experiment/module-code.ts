import { createHash } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { builtinModules, createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { pathExists, unlessTrouble } from "@ml-mosaic/base";
import type { ClassSource } from "../config/index.ts";
import { type FileDigests, importedFiles, importUserFile, textDigest } from "../modules/user-files.ts";

/** What a class is made of. */
export interface ModuleCode {
  /** Of the texts of its files and of the versions of the packages that they import; of a package its name and version. */
  readonly digest: string;
  /** The user's own files in it. */
  readonly files: FileDigests;
}

/** `from "x"`, `import "x"`, `import("x")` and `require("x")`. One too many, such as in a comment, does no harm. */
const importedName = /\b(?:from|import|require)\s*\(?\s*["']([^"'\n]+)["']/g;

const relative = /^\.{1,2}\//;

/** Those that `require` adds to a name. */
const endings = ["", ".js", ".json", ".cjs", "/index.js"];

/** Packages that are Mosaic itself: their versions stand beside the experiment, and retrain nothing. */
const own = /^(@ml-mosaic\/|ml-mosaic$)/;

/**
 * Reads the file of a class and all that it imports by relative path, as the text says it or as it is seen when the
 * file is loaded.
 */
export async function moduleCode(source: ClassSource, folder: string): Promise<ModuleCode> {
  const hash = createHash("sha256");
  if (source.kind === "package") {
    const version = packageVersion(source.name, folder) ?? "unknown";
    return { digest: hash.update(`${source.name}@${version}`).digest("hex"), files: new Map() };
  }
  // What is wrong with it will be said where it is needed.
  await importUserFile(source.path).catch(unlessTrouble);
  const contents = new Map<string, Buffer>();
  const packages = new Map<string, string>();
  const waiting = [...importedFiles(source.path)];
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    if (contents.has(path) || !pathExists(path)) continue;
    const content = readFileSync(path);
    contents.set(path, content);
    waiting.push(...importedFiles(path));
    for (const [, name = ""] of content.toString("utf8").matchAll(importedName)) {
      if (relative.test(name)) waiting.push(...filesCalled(resolve(dirname(path), name)));
      else if (/^[@a-z0-9]/i.test(name) && !own.test(name) && !builtinModules.includes(name) && !packages.has(name)) {
        const version = packageVersion(name, dirname(path));
        if (version !== undefined) packages.set(name, version);
      }
    }
  }
  // By content, not by place: a project that moved is the same project.
  for (const path of [...contents.keys()].sort()) hash.update(contents.get(path) ?? "").update("\0");
  for (const name of [...packages.keys()].sort()) hash.update(`${name}@${packages.get(name)}`).update("\0");
  const files = new Map(Array.from(contents, ([path, content]) => [path, textDigest(content)]));
  return { digest: hash.digest("hex"), files };
}

function filesCalled(path: string): readonly string[] {
  return endings
    .map((ending) => path + ending)
    .filter((file) => statSync(file, { throwIfNoEntry: false })?.isFile())
    .slice(0, 1);
}

/** undefined where no such package is installed. */
function packageVersion(name: string, folder: string): string | undefined {
  const packageName = name
    .split("/")
    .slice(0, name.startsWith("@") ? 2 : 1)
    .join("/");
  for (const place of createRequire(join(folder, "configuration.js")).resolve.paths(name) ?? []) {
    const file = join(place, packageName, "package.json");
    if (!pathExists(file)) continue;
    const { version }: { version?: unknown } = JSON.parse(readFileSync(file, "utf8"));
    return String(version);
  }
  return undefined;
}
