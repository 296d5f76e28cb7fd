/** PyTorch's optimizers, with its names and defaults. */
import { boolean, configurable, list, type Objection, register, schema } from "@ml-mosaic/configurable";
import { optim } from "@ml-mosaic/tensor";
import { BaseOptimizer } from "./base-optimizer.ts";
import { belowOne, notNegative, positive } from "./number-types.ts";

const lr = (value: number) => schema(positive, { default: value, help: "Learning rate" });
const weightDecay = (value: number) =>
  schema(notNegative, { default: value, help: "L2 penalty, or decay, of weights" });
const eps = (value: number) => schema(notNegative, { default: value, help: "Added to denominators" });

const sgdOptions = {
  lr: lr(1e-3),
  momentum: schema(notNegative, { default: 0, help: "Share of the last step that the next one goes on with" }),
  dampening: schema(notNegative, { default: 0, help: "Share of the gradient that momentum leaves out" }),
  weight_decay: weightDecay(0),
  nesterov: schema(boolean, { default: false, help: "Take the gradient ahead of the momentum" }),
};

class SGD extends configurable(sgdOptions, BaseOptimizer) {
  static override readonly aliases = ["sgd"];

  override preconditions(): Objection | undefined {
    return this.nesterov && (this.momentum === 0 || this.dampening !== 0)
      ? { option: "nesterov", message: "needs a momentum above 0 and no dampening" }
      : undefined;
  }

  override build(): optim.Optimizer {
    const { weight_decay, momentum, dampening, nesterov } = this;
    return optim.SGD({ lr: this.lr, momentum, dampening, weightDecay: weight_decay, nesterov });
  }
}

function adamOptions(decay: number) {
  return {
    lr: lr(1e-3),
    betas: schema(list(belowOne), { default: [0.9, 0.999], help: "Decay of the means of gradients and their squares" }),
    eps: eps(1e-8),
    weight_decay: weightDecay(decay),
    amsgrad: schema(boolean, { default: false, help: "Divide by the largest of the past means of squares" }),
  };
}

/** What Adam and AdamW have in common; neither is the other. */
abstract class AdaptiveMoments extends configurable(adamOptions(0), BaseOptimizer) {
  override preconditions(): Objection | undefined {
    return this.betas.length === 2 ? undefined : { option: "betas", message: "takes two numbers, as in [0.9, 0.999]" };
  }

  protected get options(): optim.AdamOptions {
    const [beta1 = 0.9, beta2 = 0.999] = this.betas;
    return { lr: this.lr, betas: [beta1, beta2], eps: this.eps, weightDecay: this.weight_decay, amsgrad: this.amsgrad };
  }
}

class Adam extends AdaptiveMoments {
  static override readonly aliases = ["adam"];

  override build(): optim.Optimizer {
    return optim.Adam(this.options);
  }
}

class AdamW extends configurable(adamOptions(1e-2), AdaptiveMoments) {
  static override readonly aliases = ["adamw"];

  override build(): optim.Optimizer {
    return optim.AdamW(this.options);
  }
}

const rmspropOptions = {
  lr: lr(1e-2),
  alpha: schema(notNegative, { default: 0.99, help: "Decay of the mean of squared gradients" }),
  eps: eps(1e-8),
  weight_decay: weightDecay(0),
  momentum: schema(notNegative, { default: 0, help: "Share of the last step that the next one goes on with" }),
  centered: schema(boolean, { default: false, help: "Divide by the deviation instead of the mean of squares" }),
};

class RMSprop extends configurable(rmspropOptions, BaseOptimizer) {
  static override readonly aliases = ["rmsprop"];

  override build(): optim.Optimizer {
    const { weight_decay, alpha, momentum, centered } = this;
    return optim.RMSprop({ lr: this.lr, alpha, eps: this.eps, weightDecay: weight_decay, momentum, centered });
  }
}

const adagradOptions = {
  lr: lr(1e-2),
  lr_decay: schema(notNegative, { default: 0, help: "How fast the learning rate falls with the steps" }),
  weight_decay: weightDecay(0),
  initial_accumulator_value: schema(notNegative, { default: 0, help: "What the sums of squares start from" }),
  eps: eps(1e-10),
};

class Adagrad extends configurable(adagradOptions, BaseOptimizer) {
  static override readonly aliases = ["adagrad"];

  override build(): optim.Optimizer {
    return optim.Adagrad({
      lr: this.lr,
      lrDecay: this.lr_decay,
      weightDecay: this.weight_decay,
      initialAccumulatorValue: this.initial_accumulator_value,
      eps: this.eps,
    });
  }
}

register(SGD, Adam, AdamW, RMSprop, Adagrad);
