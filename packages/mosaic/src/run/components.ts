/** The losses, optimizers and schedulers that a configuration file can name, with PyTorch's names for their options. */
import { nn, optim, schedulers } from "@ml-mosaic/tensor";
import type { Component, Components, OptionSpec, SettingValue, Vocabulary } from "../config/index.ts";
import { MosaicError } from "../errors.ts";

/** A component's options as written in the file, with accessors that know their types. */
class Options {
  readonly #values: Readonly<Record<string, SettingValue | undefined>>;
  constructor(specs: readonly OptionSpec[], values: Readonly<Record<string, SettingValue>>) {
    const defaults = specs.map(({ name, default: value }) => [name, value] as const);
    this.#values = { ...Object.fromEntries(defaults), ...values };
  }
  number<Name extends string>(written: string, name: Name): Partial<Record<Name, number>> {
    return this.#pick(written, name, (value) => typeof value === "number");
  }
  boolean<Name extends string>(written: string, name: Name): Partial<Record<Name, boolean>> {
    return this.#pick(written, name, (value) => typeof value === "boolean");
  }
  numbers<Name extends string>(written: string, name: Name): Partial<Record<Name, readonly number[]>> {
    return this.#pick(written, name, (value): value is readonly number[] => Array.isArray(value));
  }
  text(written: string): string | undefined {
    const value = this.#values[written];
    return typeof value === "string" ? value : undefined;
  }
  required(written: string): number {
    const value = this.#values[written];
    if (typeof value !== "number") throw new MosaicError("BAD_OPTION", `${written} is missing`);
    return value;
  }
  #pick<Name extends string, T extends SettingValue>(
    written: string,
    name: Name,
    holds: (value: SettingValue) => value is T,
  ): Partial<Record<Name, T>> {
    const value = this.#values[written];
    const picked: Partial<Record<Name, T>> = {};
    if (value !== undefined && holds(value)) picked[name] = value;
    return picked;
  }
}

interface Entry<T> {
  readonly options: readonly OptionSpec[];
  readonly build: (options: Options) => T;
}

type Describe = (name: string, value: number | undefined, help: string) => OptionSpec;

const share: Describe = (name, value, help) => ({ ...number(name, value, help), minimum: 0, maximum: 1 });
const notNegative: Describe = (name, value, help) => ({ ...number(name, value, help), minimum: 0 });
const positive: Describe = (name, value, help) => ({ ...number(name, value, help), exclusiveMinimum: 0 });
const count: Describe = (name, value, help) => ({ ...number(name, value, help), type: "int", minimum: 1 });
const flag = (name: string, help: string): OptionSpec => ({ name, type: "boolean", default: false, help });

/** Without a value it is required. */
function number(name: string, value: number | undefined, help: string): OptionSpec {
  return { name, type: "float", help, ...(value === undefined ? { required: true } : { default: value }) };
}

const eps = notNegative("eps", 1e-8, "added to the denominator, against division by zero");
const weightDecay = notNegative("weight_decay", 0, "weight of the parameters themselves, added to the gradient");
const momentum = notNegative("momentum", 0, "share of the last step that the next one goes on with");
const etaMin = notNegative("eta_min", 0, "lowest learning rate");
const gamma = positive("gamma", 0.1, "factor of the learning rate");
const ignoreIndex: OptionSpec = {
  name: "ignore_index",
  type: "int",
  default: -100,
  help: "class that does not count",
};

// A mean is what `train_loss` and `test_loss` are defined as, so the reduction is no option here.
const losses: Readonly<Record<string, Entry<nn.Loss>>> = {
  MSELoss: { options: [], build: () => new nn.MSELoss() },
  L1Loss: { options: [], build: () => new nn.L1Loss() },
  SmoothL1Loss: {
    options: [notNegative("beta", 1, "error at which the square gives way to the absolute value")],
    build: (options) => new nn.SmoothL1Loss(options.number("beta", "beta")),
  },
  HuberLoss: {
    options: [positive("delta", 1, "error at which the square gives way to the absolute value")],
    build: (options) => new nn.HuberLoss(options.number("delta", "delta")),
  },
  BCELoss: { options: [], build: () => new nn.BCELoss() },
  BCEWithLogitsLoss: { options: [], build: () => new nn.BCEWithLogitsLoss() },
  CrossEntropyLoss: {
    options: [share("label_smoothing", 0, "share of each target that goes to all classes alike"), ignoreIndex],
    build: (options) =>
      new nn.CrossEntropyLoss({
        ...options.number("label_smoothing", "labelSmoothing"),
        ...options.number("ignore_index", "ignoreIndex"),
      }),
  },
  NLLLoss: {
    options: [ignoreIndex],
    build: (options) => new nn.NLLLoss(options.number("ignore_index", "ignoreIndex")),
  },
  KLDivLoss: {
    options: [
      flag("log_target", "the target is given as logarithms"),
      {
        name: "reduction",
        type: "string",
        choices: ["mean", "batchmean"],
        default: "mean",
        help: "mean over all elements, or sum divided by the samples",
      },
    ],
    build: (options) =>
      new nn.KLDivLoss({
        ...options.boolean("log_target", "logTarget"),
        reduction: options.text("reduction") === "batchmean" ? "batchmean" : "mean",
      }),
  },
};

type OptimizerBuilder = (lr: number) => optim.Optimizer;

function adamEntry(build: (options: optim.AdamOptions) => optim.Optimizer, decay: OptionSpec): Entry<OptimizerBuilder> {
  const betas: OptionSpec = {
    name: "betas",
    type: "floats",
    minimum: 0,
    exclusiveMaximum: 1,
    default: [0.9, 0.999],
    help: "decay of the running means of the gradient and of its square",
  };
  return {
    options: [betas, eps, decay, flag("amsgrad", "divide by the largest of the past means of squares")],
    build: (options) => (lr) => {
      const [beta1 = 0.9, beta2 = 0.999, ...others] = options.numbers("betas", "betas").betas ?? [];
      if (others.length > 0) throw new MosaicError("BAD_OPTION", "optimizer.betas takes two numbers, as in 0.9, 0.999");
      return build({
        lr,
        betas: [beta1, beta2],
        ...options.number("eps", "eps"),
        ...options.number("weight_decay", "weightDecay"),
        ...options.boolean("amsgrad", "amsgrad"),
      });
    },
  };
}

const optimizers: Readonly<Record<string, Entry<OptimizerBuilder>>> = {
  Adam: adamEntry(optim.Adam, weightDecay),
  AdamW: adamEntry(
    optim.AdamW,
    notNegative("weight_decay", 1e-2, "share of the learning rate by which parameters shrink in a step"),
  ),
  SGD: {
    options: [
      momentum,
      notNegative("dampening", 0, "share of the gradient that momentum leaves out"),
      weightDecay,
      flag("nesterov", "take the gradient ahead of the momentum"),
    ],
    build: (options) => (lr) =>
      optim.SGD({
        lr,
        ...options.number("momentum", "momentum"),
        ...options.number("dampening", "dampening"),
        ...options.number("weight_decay", "weightDecay"),
        ...options.boolean("nesterov", "nesterov"),
      }),
  },
  RMSprop: {
    options: [
      notNegative("alpha", 0.99, "decay of the running mean of the gradient's square"),
      eps,
      weightDecay,
      momentum,
      flag("centered", "divide by the gradient's standard deviation"),
    ],
    build: (options) => (lr) =>
      optim.RMSprop({
        lr,
        ...options.number("alpha", "alpha"),
        ...options.number("eps", "eps"),
        ...options.number("weight_decay", "weightDecay"),
        ...options.number("momentum", "momentum"),
        ...options.boolean("centered", "centered"),
      }),
  },
  Adagrad: {
    options: [
      notNegative("lr_decay", 0, "how fast the learning rate falls with the steps"),
      weightDecay,
      notNegative("initial_accumulator_value", 0, "what the sums of squares start from"),
      { ...eps, default: 1e-10 },
    ],
    build: (options) => (lr) =>
      optim.Adagrad({
        lr,
        ...options.number("lr_decay", "lrDecay"),
        ...options.number("weight_decay", "weightDecay"),
        ...options.number("initial_accumulator_value", "initialAccumulatorValue"),
        ...options.number("eps", "eps"),
      }),
  },
};

const scheduleRules: Readonly<Record<string, Entry<schedulers.Scheduler>>> = {
  StepLR: {
    options: [count("step_size", undefined, "epochs between two steps"), gamma],
    build: (options) =>
      schedulers.StepLR({ stepSize: options.required("step_size"), ...options.number("gamma", "gamma") }),
  },
  MultiStepLR: {
    options: [
      { name: "milestones", type: "ints", minimum: 1, required: true, help: "epochs at which it steps" },
      gamma,
    ],
    build: (options) =>
      schedulers.MultiStepLR({
        milestones: options.numbers("milestones", "milestones").milestones ?? [],
        ...options.number("gamma", "gamma"),
      }),
  },
  ExponentialLR: {
    options: [positive("gamma", undefined, "factor of the learning rate after each epoch")],
    build: (options) => schedulers.ExponentialLR({ gamma: options.required("gamma") }),
  },
  LinearLR: {
    options: [
      { ...positive("start_factor", 1 / 3, "factor of the learning rate at the start"), maximum: 1 },
      share("end_factor", 1, "factor at the end"),
      count("total_iters", 5, "epochs from the one to the other"),
    ],
    build: (options) =>
      schedulers.LinearLR({
        ...options.number("start_factor", "startFactor"),
        ...options.number("end_factor", "endFactor"),
        ...options.number("total_iters", "totalIters"),
      }),
  },
  CosineAnnealingLR: {
    options: [count("T_max", undefined, "epochs from the highest to the lowest rate"), etaMin],
    build: (options) =>
      schedulers.CosineAnnealingLR({ tMax: options.required("T_max"), ...options.number("eta_min", "etaMin") }),
  },
  CosineAnnealingWarmRestarts: {
    options: [
      count("T_0", undefined, "epochs to the first restart"),
      count("T_mult", 1, "factor of the epochs after each restart"),
      etaMin,
    ],
    build: (options) =>
      schedulers.CosineAnnealingWarmRestarts({
        t0: options.required("T_0"),
        ...options.number("T_mult", "tMult"),
        ...options.number("eta_min", "etaMin"),
      }),
  },
  // The length is written out, as T_max is: taken from `epochs` it would change what a run that is trained further was.
  OneCycleLR: {
    options: [
      positive("max_lr", undefined, "highest learning rate"),
      count("total_steps", undefined, "steps of the whole cycle"),
      share("pct_start", 0.3, "share of the steps in which the rate rises"),
      {
        name: "anneal_strategy",
        type: "string",
        choices: ["cos", "linear"],
        default: "cos",
        help: "shape of the rise and fall",
      },
      positive("div_factor", 25, "highest rate divided by the first one"),
      positive("final_div_factor", 1e4, "first rate divided by the last one"),
      flag("three_phase", "fall back to the first rate before the last phase"),
    ],
    build: (options) =>
      schedulers.OneCycleLR({
        maxLr: options.required("max_lr"),
        totalSteps: options.required("total_steps"),
        ...options.number("pct_start", "pctStart"),
        annealStrategy: options.text("anneal_strategy") === "linear" ? "linear" : "cos",
        ...options.number("div_factor", "divFactor"),
        ...options.number("final_div_factor", "finalDivFactor"),
        ...options.boolean("three_phase", "threePhase"),
      }),
  },
  ReduceLROnPlateau: {
    options: [
      { ...positive("factor", 0.1, "factor of the learning rate"), exclusiveMaximum: 1 },
      { ...notNegative("patience", 10, "epochs without a better loss that are borne"), type: "int" },
      notNegative("threshold", 1e-4, "share by which a loss has to be better to count"),
      { ...notNegative("cooldown", 0, "epochs after a step in which nothing is counted"), type: "int" },
      notNegative("min_lr", 0, "lowest learning rate"),
      notNegative("eps", 1e-8, "smallest step that is made"),
    ],
    build: (options) =>
      schedulers.ReduceLROnPlateau({
        ...options.number("factor", "factor"),
        ...options.number("patience", "patience"),
        ...options.number("threshold", "threshold"),
        ...options.number("cooldown", "cooldown"),
        ...options.number("min_lr", "minLr"),
        ...options.number("eps", "eps"),
      }),
  },
};

function namesOf<T>(entries: Readonly<Record<string, Entry<T>>>): Components {
  return Object.fromEntries(Object.entries(entries).map(([name, { options }]) => [name, options]));
}

/** All that a configuration file may say of training. */
export const vocabulary: Vocabulary = {
  lossFunctions: namesOf(losses),
  optimizers: namesOf(optimizers),
  schedulers: namesOf(scheduleRules),
  earlyStopping: [
    { ...notNegative("patience", 10, "epochs without a lower test loss that are borne"), type: "int" },
    notNegative("min_delta", 0, "by how much a loss has to be lower to count"),
  ],
};

function build<T>(what: string, entries: Readonly<Record<string, Entry<T>>>, { name, options }: Component): T {
  const entry = entries[name];
  if (entry === undefined)
    throw new MosaicError("UNKNOWN_NAME", `${what} "${name}" is not known; known: ${Object.keys(entries).join(", ")}`);
  return entry.build(new Options(entry.options, options));
}

export function buildLoss(component: Component): nn.Loss {
  return build("loss_function", losses, component);
}

export function buildOptimizer(component: Component, lr: number): optim.Optimizer {
  return build("optimizer", optimizers, component)(lr);
}

export function buildScheduler(component: Component): schedulers.Scheduler {
  return build("scheduler", scheduleRules, component);
}
