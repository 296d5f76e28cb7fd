/** PyTorch's learning rate schedulers, with its names and defaults. */
import {
  boolean,
  component,
  configurable,
  list,
  literal,
  type Objection,
  register,
  schema,
} from "@ml-mosaic/configurable";
import { schedulers, TensorError } from "@ml-mosaic/tensor";
import { TrainingError } from "../errors.ts";
import { BaseScheduler, type ScheduleContext } from "./base-scheduler.ts";
import { count, fraction, notNegative, positive, share, shrinking, whole } from "./number-types.ts";

const every = {
  every: schema(literal("epoch", "step"), { default: "epoch", help: "What is counted: epochs, or optimizer steps" }),
};

/** A schedule that counts epochs, or steps where `every` says so. */
abstract class CountingScheduler extends configurable(every, BaseScheduler) {
  protected abstract byEpochs(): schedulers.Scheduler;

  override build(): schedulers.Scheduler {
    return this.every === "step" ? schedulers.perStep(this.byEpochs()) : this.byEpochs();
  }
}

const gamma = schema(positive, { default: 0.1, help: "Factor of the learning rate" });
const etaMin = schema(notNegative, { default: 0, help: "Lowest learning rate" });

class StepLR extends configurable(
  { step_size: schema(count, { help: "From one step to the next" }), gamma },
  CountingScheduler,
) {
  static override readonly aliases = ["step", "step_lr"];

  protected override byEpochs(): schedulers.Scheduler {
    return schedulers.StepLR({ stepSize: this.step_size, gamma: this.gamma });
  }
}

const multiStepOptions = { milestones: schema(list(count), { help: "When it steps" }), gamma };

class MultiStepLR extends configurable(multiStepOptions, CountingScheduler) {
  static override readonly aliases = ["multi_step", "multi_step_lr"];

  protected override byEpochs(): schedulers.Scheduler {
    return schedulers.MultiStepLR({ milestones: this.milestones, gamma: this.gamma });
  }
}

class ExponentialLR extends configurable(
  { gamma: schema(positive, { help: "Factor of the learning rate each time" }) },
  CountingScheduler,
) {
  static override readonly aliases = ["exponential", "exponential_lr"];

  protected override byEpochs(): schedulers.Scheduler {
    return schedulers.ExponentialLR({ gamma: this.gamma });
  }
}

const linearOptions = {
  start_factor: schema(fraction, { default: 1 / 3, help: "Factor of the learning rate at the start" }),
  end_factor: schema(share, { default: 1, help: "Factor at the end" }),
  total_iters: schema(count, { default: 5, help: "How long it goes from the one to the other" }),
};

class LinearLR extends configurable(linearOptions, CountingScheduler) {
  static override readonly aliases = ["linear", "linear_lr"];

  protected override byEpochs(): schedulers.Scheduler {
    const { start_factor, end_factor, total_iters } = this;
    return schedulers.LinearLR({ startFactor: start_factor, endFactor: end_factor, totalIters: total_iters });
  }
}

const cosineOptions = { T_max: schema(count, { help: "From the highest to the lowest rate" }), eta_min: etaMin };

class CosineAnnealingLR extends configurable(cosineOptions, CountingScheduler) {
  static override readonly aliases = ["cosine_annealing", "cosine", "cosine_annealing_lr"];

  protected override byEpochs(): schedulers.Scheduler {
    return schedulers.CosineAnnealingLR({ tMax: this.T_max, etaMin: this.eta_min });
  }
}

const restartOptions = {
  T_0: schema(count, { help: "To the first restart" }),
  T_mult: schema(count, { default: 1, help: "Factor of that after each restart" }),
  eta_min: etaMin,
};

class CosineAnnealingWarmRestarts extends configurable(restartOptions, CountingScheduler) {
  static override readonly aliases = ["cosine_annealing_warm_restarts"];

  protected override byEpochs(): schedulers.Scheduler {
    return schedulers.CosineAnnealingWarmRestarts({ t0: this.T_0, tMult: this.T_mult, etaMin: this.eta_min });
  }
}

const oneCycleOptions = {
  max_lr: schema(positive, { help: "Highest learning rate" }),
  total_steps: schema(count, { optional: true, help: "Optimizer steps; without it all of the training's" }),
  pct_start: schema(share, { default: 0.3, help: "Share of the steps in which the rate rises" }),
  anneal_strategy: schema(literal("cos", "linear"), { default: "cos", help: "Shape of the rise and fall" }),
  div_factor: schema(positive, { default: 25, help: "Highest rate divided by the first one" }),
  final_div_factor: schema(positive, { default: 1e4, help: "First rate divided by the last one" }),
  three_phase: schema(boolean, { default: false, help: "Fall back to the first rate before the last phase" }),
};

class OneCycleLR extends configurable(oneCycleOptions, BaseScheduler) {
  static override readonly aliases = ["one_cycle", "one_cycle_lr"];

  override build({ epochs, stepsPerEpoch }: ScheduleContext): schedulers.Scheduler {
    const totalSteps = this.total_steps ?? (stepsPerEpoch === undefined ? undefined : epochs * stepsPerEpoch);
    if (totalSteps === undefined)
      throw new TrainingError(
        "TRAINING_DATA",
        "one_cycle needs total_steps: how many steps the training has is not known before",
      );
    const { max_lr, pct_start, anneal_strategy, div_factor, final_div_factor, three_phase } = this;
    return schedulers.OneCycleLR({
      maxLr: max_lr,
      totalSteps,
      pctStart: pct_start,
      annealStrategy: anneal_strategy,
      divFactor: div_factor,
      finalDivFactor: final_div_factor,
      threePhase: three_phase,
    });
  }
}

const plateauOptions = {
  factor: schema(shrinking, { default: 0.1, help: "Factor of the learning rate" }),
  patience: schema(whole, { default: 10, help: "Epochs without improvement that are let pass" }),
  threshold: schema(notNegative, { default: 1e-4, help: "An improvement is a loss below best * (1 - threshold)" }),
  cooldown: schema(whole, { default: 0, help: "Epochs after a step in which nothing is counted" }),
  min_lr: schema(notNegative, { default: 0, help: "Lowest learning rate" }),
  eps: schema(notNegative, { default: 1e-8, help: "Smaller reductions are not made" }),
};

class ReduceLROnPlateau extends configurable(plateauOptions, BaseScheduler) {
  static override readonly aliases = ["reduce_on_plateau", "plateau", "reduce_lr_on_plateau"];

  override build(): schedulers.Scheduler {
    const { factor, patience, threshold, cooldown, min_lr } = this;
    return schedulers.ReduceLROnPlateau({ factor, patience, threshold, cooldown, minLr: min_lr, eps: this.eps });
  }
}

/** What a list of schedulers objects to, if they were built for a training of some length. */
function objectionTo(build: (context: ScheduleContext) => unknown): Objection | undefined {
  try {
    build({ epochs: 1000, stepsPerEpoch: 1000 });
    return undefined;
  } catch (error) {
    // A user's own scheduler may need its fields, which are not there yet: it is asked when training begins.
    if (!(error instanceof TensorError)) return undefined;
    return { option: "schedulers", message: error.message };
  }
}

const parts = schema(list(component(BaseScheduler)), { help: "What it is made of" });

class SequentialLR extends configurable(
  { schedulers: parts, milestones: schema(list(count), { help: "Epochs at which the next takes over" }) },
  BaseScheduler,
) {
  static override readonly aliases = ["sequential", "sequential_lr"];

  override preconditions(): Objection | undefined {
    return objectionTo((context) => this.build(context));
  }

  override build(context: ScheduleContext): schedulers.Scheduler {
    const built = this.schedulers.map((scheduler) => scheduler.build(context));
    return schedulers.SequentialLR(built, { milestones: this.milestones });
  }
}

class ChainedScheduler extends configurable({ schedulers: parts }, BaseScheduler) {
  static override readonly aliases = ["chained"];

  override preconditions(): Objection | undefined {
    return objectionTo((context) => this.build(context));
  }

  override build(context: ScheduleContext): schedulers.Scheduler {
    return schedulers.ChainedScheduler(this.schedulers.map((scheduler) => scheduler.build(context)));
  }
}

register(
  StepLR,
  MultiStepLR,
  ExponentialLR,
  LinearLR,
  CosineAnnealingLR,
  CosineAnnealingWarmRestarts,
  OneCycleLR,
  ReduceLROnPlateau,
  SequentialLR,
  ChainedScheduler,
);
