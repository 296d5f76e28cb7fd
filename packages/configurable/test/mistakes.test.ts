import { writeFile } from "node:fs/promises";
import { ConfigurationError } from "@ml-mosaic/configurable";
import { temporaryFolder } from "@ml-mosaic/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Training } from "./components.ts";
import { mistakes, yamlFaults } from "./mistakes.ts";

const folder = temporaryFolder();
const before = process.cwd();
// Messages name the file as it was given.
beforeAll(() => process.chdir(folder));
afterAll(async () => {
  process.chdir(before);
});

test("there are forty of them at least", () => {
  expect(new Set([...mistakes, ...yamlFaults].map(([, text]) => text)).size).toBeGreaterThanOrEqual(40);
});

test.each([...mistakes, ...yamlFaults])("%s", async (_what, text, messages) => {
  await writeFile("c.yaml", text);
  expect(messageOf(() => Training.fromConfig("c.yaml"))).toBe(
    messages.length === 1 ? messages.join() : [`${messages.length} problems:`, ...messages].join("\n  "),
  );
});

test("all mistakes of all options come at once", () => {
  const config = {
    trainer: {
      epoch: 3,
      epochs: "x",
      model: { type: "deep", depth: 50, filters: 4 },
      optimizer: { type: "Adam", betas: [1], learning_rate: 1 },
      metrics: [{ type: "dice" }],
      loss: "L1",
    },
    import: [],
  };
  expect(messageOf(() => Training.fromConfig(config, { context: "[RUN]" })).split("\n  ")).toEqual([
    "9 problems:",
    '[RUN] import: unknown option; did you mean "imports"?',
    '[RUN] trainer.epoch: unknown option; did you mean "epochs"?',
    "[RUN] trainer.output_dir: missing, expected a path",
    "[RUN] trainer.run_name: missing, expected a string",
    "[RUN] trainer.model.depth: must be at most filters (4)",
    "[RUN] trainer.optimizer: betas are two numbers, got 1",
    '[RUN] trainer.loss: expected one of "bce", "dice", "bce_dice", got "L1"',
    '[RUN] trainer.epochs: expected an integer above 0, got "x"',
    '[RUN] trainer.metrics[0].type: expected a BaseMetric, but none is known: import a file that calls register(…), got "dice"',
  ]);
});

test("files that cannot be read", async () => {
  expect(messageOf(() => Training.fromConfig("missing.yaml"))).toBe("missing.yaml: there is no such file");
  expect(messageOf(() => Training.fromConfig("."))).toBe(".: is a folder: give the file in it");
  await writeFile("latin.yaml", Uint8Array.of(0x61, 0x3a, 0x20, 0xe9));
  expect(messageOf(() => Training.fromConfig("latin.yaml"))).toBe("latin.yaml: is not text in UTF-8: save it as that");
});

test("aliases that multiply without end", async () => {
  const names = ["b", "c", "d", "e", "f", "g"];
  const lines = names.map((name, index) => `${name}: &${name} [${`*${["a", ...names][index]},`.repeat(9)}]`);
  await writeFile("laughs.yaml", ["a: &a [1]", ...lines].join("\n"));
  expect(messageOf(() => Training.fromConfig("laughs.yaml"))).toContain("laughs.yaml: Excessive alias count");
});

function messageOf(mistake: () => unknown): string {
  try {
    mistake();
  } catch (error) {
    if (error instanceof ConfigurationError) return error.message;
    throw error;
  }
  return "nothing was said of it";
}
