/** What an `.ini` file refuses, a training file refuses in the same words, and the other way round. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  ConfigurationError,
  component,
  configurable,
  describeProblem,
  type Problem,
  schema,
} from "@ml-mosaic/configurable";
import { TrainerSettings } from "@ml-mosaic/training";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { CONFIG, openFolder } from "../../test/test-config.ts";
import { readExperiment } from "./experiment.ts";

let folder: Awaited<ReturnType<typeof openFolder>>;
let yamlFolder: string;
beforeAll(async () => {
  folder = await openFolder();
  yamlFolder = await mkdtemp(join(tmpdir(), "two-faces-"));
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

describe("an .ini file and a training file", () => {
  test.each(right)("take alike: %s", async (ini, yaml) => {
    expect([await ofIni(ini), await ofYaml(yaml)]).toEqual([[], []]);
  });

  test.each(wrong)("refuse alike: %s", async (_what, ini, yaml, expected) => {
    // A value in quotes was a text; what it is expected to be is the same.
    const bare = (each: readonly string[]) =>
      each.map((text) => text.replace(/got "([^"]*)"/, "got $1").replace(/got '(.*)'/, "got $1"));
    const ours = bare(await ofIni(ini));
    expect(ours.join("\n")).toContain(expected);
    expect(ours).toEqual(bare(await ofYaml(yaml)));
  });
});
