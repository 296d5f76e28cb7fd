import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import type { ClassSource } from "../config/index.ts";

/** `from "./x.ts"`, `import "./x.ts"` and `import("./x.ts")`: relative ones only. One too many does no harm. */
const relativeImport = /\b(?:from|import)\s*\(?\s*["'](\.{1,2}\/[^"']+)["']/g;

/**
 * A digest of what a class is made of: the text of its file and of all files that it imports by relative path; for a
 * package its name and version.
 */
export async function moduleDigest(source: ClassSource, folder: string): Promise<string> {
  const hash = createHash("sha256");
  if (source.kind === "package")
    return hash.update(`${source.name}@${await packageVersion(source.name, folder)}`).digest("hex");
  const seen = new Set<string>();
  const waiting = [source.path];
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    if (seen.has(path) || !existsSync(path)) continue;
    seen.add(path);
    const text = await readFile(path, "utf8");
    for (const [, target] of text.matchAll(relativeImport))
      if (target !== undefined) waiting.push(resolve(dirname(path), target));
  }
  // By content, not by place: a project that moved is the same project.
  for (const path of [...seen].sort()) hash.update(await readFile(path)).update("\0");
  return hash.digest("hex");
}

async function packageVersion(name: string, folder: string): Promise<string> {
  const packageName = name
    .split("/")
    .slice(0, name.startsWith("@") ? 2 : 1)
    .join("/");
  for (const place of createRequire(join(folder, "configuration.js")).resolve.paths(name) ?? []) {
    const file = join(place, packageName, "package.json");
    if (!existsSync(file)) continue;
    const { version }: { version?: unknown } = JSON.parse(await readFile(file, "utf8"));
    return String(version);
  }
  return "unknown";
}
