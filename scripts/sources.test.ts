import { globSync, readFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import { join } from "node:path";
import { expect, test } from "vitest";

const root = join(import.meta.dirname, "..");

/** Tests, the compiler and Biome read some texts that Node refuses, such as a variable `of` in a loop over a literal list. */
test("Node reads every source as it stands", () => {
  const sources = globSync(["{packages/*/{bin,src,test},scripts,bench,docs,examples}/**/*.ts"], {
    cwd: root,
    exclude: ["**/*.test.ts", "**/node_modules/**"],
  });
  expect(sources.length).toBeGreaterThan(1000);
  const refused = sources.flatMap((source) => {
    try {
      stripTypeScriptTypes(readFileSync(join(root, source), "utf8"));
      return [];
    } catch (error) {
      return [`${source}: ${error}`];
    }
  });
  expect(refused).toEqual([]);
});
