/** What one face of Mosaic refuses, all refuse in the same words: an `.ini` file, a training file, the API, a command line. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { command } from "@ml-mosaic/command-line";
import {
  boolean,
  ConfigurationError,
  component,
  configurable,
  describeProblem,
  float,
  int,
  list,
  literal,
  type Problem,
  path,
  readYaml,
  register,
  schema,
  string,
  union,
  within,
} from "@ml-mosaic/configurable";
import { BaseLoss, TrainerSettings } from "@ml-mosaic/training";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runForTest } from "../../test/run-for-test.ts";
import { CONFIG, openFolder } from "../../test/test-config.ts";
import { readExperiment } from "./experiment.ts";

let folder: Awaited<ReturnType<typeof openFolder>>;
let yamlFolder: string;
beforeAll(async () => {
  folder = await openFolder();
  yamlFolder = await mkdtemp(join(tmpdir(), "faces-"));
});
afterAll(() => Promise.all([folder.close(), rm(yamlFolder, { recursive: true })]));

const { optimizer, scheduler, loss, early_stopping, epochs, metrics } = TrainerSettings.configSchema;

/** What both faces may say of training. */
class Training extends configurable({
  training: schema(
    component(class Settings extends configurable({ optimizer, scheduler, loss, early_stopping, epochs, metrics }) {}),
  ),
}) {}

/** The words without the place, which is written otherwise: `optimizer.type` is `optimizer` in an `.ini` file. */
function wordsOf(problem: Problem): string {
  const path = problem.path.filter((step) => step !== "type" && step !== "training");
  return describeProblem({ ...problem, path: path.map((step) => (step === "loss_function" ? "loss" : step)) });
}

async function words(read: () => Promise<unknown> | unknown): Promise<readonly string[]> {
  try {
    await read();
    return [];
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    return error.problems.map(wordsOf).sort();
  }
}

async function ofIni(lines: string): Promise<readonly string[]> {
  const given = lines.includes("epochs") ? CONFIG.replace("epochs = 400\n", "") : CONFIG;
  const file = await folder.write(given.replace("lr = 1e-2", () => `lr = 1e-2\n${lines}`));
  return words(() => readExperiment(file));
}

async function ofYaml(lines: string): Promise<readonly string[]> {
  const given = lines.includes("epochs") ? lines : `epochs: 400\n${lines}`;
  const file = join(yamlFolder, "training.yaml");
  await writeFile(file, `training:\n  ${given.replaceAll("\n", "\n  ")}\n`);
  return words(() => Training.fromConfig(file));
}

/** The same as an object. */
async function ofApi(lines: string): Promise<readonly string[]> {
  const given = lines.includes("epochs") ? lines : `epochs: 400\n${lines}`;
  const file = join(yamlFolder, "object.yaml");
  await writeFile(file, `training:\n  ${given.replaceAll("\n", "\n  ")}\n`);
  return words(() => Training.fromConfig(readYaml(file).value));
}

/** Options of each kind. */
const kinds = {
  width: schema(within(int, { minimum: 1, exclusiveMaximum: 100 }), { default: 2 }),
  rate: schema(float, { default: 0.1 }),
  exact: schema(boolean, { default: false }),
  loss_kind: schema(literal("bce", "dice"), { default: "bce" }),
  size: schema(union(within(int, { exclusiveMinimum: 0 }), literal("auto")), { default: "auto" }),
  layers: schema(list(within(int, { minimum: 1 })), { optional: true }),
  file: schema(path, { optional: true }),
  label: schema(string, { optional: true, aliases: ["l"] }),
};

function* kindsObjections({ width, exact }: { readonly width: number; readonly exact: boolean }) {
  if (exact && width > 50) yield { option: "width", message: "is at most 50 where it is exact" };
}

class Kinds extends configurable(kinds, BaseLoss) {
  override preconditions() {
    return kindsObjections(this);
  }
  override forward(): never {
    throw new Error("it is only read");
  }
}
register(Kinds);

const takeKinds = command({
  name: "kinds",
  summary: "Take options of each kind.",
  arguments: {},
  options: kinds,
  examples: [],
  preconditions: kindsObjections,
  run: async () => 0,
});

type Options = Readonly<Record<string, string>>;

async function ofCommandLine(options: Options): Promise<readonly string[]> {
  const { code, err } = await runForTest(
    takeKinds,
    Object.entries(options).map(([name, text]) => `${name.length === 1 ? "-" : "--"}${name}=${text}`),
  );
  const problems = err.split("\n").filter((line) => line.includes("mosaic_kinds: "));
  expect(code).toBe(problems.length === 0 ? 0 : 2);
  return problems.map((line) => line.replace(/^ *mosaic_kinds: --/, "loss.").replace('mean "--', 'mean "')).sort();
}

const iniOf = (options: Options) =>
  ["loss_function = Kinds", ...Object.entries(options).map(([name, text]) => `loss_function.${name} = ${text}`)].join(
    "\n",
  );
const yamlOf = (options: Options) =>
  ["loss:", "  type: Kinds", ...Object.entries(options).map(([name, text]) => `  ${name}: ${text}`)].join("\n");

/** As text, which YAML reads by its own rules. */
const wrongKinds: readonly (readonly [what: string, options: Options, words: readonly string[]])[] = [
  ["a name with a letter missing", { widt: "3" }, ['loss.widt: unknown option; did you mean "width"?']],
  ["a fraction", { width: "2.5" }, ["loss.width: expected an integer of at least 1 and below 100, got 2.5"]],
  ["too little", { width: "0" }, ["loss.width: expected an integer of at least 1 and below 100, got 0"]],
  ["too much", { width: "100" }, ["loss.width: expected an integer of at least 1 and below 100, got 100"]],
  ["underscores", { width: "1_0" }, ["loss.width: expected an integer of at least 1 and below 100, got 1_0"]],
  ["hexadecimal", { rate: "'0x1'" }, ["loss.rate: expected a number, got 0x1"]],
  ["a text", { rate: "fast" }, ["loss.rate: expected a number, got fast"]],
  ["yes for true", { exact: "yes" }, ["loss.exact: expected true or false, got yes"]],
  ["1 for true", { exact: "1" }, ["loss.exact: expected true or false, got 1"]],
  ["a choice that is none", { loss_kind: "mse" }, ['loss.loss_kind: expected one of "bce", "dice", got mse']],
  ["one of several types", { size: "-4" }, ['loss.size: expected an integer above 0 or "auto", got -4']],
  ["none of several types", { size: "automatic" }, ['loss.size: expected an integer above 0 or "auto", got automatic']],
  ["what does not go together", { exact: "true", width: "60" }, ["loss.width: is at most 50 where it is exact"]],
  [
    "all at once",
    { width: "x", exact: "no", sise: "3" },
    [
      "loss.exact: expected true or false, got no",
      'loss.sise: unknown option; did you mean "size"?',
      "loss.width: expected an integer of at least 1 and below 100, got x",
    ],
  ],
];

const right: readonly (readonly [ini: string, yaml: string])[] = [
  ["optimizer = SGD(momentum=0.9, nesterov=True)", "optimizer: { type: SGD, momentum: 0.9, nesterov: true }"],
  ["optimizer = adamw\noptimizer.betas = 0.8, 0.9", "optimizer: { type: adamw, betas: [0.8, 0.9] }"],
  ["loss_function = BCEWithLogitsLoss(pos_weight=3)", "loss: { type: BCEWithLogitsLoss, pos_weight: 3 }"],
  ["scheduler = StepLR(step_size=4, every=step)", "scheduler: { type: StepLR, step_size: 4, every: step }"],
  [
    "scheduler = SequentialLR\nscheduler.schedulers = LinearLR(total_iters=5), ExponentialLR(gamma=0.9)\nscheduler.milestones = 5",
    "scheduler:\n  type: SequentialLR\n  schedulers: [{ type: LinearLR, total_iters: 5 }, { type: ExponentialLR, gamma: 0.9 }]\n  milestones: [5]",
  ],
  ["early_stopping = True\nearly_stopping.patience = 3", "early_stopping: { patience: 3 }"],
  [
    "metrics = accuracy, f1(average=macro, label=mean_f1)\nearly_stopping = True\nearly_stopping.monitor = mean_f1",
    "metrics: [{ type: accuracy }, { type: f1, average: macro, label: mean_f1 }]\nearly_stopping: { monitor: mean_f1 }",
  ],
];

const wrong: readonly (readonly [what: string, ini: string, yaml: string, words: string])[] = [
  [
    "a metric that nobody has registered",
    "metrics = accuracy, f2",
    "metrics: [{ type: accuracy }, { type: f2 }]",
    'metrics[1]: expected one of "accuracy"',
  ],
  [
    "an option that a metric does not have",
    "metrics = f1(averag=macro)",
    "metrics: [{ type: f1, averag: macro }]",
    'metrics[0].averag: unknown option; did you mean "average"?',
  ],
  [
    "Nesterov's momentum without momentum",
    "optimizer = SGD\noptimizer.nesterov = True",
    "optimizer: { type: SGD, nesterov: true }",
    "optimizer.nesterov: needs a momentum above 0 and no dampening",
  ],
  [
    "one beta",
    "optimizer.betas = 0.9",
    "optimizer: { type: Adam, betas: [0.9] }",
    "optimizer.betas: takes two numbers, as in [0.9, 0.999]",
  ],
  [
    "a beta too large",
    "optimizer.betas = 0.9, 1",
    "optimizer: { type: Adam, betas: [0.9, 1] }",
    "optimizer.betas[1]: expected a number of at least 0 and below 1",
  ],
  ["a misspelt optimizer", "optimizer = adma", "optimizer: { type: adma }", 'did you mean "adam"?'],
  ["an unknown optimizer", "optimizer = elephant", "optimizer: { type: elephant }", "optimizer: expected one of"],
  [
    "an option of another optimizer",
    "optimizer.momentum = 1",
    "optimizer: { type: Adam, momentum: 1 }",
    "unknown option (sgd, rmsprop have it)",
  ],
  [
    "a misspelt option",
    "optimizer.weight_decy = 1",
    "optimizer: { type: Adam, weight_decy: 1 }",
    'did you mean "weight_decay"?',
  ],
  [
    "a bound",
    "optimizer.weight_decay = -1",
    "optimizer: { type: Adam, weight_decay: -1 }",
    "expected a number of at least 0",
  ],
  ["a misspelt loss", "loss_function = MSELos", "loss: { type: MSELos }", 'did you mean "MSELoss"?'],
  [
    "a loss's option",
    "loss_function = HuberLoss(delta=0)",
    "loss: { type: HuberLoss, delta: 0 }",
    "loss.delta: expected a number above 0",
  ],
  [
    "a choice",
    "loss_function = KLDivLoss\nloss_function.reduction = means",
    "loss: { type: KLDivLoss, reduction: means }",
    'did you mean "mean"?',
  ],
  [
    "what a scheduler needs",
    "scheduler = StepLR",
    "scheduler: { type: StepLR }",
    "scheduler.step_size: missing, expected an integer of at least 1",
  ],
  [
    "a fraction",
    "scheduler = StepLR\nscheduler.step_size = 0.5",
    "scheduler: { type: StepLR, step_size: 0.5 }",
    "expected an integer of at least 1",
  ],
  [
    "schedulers and milestones that do not fit",
    "scheduler = SequentialLR(schedulers=[LinearLR], milestones=[3])",
    "scheduler: { type: SequentialLR, schedulers: [{ type: LinearLR }], milestones: [3] }",
    "scheduler.schedulers: ",
  ],
  [
    "a scheduler inside of another",
    "scheduler = ChainedScheduler\nscheduler.schedulers = LinearLR, StepLR(gamma=0)",
    "scheduler: { type: ChainedScheduler, schedulers: [{ type: LinearLR }, { type: StepLR, gamma: 0 }] }",
    "scheduler.schedulers[1].gamma: expected a number above 0",
  ],
  [
    "patience",
    "early_stopping = True\nearly_stopping.patience = -1",
    "early_stopping: { patience: -1 }",
    "early_stopping.patience: expected an integer of at least 0",
  ],
  [
    "an option that is none",
    "early_stopping = True\nearly_stopping.patient = 1",
    "early_stopping: { patient: 1 }",
    'did you mean "patience"?',
  ],
  ["no epochs", "epochs = 0", "epochs: 0", "epochs: expected an integer of at least 1"],
];

/** A value in quotes was a text; what it is expected to be is the same. */
function bare(each: readonly string[]): readonly string[] {
  return each.map((text) => text.replace(/got "([^"]*)"/, "got $1").replace(/got '(.*)'/, "got $1"));
}

describe("a command line, an .ini file, a training file and the API", () => {
  test.each([
    { width: "1e1", rate: "-inf", exact: "True", loss_kind: "dice", size: "4", file: "a b.yaml", label: "7a" },
    { layers: "[1, 2]", l: "x", size: "Auto", rate: "1e-3", loss_kind: "BCE" },
  ])("take alike: %j", async (options) => {
    const yaml = yamlOf(options).replace("-inf", "-.inf");
    const { layers: _, ...words } = options;
    expect([
      await ofIni(iniOf(options)),
      await ofYaml(yaml),
      await ofApi(yaml),
      // Several are several words there.
      await ofCommandLine(words),
    ]).toEqual([[], [], [], []]);
  });

  test.each(wrongKinds)("refuse alike: %s", async (_what, options, expected) => {
    const unquoted = Object.fromEntries(
      Object.entries(options).map(([name, text]) => [name, text.replaceAll("'", "")]),
    );
    const yaml = yamlOf(options);
    expect(bare(await ofIni(iniOf(unquoted)))).toEqual(expected);
    expect(bare(await ofYaml(yaml))).toEqual(expected);
    expect(bare(await ofApi(yaml))).toEqual(expected);
    expect(bare(await ofCommandLine(unquoted))).toEqual(expected);
  });
});

describe("an .ini file, a training file and the API", () => {
  test.each(right)("take alike: %s", async (ini, yaml) => {
    expect([await ofIni(ini), await ofYaml(yaml), await ofApi(yaml)]).toEqual([[], [], []]);
  });

  test.each(wrong)("refuse alike: %s", async (_what, ini, yaml, expected) => {
    const ours = bare(await ofIni(ini));
    expect(ours.join("\n")).toContain(expected);
    expect(ours).toEqual(bare(await ofYaml(yaml)));
    expect(ours).toEqual(bare(await ofApi(yaml)));
  });
});
