/** The losses, optimizers and schedulers that a configuration file can name, with PyTorch's names for their options. */
import { nn, optim, schedulers } from "@ml-mosaic/tensor";
import type { Component, Components, OptionSpec, SettingValue, Vocabulary } from "../config/index.ts";
import { MosaicError } from "../errors.ts";

/** A component's options as written in the file, with accessors that know their types. */
class Options {
  readonly #values: Readonly<Record<string, SettingValue>>;
  constructor(values: Readonly<Record<string, SettingValue>>) {
    this.#values = values;
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
    if (typeof value !== "number") throw new MosaicError("bad-option", `${written} is missing`);
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

const share = (name: string): OptionSpec => ({ name, type: "float", minimum: 0, maximum: 1 });
const notNegative = (name: string): OptionSpec => ({ name, type: "float", minimum: 0 });
const positive = (name: string): OptionSpec => ({ name, type: "float", exclusiveMinimum: 0 });
const count = (name: string, required = false): OptionSpec => ({ name, type: "int", minimum: 1, required });
const flag = (name: string): OptionSpec => ({ name, type: "boolean" });
const betas: OptionSpec = { name: "betas", type: "floats", minimum: 0, exclusiveMaximum: 1 };

// A mean is what `train_loss` and `test_loss` are defined as, so the reduction is no option here.
const losses: Readonly<Record<string, Entry<nn.Loss>>> = {
  MSELoss: { options: [], build: () => new nn.MSELoss() },
  L1Loss: { options: [], build: () => new nn.L1Loss() },
  SmoothL1Loss: {
    options: [notNegative("beta")],
    build: (options) => new nn.SmoothL1Loss(options.number("beta", "beta")),
  },
  HuberLoss: { options: [positive("delta")], build: (options) => new nn.HuberLoss(options.number("delta", "delta")) },
  BCELoss: { options: [], build: () => new nn.BCELoss() },
  BCEWithLogitsLoss: { options: [], build: () => new nn.BCEWithLogitsLoss() },
  CrossEntropyLoss: {
    options: [share("label_smoothing"), { name: "ignore_index", type: "int" }],
    build: (options) =>
      new nn.CrossEntropyLoss({
        ...options.number("label_smoothing", "labelSmoothing"),
        ...options.number("ignore_index", "ignoreIndex"),
      }),
  },
  NLLLoss: {
    options: [{ name: "ignore_index", type: "int" }],
    build: (options) => new nn.NLLLoss(options.number("ignore_index", "ignoreIndex")),
  },
  KLDivLoss: {
    options: [flag("log_target"), { name: "reduction", type: "string", choices: ["mean", "batchmean"] }],
    build: (options) =>
      new nn.KLDivLoss({
        ...options.boolean("log_target", "logTarget"),
        reduction: options.text("reduction") === "batchmean" ? "batchmean" : "mean",
      }),
  },
};

type OptimizerBuilder = (lr: number) => optim.Optimizer;

function adamEntry(build: (options: optim.AdamOptions) => optim.Optimizer): Entry<OptimizerBuilder> {
  return {
    options: [betas, notNegative("eps"), notNegative("weight_decay"), flag("amsgrad")],
    build: (options) => (lr) => {
      const [beta1 = 0.9, beta2 = 0.999, ...others] = options.numbers("betas", "betas").betas ?? [];
      if (others.length > 0) throw new MosaicError("bad-option", "optimizer.betas takes two numbers, as in 0.9, 0.999");
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
  Adam: adamEntry(optim.Adam),
  AdamW: adamEntry(optim.AdamW),
  SGD: {
    options: [notNegative("momentum"), notNegative("dampening"), notNegative("weight_decay"), flag("nesterov")],
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
      notNegative("alpha"),
      notNegative("eps"),
      notNegative("weight_decay"),
      notNegative("momentum"),
      flag("centered"),
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
      notNegative("lr_decay"),
      notNegative("weight_decay"),
      notNegative("initial_accumulator_value"),
      notNegative("eps"),
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
    options: [count("step_size", true), positive("gamma")],
    build: (options) =>
      schedulers.StepLR({ stepSize: options.required("step_size"), ...options.number("gamma", "gamma") }),
  },
  MultiStepLR: {
    options: [{ name: "milestones", type: "ints", minimum: 1, required: true }, positive("gamma")],
    build: (options) =>
      schedulers.MultiStepLR({
        milestones: options.numbers("milestones", "milestones").milestones ?? [],
        ...options.number("gamma", "gamma"),
      }),
  },
  ExponentialLR: {
    options: [{ ...positive("gamma"), required: true }],
    build: (options) => schedulers.ExponentialLR({ gamma: options.required("gamma") }),
  },
  LinearLR: {
    options: [
      { name: "start_factor", type: "float", exclusiveMinimum: 0, maximum: 1 },
      share("end_factor"),
      count("total_iters"),
    ],
    build: (options) =>
      schedulers.LinearLR({
        ...options.number("start_factor", "startFactor"),
        ...options.number("end_factor", "endFactor"),
        ...options.number("total_iters", "totalIters"),
      }),
  },
  CosineAnnealingLR: {
    options: [count("T_max", true), notNegative("eta_min")],
    build: (options) =>
      schedulers.CosineAnnealingLR({ tMax: options.required("T_max"), ...options.number("eta_min", "etaMin") }),
  },
  CosineAnnealingWarmRestarts: {
    options: [count("T_0", true), count("T_mult"), notNegative("eta_min")],
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
      { ...positive("max_lr"), required: true },
      count("total_steps", true),
      share("pct_start"),
      { name: "anneal_strategy", type: "string", choices: ["cos", "linear"] },
      positive("div_factor"),
      positive("final_div_factor"),
      flag("three_phase"),
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
      { name: "factor", type: "float", exclusiveMinimum: 0, exclusiveMaximum: 1 },
      { name: "patience", type: "int", minimum: 0 },
      notNegative("threshold"),
      { name: "cooldown", type: "int", minimum: 0 },
      notNegative("min_lr"),
      notNegative("eps"),
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
  earlyStopping: [{ name: "patience", type: "int", minimum: 0 }, notNegative("min_delta")],
};

function build<T>(what: string, entries: Readonly<Record<string, Entry<T>>>, { name, options }: Component): T {
  const entry = entries[name];
  if (entry === undefined)
    throw new MosaicError("unknown-name", `${what} "${name}" is not known; known: ${Object.keys(entries).join(", ")}`);
  return entry.build(new Options(options));
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
