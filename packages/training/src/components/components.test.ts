/** What a configuration names is what `@ml-mosaic/tensor` has under that name, with every option handed on. */
import { fromArray, Generator, metrics, nn, optim, randn, schedulers, type Tensor, tensor } from "@ml-mosaic/tensor";
import { describe, expect, test } from "vitest";
import { BaseOptimizer } from "./base-optimizer.ts";
import { BaseScheduler } from "./base-scheduler.ts";
import "./losses.ts";
import { GenericLoss } from "./losses.ts";
import "./metrics.ts";
import { GenericMetric } from "./metrics.ts";
import "./optimizers.ts";
import "./schedulers.ts";

type Options = Readonly<Record<string, unknown>>;

/** Two steps of an optimizer from the same place. */
async function steps(optimizer: optim.Optimizer): Promise<readonly number[]> {
  let parameter: Tensor = tensor([0.5, -2]);
  let slots = Object.fromEntries(
    Object.entries(optimizer.slots).map(([name, start]) => [
      name,
      start === "parameter" ? parameter : tensor([start, start]),
    ]),
  );
  for (const step of [0, 1]) {
    const scalars = Object.fromEntries(
      Object.entries(optimizer.scalars(step, optimizer.lr)).map(([name, value]) => [name, tensor(value)]),
    );
    const gradient = tensor([0.1 + step, 3]);
    const rows = { index: tensor([0, 1], { dtype: "int64" }), rows: gradient };
    const update = optimizer.update({ parameter, gradient, rows, slots, scalars });
    parameter = update.parameter;
    slots = { ...update.slots };
  }
  return Array.from(await parameter.data(), Number);
}

describe("optimizers", () => {
  test.each<[Options, optim.Optimizer]>([
    [{ type: "sgd" }, optim.SGD()],
    [{ type: "SGD", lr: 0.1 }, optim.SGD({ lr: 0.1 })],
    [{ type: "sgd", momentum: 0.9 }, optim.SGD({ momentum: 0.9 })],
    [{ type: "sgd", momentum: 0.9, dampening: 0.3 }, optim.SGD({ momentum: 0.9, dampening: 0.3 })],
    [{ type: "sgd", momentum: 0.9, nesterov: true }, optim.SGD({ momentum: 0.9, nesterov: true })],
    [{ type: "sgd", weight_decay: 0.5 }, optim.SGD({ weightDecay: 0.5 })],
    [{ type: "adam" }, optim.Adam()],
    [{ type: "adam", lr: 0.1 }, optim.Adam({ lr: 0.1 })],
    [{ type: "adam", betas: [0.5, 0.6] }, optim.Adam({ betas: [0.5, 0.6] })],
    [{ type: "adam", eps: 0.1 }, optim.Adam({ eps: 0.1 })],
    [{ type: "adam", weight_decay: 0.5 }, optim.Adam({ weightDecay: 0.5 })],
    [{ type: "adam", amsgrad: true, betas: [0.9, 0.1] }, optim.Adam({ amsgrad: true, betas: [0.9, 0.1] })],
    [{ type: "adamw" }, optim.AdamW()],
    [{ type: "adamw", weight_decay: 0.5 }, optim.AdamW({ weightDecay: 0.5 })],
    [{ type: "adamw", amsgrad: true, betas: [0.8, 0.1] }, optim.AdamW({ amsgrad: true, betas: [0.8, 0.1] })],
    [{ type: "rmsprop" }, optim.RMSprop()],
    [{ type: "rmsprop", lr: 0.1 }, optim.RMSprop({ lr: 0.1 })],
    [{ type: "rmsprop", alpha: 0.5 }, optim.RMSprop({ alpha: 0.5 })],
    [{ type: "rmsprop", eps: 0.1 }, optim.RMSprop({ eps: 0.1 })],
    [{ type: "rmsprop", weight_decay: 0.5 }, optim.RMSprop({ weightDecay: 0.5 })],
    [{ type: "rmsprop", momentum: 0.5 }, optim.RMSprop({ momentum: 0.5 })],
    [{ type: "rmsprop", centered: true }, optim.RMSprop({ centered: true })],
    [{ type: "adagrad" }, optim.Adagrad()],
    [{ type: "adagrad", lr: 0.1 }, optim.Adagrad({ lr: 0.1 })],
    [{ type: "adagrad", lr_decay: 0.5 }, optim.Adagrad({ lrDecay: 0.5 })],
    [{ type: "adagrad", weight_decay: 0.5 }, optim.Adagrad({ weightDecay: 0.5 })],
    [{ type: "adagrad", initial_accumulator_value: 2 }, optim.Adagrad({ initialAccumulatorValue: 2 })],
    [{ type: "adagrad", eps: 0.1 }, optim.Adagrad({ eps: 0.1 })],
    [{ type: "adadelta" }, optim.Adadelta()],
    [{ type: "adadelta", lr: 0.1 }, optim.Adadelta({ lr: 0.1 })],
    [{ type: "adadelta", rho: 0.5 }, optim.Adadelta({ rho: 0.5 })],
    [{ type: "adadelta", eps: 0.1 }, optim.Adadelta({ eps: 0.1 })],
    [{ type: "adadelta", weight_decay: 0.5 }, optim.Adadelta({ weightDecay: 0.5 })],
    [{ type: "sparseadam" }, optim.SparseAdam()],
    [
      { type: "sparseadam", lr: 0.1, betas: [0.5, 0.6], eps: 0.1 },
      optim.SparseAdam({ lr: 0.1, betas: [0.5, 0.6], eps: 0.1 }),
    ],
    [{ type: "nadam" }, optim.NAdam()],
    [{ type: "nadam", betas: [0.5, 0.6] }, optim.NAdam({ betas: [0.5, 0.6] })],
    [{ type: "nadam", weight_decay: 0.5, eps: 0.1 }, optim.NAdam({ weightDecay: 0.5, eps: 0.1 })],
    [{ type: "nadam", momentum_decay: 0.5 }, optim.NAdam({ momentumDecay: 0.5 })],
    [{ type: "radam" }, optim.RAdam()],
    [{ type: "radam", lr: 0.1, betas: [0.5, 0.9] }, optim.RAdam({ lr: 0.1, betas: [0.5, 0.9] })],
    [{ type: "radam", weight_decay: 0.5, eps: 0.1 }, optim.RAdam({ weightDecay: 0.5, eps: 0.1 })],
  ])("%j", async (config, expected) => {
    const built = BaseOptimizer.fromConfig(config).build();
    expect(built.name).toBe(expected.name);
    expect(await steps(built)).toEqual(await steps(expected));
  });

  test("each option makes a difference", async () => {
    const all = [
      { type: "sgd" },
      { type: "sgd", momentum: 0.9 },
      { type: "sgd", momentum: 0.9, dampening: 0.3 },
      { type: "sgd", momentum: 0.9, nesterov: true },
      { type: "adam" },
      { type: "adam", eps: 0.1 },
      { type: "adam", betas: [0.9, 0.1] },
      { type: "adam", betas: [0.9, 0.1], amsgrad: true },
      { type: "adamw" },
    ];
    const results = await Promise.all(all.map((config) => steps(BaseOptimizer.fromConfig(config).build())));
    // AMSGrad differs only where squares of gradients fall; they do for neither element here but the second's mean.
    expect(new Set(results.map((result) => result.join())).size).toBeGreaterThanOrEqual(all.length - 1);
  });
});

describe("schedulers", () => {
  const context = { epochs: 4, stepsPerEpoch: 3 };

  function rates({ start, lr, next }: schedulers.Scheduler): readonly number[] {
    let state = start;
    return [5, 4, 4.1, 4.2, 4.3, 4.4, 4.5].map((loss) => {
      const rate = lr(state, 0.5);
      state = next(state, loss);
      return rate;
    });
  }

  test.each<[Options, schedulers.Scheduler]>([
    [{ type: "step", step_size: 2 }, schedulers.StepLR({ stepSize: 2 })],
    [{ type: "StepLR", step_size: 2, gamma: 0.5 }, schedulers.StepLR({ stepSize: 2, gamma: 0.5 })],
    [{ type: "step_lr", step_size: 2, every: "step" }, schedulers.perStep(schedulers.StepLR({ stepSize: 2 }))],
    [{ type: "multi_step", milestones: [1, 4] }, schedulers.MultiStepLR({ milestones: [1, 4] })],
    [{ type: "multi_step", milestones: [1], gamma: 0.5 }, schedulers.MultiStepLR({ milestones: [1], gamma: 0.5 })],
    [{ type: "exponential", gamma: 0.7 }, schedulers.ExponentialLR({ gamma: 0.7 })],
    [{ type: "linear" }, schedulers.LinearLR()],
    [
      { type: "linear", start_factor: 0.1, end_factor: 0.8, total_iters: 3 },
      schedulers.LinearLR({ startFactor: 0.1, endFactor: 0.8, totalIters: 3 }),
    ],
    [{ type: "cosine", T_max: 5 }, schedulers.CosineAnnealingLR({ tMax: 5 })],
    [{ type: "cosine_annealing", T_max: 5, eta_min: 0.1 }, schedulers.CosineAnnealingLR({ tMax: 5, etaMin: 0.1 })],
    [{ type: "cosine_annealing_warm_restarts", T_0: 2 }, schedulers.CosineAnnealingWarmRestarts({ t0: 2 })],
    [
      { type: "cosine_annealing_warm_restarts", T_0: 2, T_mult: 2, eta_min: 0.1 },
      schedulers.CosineAnnealingWarmRestarts({ t0: 2, tMult: 2, etaMin: 0.1 }),
    ],
    [{ type: "one_cycle", max_lr: 1 }, schedulers.OneCycleLR({ maxLr: 1, totalSteps: 12 })],
    [{ type: "one_cycle", max_lr: 1, total_steps: 8 }, schedulers.OneCycleLR({ maxLr: 1, totalSteps: 8 })],
    [
      { type: "one_cycle", max_lr: 1, total_steps: 8, pct_start: 0.5, anneal_strategy: "linear" },
      schedulers.OneCycleLR({ maxLr: 1, totalSteps: 8, pctStart: 0.5, annealStrategy: "linear" }),
    ],
    [
      { type: "one_cycle", max_lr: 1, total_steps: 8, div_factor: 5, final_div_factor: 7, three_phase: true },
      schedulers.OneCycleLR({ maxLr: 1, totalSteps: 8, divFactor: 5, finalDivFactor: 7, threePhase: true }),
    ],
    [{ type: "plateau", patience: 0 }, schedulers.ReduceLROnPlateau({ patience: 0 })],
    [
      { type: "reduce_on_plateau", patience: 1, factor: 0.5, threshold: 0.3, cooldown: 1, min_lr: 0.2, eps: 1e-3 },
      schedulers.ReduceLROnPlateau({ patience: 1, factor: 0.5, threshold: 0.3, cooldown: 1, minLr: 0.2, eps: 1e-3 }),
    ],
    [
      { type: "sequential", milestones: [2], schedulers: [{ type: "linear" }, { type: "exponential", gamma: 0.5 }] },
      schedulers.SequentialLR([schedulers.LinearLR(), schedulers.ExponentialLR({ gamma: 0.5 })], { milestones: [2] }),
    ],
    [
      { type: "chained", schedulers: [{ type: "linear" }, { type: "exponential", gamma: 0.5 }] },
      schedulers.ChainedScheduler([schedulers.LinearLR(), schedulers.ExponentialLR({ gamma: 0.5 })]),
    ],
  ])("%j", (config, expected) => {
    const built = BaseScheduler.fromConfig(config).build(context);
    expect([built.name, built.every ?? "epoch"]).toEqual([expected.name, expected.every ?? "epoch"]);
    expect(rates(built)).toEqual(rates(expected));
    expect(new Set(rates(built)).size).toBeGreaterThan(1);
  });

  test("one_cycle needs its length where nobody knows it", () => {
    const scheduler = BaseScheduler.fromConfig({ type: "one_cycle", max_lr: 1 });
    expect(() => scheduler.build({ epochs: 2, stepsPerEpoch: undefined })).toThrow("one_cycle needs total_steps");
  });
});

describe("losses", () => {
  const generator = new Generator(1);
  const x = randn([6, 3], { generator });
  const shares = x.softmax(1);
  const classes = fromArray(BigInt64Array.of(0n, 2n, 1n, 1n, 0n, 2n), [6]);
  const sides = x.gt(0).float();

  test.each<[Options, nn.Loss, Tensor, Tensor]>([
    [{ type: "mse" }, new nn.MSELoss(), x, sides],
    [{ type: "l1" }, new nn.L1Loss(), x, sides],
    [{ type: "smooth_l1", beta: 0.3 }, new nn.SmoothL1Loss({ beta: 0.3 }), x, sides],
    [{ type: "huber", delta: 0.3 }, new nn.HuberLoss({ delta: 0.3 }), x, sides],
    [{ type: "BCELoss" }, new nn.BCELoss(), shares, sides],
    [{ type: "binary_cross_entropy" }, new nn.BCELoss(), shares, sides],
    [{ type: "bce" }, new nn.BCEWithLogitsLoss(), x, sides],
    [{ type: "bce_with_logits", pos_weight: 3 }, new nn.BCEWithLogitsLoss({ posWeight: tensor(3) }), x, sides],
    [{ type: "cross_entropy" }, new nn.CrossEntropyLoss(), x, classes],
    [
      { type: "cross_entropy", ignore_index: 1, label_smoothing: 0.2 },
      new nn.CrossEntropyLoss({ ignoreIndex: 1, labelSmoothing: 0.2 }),
      x,
      classes,
    ],
    [{ type: "nll", ignore_index: 2 }, new nn.NLLLoss({ ignoreIndex: 2 }), shares.log(), classes],
    [{ type: "kl_div" }, new nn.KLDivLoss(), shares.log(), sides],
    [
      { type: "kl_div", log_target: true, reduction: "batchmean" },
      new nn.KLDivLoss({ logTarget: true, reduction: "batchmean" }),
      shares.log(),
      x,
    ],
  ])("%j", async (config, expected, prediction, target) => {
    const found = await GenericLoss.fromConfig(config).forward(prediction, target).item();
    expect(found).toBe(await expected.forward(prediction, target).item());
  });
});

describe("metrics", () => {
  const generator = new Generator(2);
  const scores = randn([40, 3], { generator });
  const classes = randn([40, 3], { generator }).add(scores).argmax(1);
  const score = scores.slice(1, 0, 1);
  const sides = score
    .add(randn([40, 1], { generator }))
    .gt(0)
    .float();

  test.each<[Options, metrics.Metric, Tensor, Tensor]>([
    [{ type: "accuracy" }, metrics.accuracy(), score, sides],
    [{ type: "accuracy", threshold: 0 }, metrics.accuracy({ threshold: 0 }), score, sides],
    [{ type: "top_k_accuracy", k: 2 }, metrics.topKAccuracy({ k: 2 }), scores, classes],
    [{ type: "precision", threshold: 0 }, metrics.precision({ threshold: 0 }), score, sides],
    [{ type: "precision", average: "macro" }, metrics.precision({ average: "macro" }), scores, classes],
    [{ type: "recall", threshold: 0 }, metrics.recall({ threshold: 0 }), score, sides],
    [{ type: "recall", average: "none" }, metrics.recall({ average: "none" }), scores, classes],
    [{ type: "f1" }, metrics.f1(), score, sides],
    [{ type: "f1", average: "micro" }, metrics.f1({ average: "micro" }), scores, classes],
    [{ type: "confusion_matrix" }, metrics.confusionMatrix(), scores, classes],
    [{ type: "roc_auc" }, metrics.rocAuc(), score, sides],
    [{ type: "roc_auc", average: "none" }, metrics.rocAuc({ average: "none" }), scores, classes],
    [{ type: "average_precision" }, metrics.averagePrecision(), score, sides],
    [{ type: "average_precision", average: "none" }, metrics.averagePrecision({ average: "none" }), scores, classes],
    [{ type: "mae" }, metrics.meanAbsoluteError(), score, sides],
    [{ type: "r2" }, metrics.r2Score(), score, sides],
  ])("%j", async (config, expected, prediction, target) => {
    const built = GenericMetric.fromConfig(config).build();
    expect(built.name).toBe(expected.name);
    expect(await metrics.compute(built, prediction, target)).toEqual(
      await metrics.compute(expected, prediction, target),
    );
  });
});
