import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ConfigObject, readYaml, resolvedConfig, toYaml } from "@ml-mosaic/configurable";
import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import { Training } from "./components.ts";

const folder = await mkdtemp(join(tmpdir(), "round-trip-"));
afterAll(() => rm(folder, { recursive: true }));

const positive = fc.integer({ min: 1, max: 2 ** 40 });
const float = fc.double({ noNaN: true });
/** Text that YAML might take for something else, and any other. */
const text = fc.oneof(
  fc.string(),
  fc.string({ unit: "binary" }),
  fc.constantFrom(
    "yes",
    "1e-3",
    "null",
    "~",
    "0x1F",
    "- a",
    "a: b",
    "#c",
    "*a",
    "&a",
    "<<",
    "\t",
    " x ",
    "x\n\ny\n",
    "…",
    "'\"",
  ),
);
const name = fc.oneof(text, fc.constantFrom("__proto__", "constructor", "1"));

const model: fc.Arbitrary<ConfigObject> = fc.letrec<{ model: ConfigObject }>((tie) => ({
  model: fc.oneof(
    { maxDepth: 3 },
    fc.record(
      { type: fc.constantFrom("cnn", "CNN", "Convolutional"), filters: fc.integer() },
      { requiredKeys: ["type"] },
    ),
    fc.record({ type: fc.constant("cnn"), kernel: fc.integer(), in_channels: positive }, { requiredKeys: ["type"] }),
    fc.record({ type: fc.constant("deep"), depth: fc.integer({ max: 32 }) }),
    fc.record({ type: fc.constant("ensemble"), members: fc.array(tie("model"), { maxLength: 3 }) }),
  ),
})).model;

const optimizer = fc.oneof(
  fc.record({ learning_rate: float }, { requiredKeys: [] }),
  fc.record(
    { type: fc.constantFrom("adam", "ADAM"), lr: float, betas: fc.tuple(float, float) },
    { requiredKeys: ["type"] },
  ),
  fc.record({ type: fc.constant("sgd"), momentum: fc.option(float) }, { requiredKeys: ["type"] }),
);

const stopping = fc.record({ patience: positive, min_delta: float }, { requiredKeys: [] });

const training = fc.record({
  trainer: fc.record(
    {
      output_dir: text.filter((path) => path !== "" && !path.includes("\0")),
      run_name: text,
      model,
      optimizer,
      loss: fc.constantFrom("bce", "dice"),
      early_stopping: fc.option(stopping),
      epochs: fc.integer({ min: 1, max: 900 }),
      batch_size: fc.oneof(positive, fc.constant("auto")),
      shuffle: fc.boolean(),
      weights: fc.dictionary(name, float),
      callbacks: fc.dictionary(name, fc.array(stopping, { maxLength: 2 })),
      notes: fc.option(fc.jsonValue()),
    },
    { requiredKeys: ["output_dir", "run_name", "model"] },
  ),
});

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
