import { globSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { expect, test } from "vitest";

const root = join(import.meta.dirname, "..");
const files = new Set(globSync("packages/*/src/**/*.ts", { cwd: root }));

/** `x.test.ts` and `x.what.test.ts` stand beside `x.ts`, or in the folder `x`. */
function isNamedForWhatItTests(suite: string): boolean {
  const [name] = basename(suite).split(".");
  const folder = dirname(suite);
  return files.has(join(folder, `${name}.ts`)) || basename(folder) === name;
}

test("suites in src are named for the file beside them, or for their folder", () => {
  const suites = [...files].filter((file) => file.endsWith(".test.ts"));
  expect(suites.length).toBeGreaterThan(100);
  expect(suites.filter((suite) => !isNamedForWhatItTests(suite))).toEqual([]);
});
