import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Ajv, type ValidateFunction } from "ajv";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { trainingComponents } from "../src/schema/training-options.ts";
import { example, openWorkspace, type Workspace } from "./workspace.ts";

let workspace: Workspace;

beforeAll(async () => {
  workspace = await openWorkspace({
    "dataset.ts": await readFile(join(example, "dataset.ts"), "utf8"),
    "mlp.ts": await readFile(join(example, "mlp.ts"), "utf8"),
    "config.ini": await readFile(join(example, "config.ini"), "utf8"),
    "unfinished.ini": `[PROCESS]
lr =
[CNN]
type = cnn
class = cnn
path_to_class = ./cnn.ts
key = cnn
[PLAIN]
type = data
class = Plain
path_to_class = ./cnn.ts
key = plain
`,
    "cnn.ts": `import { component, configurable, float, int, literal, schema, within } from "@ml-mosaic/configurable";
class Stop extends configurable({ patience: schema(within(int, { minimum: 1 }), { default: 5 }) }) {}
export class Cnn extends configurable({
  filters: schema(int, { default: 32, aliases: ["f"], help: "Filters of the first layer" }),
  activation: schema(literal("relu", "tanh"), { default: "relu" }),
  rate: schema(float, { optional: true }),
  stop: schema(component(Stop), { default: {} }),
}) {
  static readonly aliases = ["cnn"];
}
export class Plain {
  constructor({ width, depth = 3 }: { width: number; depth?: number }) {
    void [width, depth];
  }
}
export class Open {
  constructor(options: object) {
    void options;
  }
}
export const none = 3;
`,
    "empty.ts": "export const none = 3;",
  });
});
afterAll(() => workspace.close());

test("overrides are those of a configuration file", async () => {
  const args = ["config.ini", "MLP_FUNNEL.class=MlpBrick"];
  expect(await printed(...args)).toMatch(/MlpBrick[\s\S]*MlpBrick/);
  expect((await workspace.run("schema", "cnn.ts", "A.b=3")).stderr).toContain("change a configuration file (.ini)");
});

async function printed(...args: readonly string[]): Promise<string> {
  const finished = await workspace.run("schema", ...args);
  expect(finished).toMatchObject({ code: 0, stderr: "" });
  return finished.stdout;
}

describe("as tables", () => {
  test("shows every option of a configuration file, with defaults and meanings", async () => {
    const text = await printed();
    expect(text).toMatch(/^ {2}seed +int ≥ 0 +0 +What all random numbers come from$/m);
    expect(text).toContain("\noptimizer = Adam, the default\n  option                  type");
    expect(text).toContain('  scheduler.anneal_strategy   "cos" | "linear"  cos       Shape of the rise and fall\n');
    expect(text).toMatch(/^ {2}optimizer\.betas {9}list of float ≥ 0 < 1 {2}0\.9, 0\.999 {2}Decay/m);
    for (const { group, name } of trainingComponents())
      expect(text).toMatch(new RegExp(`^${group} = ${name}(, the default)?$`, "m"));
    expect(text).toContain("[a section for each of your classes]");
    expect((await workspace.runCommand("mosaic_schema")).stdout).toBe(text);
  });

  test("shows the classes of a configuration file in place of any class", async () => {
    const text = await printed("config.ini");
    expect(text).toContain(
      "[MLP_FUNNEL]  MlpFunnel of ./mlp.ts\n  option       type  default\n  length       int   required\n",
    );
    expect(text).toContain(
      "[DATASET_OR]  DatasetOr of ./dataset.ts\n  without a configSchema its options are not known\n",
    );
    expect(text).not.toContain("[a section for each of your classes]");
  });

  test("shows those of a file that is not finished, by alias too", async () => {
    const text = await printed("unfinished.ini");
    expect(text).toContain(`[CNN]  cnn of ./cnn.ts
  option       type             default  meaning
  filters (f)  int              32       Filters of the first layer
  activation   "relu" | "tanh"  relu
  rate         float            none
  stop         Stop             {}

Stop
  option    type     default
  patience  int ≥ 1  5
`);
    expect(text).toContain("[PLAIN]  Plain of ./cnn.ts\n  width (required), depth; without a configSchema");
  });

  test("shows the classes that a file or a package exports", async () => {
    const text = await printed("cnn.ts");
    expect(text).toMatch(/^Cnn\n {2}option/);
    expect(text).toMatch(/^Plain\n {2}width \(required\), depth; without/m);
    expect(text).toMatch(/^Open\n {2}without a configSchema its options are not known$/m);
    expect(text).not.toContain("none of");
    expect(await printed("@ml-mosaic/configurable")).toContain("TypedConfigurable\n");
  });
});

test("says what is wrong with a file", async () => {
  const cases = [
    ["missing.ini", /missing\.ini/],
    ["missing.ts", /The file .*missing\.ts does not exist\. The folder .* has .*mlp\.ts/],
    ["empty.ts", /^empty\.ts exports no class\n$/],
    ["no-such-package", /^the package no-such-package cannot be loaded/],
    ["model.py", /The file .*model\.py does not exist/],
  ] as const;
  for (const [file, message] of cases)
    expect(await workspace.run("schema", file)).toMatchObject({
      code: 2,
      stdout: "",
      stderr: expect.stringMatching(message),
    });
});

describe("as JSON Schema", () => {
  // An implementation that knows nothing of ours; strict: it refuses what it does not know.
  async function compile(...args: readonly string[]): Promise<ValidateFunction> {
    const schema: Parameters<Ajv["compile"]>[0] = JSON.parse(await printed(...args, "--json"));
    return new Ajv({ strict: true, strictTypes: false, strictRequired: false }).compile(schema);
  }

  const process = { lr: [0.1, 0.01], epochs: 3, data_scheme: "dataset", pipeline_scheme: "mlp" };
  const monitor = { need_gpu: false, gpu_available: "None", nb_processus: 2, multiplicity: 4 };
  const mlp = { type: "mlp", class: "MlpBrick", path_to_class: "./mlp.ts", key: "k" };

  test("takes what a configuration file takes", async () => {
    const validate = await compile();
    const right = [
      {},
      { optimizer: "SGD", "optimizer.momentum": 0.9 },
      { "optimizer.betas": [0.9, 0.99], "optimizer.eps": [1e-8, 1e-6] },
      { optimizer: ["SGD", "Adam"], "optimizer.momentum": 0.9 },
      { scheduler: "StepLR", "scheduler.step_size": 3 },
      { scheduler: "None", early_stopping: true, "early_stopping.patience": 3 },
      { loss_function: "HuberLoss", "loss_function.delta": [1, 2] },
      { optimizer: ["SGD(momentum=0.9)", "adam"], data_scheme: ["dataset", "other"] },
      { early_stopping: "patience", "early_stopping.patience": 3 },
    ];
    for (const options of right) {
      const config = { PROCESS: { ...process, ...options }, MONITOR: monitor, MLP: { ...mlp, anything: [1, 2] } };
      expect([options, validate(config), validate.errors]).toEqual([options, true, null]);
    }
    const wrong = [
      { lr: 0 },
      { lr: undefined },
      { epochs: [1, 0] },
      { sead: 3 },
      { optimizer: "Adamm" },
      { "optimizer.momentum": 0.9 },
      { optimizer: "SGD", "optimizer.betas": [0.9] },
      { optimizer: "SGD", "optimizer.momentum": -1 },
      { scheduler: "StepLR" },
      { "scheduler.step_size": 3 },
      { scheduler: "None", "scheduler.step_size": 3 },
      { "early_stopping.patience": 3 },
      { early_stopping: false, "early_stopping.patience": 3 },
      { artifacts: "some" },
    ];
    for (const options of wrong) {
      const config: unknown = JSON.parse(JSON.stringify({ PROCESS: { ...process, ...options }, MONITOR: monitor }));
      expect([options, validate(config)]).toEqual([options, false]);
    }
    expect(validate({ PROCESS: process })).toBe(false);
    expect(validate({ PROCESS: process, MONITOR: monitor, MLP: { type: "mlp" } })).toBe(false);
  });

  test("knows the classes of a configuration file", async () => {
    const validate = await compile("unfinished.ini");
    const check = (cnn: object, plain: object = {}) =>
      validate({
        PROCESS: process,
        MONITOR: monitor,
        CNN: { ...mlp, ...cnn },
        PLAIN: { ...mlp, ...plain },
      });
    expect(check({ filters: [8, 16], activation: "tanh", stop: { patience: 3 } }, { width: 3 })).toBe(true);
    expect(check({ f: 8 }, { depth: [1, 2] })).toBe(true);
    expect(check({ filter: 8 })).toBe(false);
    expect(check({ filters: "x" })).toBe(false);
    expect(check({ stop: { patience: 0 } })).toBe(false);
    expect(check({}, { widht: 3 })).toBe(false);
    expect(validate({ PROCESS: process, MONITOR: monitor, OTHER: mlp })).toBe(false);
  });

  test("knows the classes of a file", async () => {
    const schema: unknown = JSON.parse(await printed("cnn.ts", "--json"));
    expect(schema).toMatchObject({
      title: "cnn.ts",
      definitions: {
        Cnn: { properties: { filters: { type: "integer", default: 32, description: "Filters of the first layer" } } },
        Plain: { properties: { width: {}, depth: {} }, required: ["width"], additionalProperties: false },
        Open: { additionalProperties: true },
        Stop: { properties: { patience: { type: "integer", minimum: 1 } } },
      },
    });
    expect(
      await compile("mlp.ts").then((validate) => validate({ length: 1, width: 2, input_size: 2, output_size: 1 })),
    ).toBe(true);
  });
});
