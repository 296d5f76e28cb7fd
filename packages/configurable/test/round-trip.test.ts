import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { readYaml, resolvedConfig, toYaml } from "@ml-mosaic/configurable";
import { temporaryFolder } from "@ml-mosaic/testing";
import fc from "fast-check";
import { expect, test } from "vitest";
import { name, text, training } from "./arbitrary-training.ts";
import { Training } from "./components.ts";

const folder = temporaryFolder();

test("a resolved configuration, written as YAML and read again, is the same and resolves to itself", async () => {
  const file = join(folder, "resolved.yaml");
  await fc.assert(
    fc.asyncProperty(training, async (config) => {
      const resolved = resolvedConfig(Training.fromConfig(config, { folder: "/data" }));
      await writeFile(file, toYaml(resolved));
      const read = readYaml(file);
      expect(read.value).toEqual(resolved);
      expect(resolvedConfig(Training.fromConfig(read))).toEqual(resolved);
    }),
    { numRuns: 300 },
  );
});

test("plain values of any kind come back from YAML", async () => {
  const file = join(folder, "values.yaml");
  const plain = fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      fc.constant(null),
      fc.boolean(),
      fc.double(),
      fc.integer(),
      text,
      fc.array(tie("value")),
      fc.dictionary(name, tie("value")),
    ),
  })).value;
  await fc.assert(
    fc.asyncProperty(fc.dictionary(name, plain), async (config) => {
      await writeFile(file, toYaml(config));
      expect(readYaml(file).value).toEqual(config);
    }),
    { numRuns: 500 },
  );
});
