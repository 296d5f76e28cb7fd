import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { expect, test } from "vitest";

const plots = resolve(import.meta.dirname, "..");
/** Packages of sources that run in a browser as they are. */
const portable = ["@ml-mosaic/statistics", "@ml-mosaic/base/count-text"];

/** What a file imports when it runs; types are gone by then. */
function importsOf(file: string): readonly string[] {
  const text = readFileSync(file, "utf8");
  const statements = text.matchAll(/^(?:import|export) (?!type )(?:[^"';]* from )?"([^"]+)"/gm);
  return [...statements].flatMap(([, name]) => name ?? []);
}

/** What is imported from outside, by the file that imports it. */
function outsideOf(files: readonly string[]): readonly string[] {
  const seen = new Set(files);
  const outside: string[] = [];
  for (const file of seen)
    for (const name of importsOf(file))
      if (name.startsWith(".")) seen.add(join(dirname(file), name));
      else if (!portable.includes(name)) outside.push(`${file}: ${name}`);
  return outside;
}

test("a browser can load all charts: nothing of Node, no drawing library, no database", () => {
  const files = ["charts", "marks", "text"].flatMap((folder) =>
    readdirSync(join(plots, folder))
      .filter((name) => !name.endsWith(".test.ts"))
      .map((name) => join(plots, folder, name)),
  );
  expect(files.length).toBeGreaterThan(20);
  expect(outsideOf(files)).toEqual([]);
  expect(outsideOf([join(plots, "write", "fonts.ts")]).join()).toContain("node:url");
});
