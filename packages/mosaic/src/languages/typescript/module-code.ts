import { createHash } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { pathExists, unlessTrouble } from "@ml-mosaic/base";
import type { ClassSource } from "../../config/index.ts";
import { type InstalledPackage, installedPackage, isForeignPackage } from "../../modules/package-version.ts";
import { importedFiles, importUserFile, textDigest } from "../../modules/user-files.ts";
import type { ModuleCode } from "../language.ts";

/** `from "x"`, `import "x"`, `import("x")` and `require("x")`. One too many, such as in a comment, does no harm. */
const importedName = /\b(?:from|import|require)\s*\(?\s*["']([^"'\n]+)["']/g;

const relative = /^\.{1,2}\//;

/** Those that `require` adds to a name. */
const endings = ["", ".js", ".json", ".cjs", "/index.js"];

/**
 * Reads the file of a class and all that it imports by relative path, as the text says it or as it is seen when the
 * file is loaded.
 */
export async function moduleCode(source: ClassSource, folder: string): Promise<ModuleCode> {
  const hash = createHash("sha256");
  if (source.kind === "package") {
    const installed = installedPackage(source.name, folder);
    const digest = hash.update(`${source.name}@${installed?.version ?? "unknown"}`).digest("hex");
    return {
      digest,
      earlierDigest: digest,
      files: new Map(installed === undefined ? [] : [[installed.file, installed.version]]),
    };
  }
  // What is wrong with it will be said where it is needed.
  await importUserFile(source.path).catch(unlessTrouble);
  const contents = new Map<string, Buffer>();
  const packages = new Map<string, InstalledPackage>();
  const waiting = [...importedFiles(source.path)];
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    if (contents.has(path) || !pathExists(path)) continue;
    const content = readFileSync(path);
    contents.set(path, content);
    waiting.push(...importedFiles(path));
    for (const [, name = ""] of content.toString("utf8").matchAll(importedName)) {
      if (relative.test(name)) waiting.push(...filesCalled(resolve(dirname(path), name)));
      else if (isForeignPackage(name) && !packages.has(name)) {
        const installed = installedPackage(name, dirname(path));
        if (installed !== undefined) packages.set(name, installed);
      }
    }
  }
  // By content, not by place: a project that moved is the same project.
  for (const path of [...contents.keys()].sort()) hash.update(contents.get(path) ?? "").update("\0");
  for (const name of [...packages.keys()].sort()) hash.update(`${name}@${packages.get(name)?.version}`).update("\0");
  const texts = Array.from(contents, ([path, content]) => [path, textDigest(content)] as const);
  const versions = Array.from(packages.values(), ({ file, version }) => [file, version] as const);
  const earlierDigest = digestOfImported(source.path, contents);
  return { digest: hash.digest("hex"), earlierDigest, files: new Map([...texts, ...versions]) };
}

const importedText = /\b(?:from|import)\s*\(?\s*["'](\.{1,2}\/[^"']+)["']/g;

/** Of the files that are imported by relative path, as the text says it. Databases of then have it: nothing here may change. */
function digestOfImported(start: string, contents: ReadonlyMap<string, Buffer>): string {
  const seen = new Set<string>();
  const waiting = [start];
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    const content = contents.get(path);
    if (seen.has(path) || content === undefined) continue;
    seen.add(path);
    for (const [, target] of content.toString("utf8").matchAll(importedText))
      if (target !== undefined) waiting.push(resolve(dirname(path), target));
  }
  const hash = createHash("sha256");
  for (const path of [...seen].sort()) hash.update(contents.get(path) ?? "").update("\0");
  return hash.digest("hex");
}

function filesCalled(path: string): readonly string[] {
  return endings
    .map((ending) => path + ending)
    .filter((file) => statSync(file, { throwIfNoEntry: false })?.isFile())
    .slice(0, 1);
}
