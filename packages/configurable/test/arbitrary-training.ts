import type { ConfigObject } from "@ml-mosaic/configurable";
import fc from "fast-check";

const positive = fc.integer({ min: 1, max: 2 ** 40 });
const float = fc.double({ noNaN: true });
/** Text that YAML might take for something else, and any other. */
export const text = fc.oneof(
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
export const name = fc.oneof(text, fc.constantFrom("__proto__", "constructor", "1"));

const model: fc.Arbitrary<ConfigObject> = fc.letrec<{ model: ConfigObject }>((tie) => ({
  model: fc.oneof(
    { maxDepth: 3 },
    fc.record(
      { type: fc.constantFrom("cnn", "CnnModel", "convolutional"), filters: fc.integer() },
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
    { type: fc.constantFrom("adam", "Adam"), lr: float, betas: fc.tuple(float, float) },
    { requiredKeys: ["type"] },
  ),
  fc.record({ type: fc.constant("sgd"), momentum: fc.option(float) }, { requiredKeys: ["type"] }),
);

const stopping = fc.record({ patience: positive, min_delta: float }, { requiredKeys: [] });

/** Right configurations of `Training`. */
export const training = fc.record({
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
