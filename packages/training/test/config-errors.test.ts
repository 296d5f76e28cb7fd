import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { boolean, ConfigurationError, configurable, register, schema } from "@ml-mosaic/configurable";
import type { Tensor } from "@ml-mosaic/tensor";
import { temporaryFolder } from "@ml-mosaic/testing";
import { BaseLoss, Trainer } from "@ml-mosaic/training";
import { expect, test } from "vitest";
import { pointsConfig } from "./points/config.ts";

class MeanCube extends configurable({}, BaseLoss) {
  static override readonly aliases = ["mean_cube"];
  override forward(prediction: Tensor, target: Tensor): Tensor {
    return prediction.sub(target).abs().pow(3).mean();
  }
}
/** Of the name of a generic one. */
class OwnHuber extends configurable({ own: schema(boolean) }, BaseLoss) {
  static override readonly aliases = ["huber"];
  override forward(prediction: Tensor, target: Tensor): Tensor {
    return prediction.sub(target).abs().mean();
  }
}
register(MeanCube, OwnHuber);

const folder = temporaryFolder();

type Options = Readonly<Record<string, unknown>>;

async function messageOf(trainer: Options): Promise<string> {
  try {
    await Trainer.fromConfig(pointsConfig(folder, trainer));
  } catch (error) {
    if (error instanceof ConfigurationError) return error.message;
    throw error;
  }
  return "nothing is wrong";
}

test.each<[string, Options, string | RegExp]>([
  ["an unknown key", { epoch: 3 }, 'trainer.epoch: unknown option; did you mean "epochs"?'],
  ["a text for a number", { epochs: "many" }, 'trainer.epochs: expected an integer of at least 1, got "many"'],
  ["no epochs", { epochs: 0 }, "trainer.epochs: expected an integer of at least 1, got 0"],
  ["half an epoch", { epochs: 1.5 }, "trainer.epochs: expected an integer of at least 1, got 1.5"],
  ["a batch of nothing", { batch_size: -1 }, "trainer.batch_size: expected an integer of at least 1, got -1"],
  ["an interval of nothing", { save_interval: 0 }, "trainer.save_interval: expected an integer of at least 1, got 0"],
  ["no model", { model: undefined }, "trainer.model: missing, expected a map of options of BaseModel, with a type"],
  ["a model without type", { model: { width: 3 } }, /^trainer\.model\.type: missing, expected "?.*point_net/],
  [
    "an unknown model",
    { model: { type: "point_nett" } },
    /^trainer\.model\.type: expected .*"point_net".*, got "point_nett"; did you mean "point_net"\?$/,
  ],
  [
    "a wrong option of the model",
    { model: { type: "point_net", widht: 3 } },
    'trainer.model.widht: unknown option; did you mean "width"?',
  ],
  [
    "an unknown optimizer",
    { optimizer: { type: "adan" } },
    /^trainer\.optimizer\.type: expected one of .*"sgd".*"adan".*did you mean "adam"/,
  ],
  ["a rate of 0", { optimizer: { type: "adam", lr: 0 } }, "trainer.optimizer.lr: expected a number above 0, got 0"],
  [
    "one beta",
    { optimizer: { type: "adam", betas: [0.9] } },
    "trainer.optimizer.betas: takes two numbers, as in [0.9, 0.999]",
  ],
  [
    "a beta of 1",
    { optimizer: { type: "adamw", betas: [0.9, 1] } },
    "trainer.optimizer.betas[1]: expected a number of at least 0 and below 1, got 1",
  ],
  [
    "nesterov without momentum",
    { optimizer: { type: "sgd", nesterov: true } },
    "trainer.optimizer.nesterov: needs a momentum above 0 and no dampening",
  ],
  [
    "a scheduler without its length",
    { scheduler: { type: "cosine" } },
    "trainer.scheduler.T_max: missing, expected an integer of at least 1",
  ],
  [
    "milestones that do not fit",
    { scheduler: { type: "sequential", milestones: [2, 1], schedulers: [{ type: "linear" }, { type: "linear" }] } },
    "trainer.scheduler.schedulers: SequentialLR: 2 schedulers need 1 rising milestones above 0, got [2,1]",
  ],
  [
    "a part of a scheduler",
    { scheduler: { type: "chained", schedulers: [{ type: "step", step_size: 1 }, { type: "step" }] } },
    "trainer.scheduler.schedulers[1].step_size: missing, expected an integer of at least 1",
  ],
  [
    "a schedule by epochs beside one by steps",
    { scheduler: { type: "chained", schedulers: [{ type: "linear" }, { type: "linear", every: "step" }] } },
    /^trainer\.scheduler\.schedulers: ChainedScheduler: LinearLR goes by epochs, LinearLR goes by steps/,
  ],
  [
    "an unknown loss",
    { loss: { type: "bcee" } },
    /^trainer\.loss\.type: expected one of .*"bce_with_logits".*got "bcee"; did you mean "bce"\?$/,
  ],
  ["a loss without type", { loss: {} }, /^trainer\.loss\.type: missing, expected one of .*"mse"/],
  [
    "several threads in WebAssembly",
    { executor: "wasm", threads: 2 },
    "trainer.threads: threads is 2, but the executor wasm computes with one; leave threads out",
  ],
  [
    "WebAssembly on a GPU",
    { executor: "wasm", device: "webgpu" },
    "trainer.executor: the executor wasm computes on cpu, not on webgpu; take the executor onnx",
  ],
  [
    "patience below 0",
    { early_stopping: { patience: -1 } },
    "trainer.early_stopping.patience: expected an integer of at least 0, got -1",
  ],
  [
    "an unknown metric",
    { metrics: [{ type: "roc_auc" }, { type: "rocauc" }, { type: "auk" }] },
    /^trainer\.metrics\[2\]\.type: expected one of .*"roc_auc".*got "auk"$/,
  ],
  [
    "two metrics of one name",
    { metrics: [{ type: "f1" }, { type: "f1", threshold: 0 }] },
    "trainer.metrics[1]: there is a metric f1 already; give one of them a label",
  ],
  [
    "an unknown tracker",
    { trackers: [{ type: "tensorbord" }] },
    /^trainer\.trackers\[0\]\.type: expected one of .*did you mean "tensorboard"\?$/i,
  ],
  [
    "a device that there cannot be",
    { device: "gpu" },
    'trainer.device: expected a device: cpu, webgpu, cuda:0, cuda:1…, got "gpu"',
  ],
])("%s", async (_, trainer, message) => {
  expect(await messageOf(trainer)).toMatch(message);
});

test("all at once, with file, line and path; nothing is written", async () => {
  const path = join(folder, "wrong.yaml");
  await writeFile(
    path,
    `imports: [${join(import.meta.dirname, "points/points.ts")}]
data:
  type: points
  size: big
trainer:
  output_dir: ./out
  model: { type: point_net, width: 2.5 }
  optimizer: { type: adam, lr: -1, beta: [0, 0] }
  metrics:
    - type: roc_auc
    - type: nonsense
  epochs: 3
`,
  );
  const error: unknown = await Trainer.fromConfig(path).catch((reason: unknown) => reason);
  if (!(error instanceof ConfigurationError)) throw new Error("a ConfigurationError was expected");
  expect(error.code).toBe("CONFIGURATION_INVALID");
  expect(error.problems.map((problem) => [problem.path.join("."), problem.line])).toEqual([
    ["data.size", 4],
    ["trainer.model.width", 7],
    ["trainer.optimizer.lr", 8],
    ["trainer.optimizer.beta", 8],
    ["trainer.metrics.1.type", 11],
  ]);
  expect(error.message).toContain(`${path}:4:3`);
  expect(await readdir(folder)).toEqual(["wrong.yaml"]);
});

test("imports that cannot be loaded, beside the other mistakes, and not what follows from them", async () => {
  const config = { ...pointsConfig(folder, { epochs: -1 }), imports: ["./absent.ts", 5] };
  const error: unknown = await Trainer.fromConfig({ ...config, data: { type: "unknown_data" } }).catch(
    (reason) => reason,
  );
  if (!(error instanceof ConfigurationError)) throw new Error("a ConfigurationError was expected");
  expect(error.problems.map((problem) => problem.path.join("."))).toEqual(["imports.0", "imports.1", "trainer.epochs"]);
});

test("a file that is no YAML, or absent", async () => {
  const path = join(folder, "broken.yaml");
  await writeFile(path, "trainer: [1, 2");
  await expect(Trainer.fromConfig(path)).rejects.toThrow(/broken\.yaml:1/);
  await expect(Trainer.fromConfig(join(folder, "absent.yaml"))).rejects.toThrow("absent.yaml");
});

test("data and trainer that are missing", async () => {
  await expect(Trainer.fromConfig({})).rejects.toThrow(/data: missing.*\n.*trainer: missing/);
});

test("an unknown type lists all there are, generic ones and those of others", async () => {
  const named = /"(\w+)"/g;
  const listOf = async (trainer: Options) => Array.from((await messageOf(trainer)).matchAll(named), ([, name]) => name);
  expect((await listOf({ optimizer: { type: "x" } })).slice(0, -1).sort()).toEqual([
    "adadelta",
    "adagrad",
    "adam",
    "adamw",
    "nadam",
    "radam",
    "rmsprop",
    "sgd",
    "sparseadam",
  ]);
  const losses = await listOf({ loss: { type: "x" } });
  expect(losses).toContain("mse");
  expect(losses).toContain("mean_cube");
});

test("a class of one's own goes before a generic one of its name", async () => {
  expect(await messageOf({ loss: { type: "huber", delta: 2 } })).toContain("trainer.loss.own: missing");
  expect(await messageOf({ loss: { type: "huber", own: true } })).toBe("nothing is wrong");
  const { settings } = await Trainer.fromConfig(pointsConfig(folder, { loss: { type: "huber", own: true } }));
  expect(settings.loss).toBeInstanceOf(OwnHuber);
});
