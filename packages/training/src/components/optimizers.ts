/** PyTorch's optimizers, with its names and defaults. */
import { boolean, configurable, list, type Objection, register, schema } from "@ml-mosaic/configurable";
import { optim } from "@ml-mosaic/tensor";
import { BaseOptimizer } from "./base-optimizer.ts";
import { belowOne, notNegative, positive, share } from "./number-types.ts";

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

const sparseOptions = {
  lr: lr(1e-3),
  betas: schema(list(belowOne), { default: [0.9, 0.999], help: "Decay of the means of gradients and their squares" }),
  eps: eps(1e-8),
};
const momentOptions = { ...sparseOptions, weight_decay: weightDecay(0) };

const twoBetas = (betas: readonly number[]): Objection | undefined =>
  betas.length === 2 ? undefined : { option: "betas", message: "takes two numbers, as in [0.9, 0.999]" };

/** What the optimizers have in common that keep means of gradients and of their squares; none is another. */
abstract class AdaptiveMoments extends configurable(momentOptions, BaseOptimizer) {
  override preconditions(): Objection | undefined {
    return twoBetas(this.betas);
  }

  protected get moments() {
    const [beta1 = 0.9, beta2 = 0.999] = this.betas;
    return { lr: this.lr, betas: [beta1, beta2], eps: this.eps, weightDecay: this.weight_decay } as const;
  }
}

const amsgrad = schema(boolean, { default: false, help: "Divide by the largest of the past means of squares" });

class Adam extends configurable({ ...momentOptions, amsgrad }, AdaptiveMoments) {
  static override readonly aliases = ["adam"];

  override build(): optim.Optimizer {
    return optim.Adam({ ...this.moments, amsgrad: this.amsgrad });
  }
}

class AdamW extends configurable({ ...momentOptions, weight_decay: weightDecay(1e-2), amsgrad }, AdaptiveMoments) {
  static override readonly aliases = ["adamw"];

  override build(): optim.Optimizer {
    return optim.AdamW({ ...this.moments, amsgrad: this.amsgrad });
  }
}

class SparseAdam extends configurable(sparseOptions, BaseOptimizer) {
  static override readonly aliases = ["sparseadam"];

  override preconditions(): Objection | undefined {
    return twoBetas(this.betas);
  }

  override build(): optim.Optimizer {
    const [beta1 = 0.9, beta2 = 0.999] = this.betas;
    return optim.SparseAdam({ lr: this.lr, betas: [beta1, beta2], eps: this.eps });
  }
}

const nadamOptions = {
  ...momentOptions,
  lr: lr(2e-3),
  momentum_decay: schema(notNegative, { default: 4e-3, help: "How fast the momentum comes to its full share" }),
};

class NAdam extends configurable(nadamOptions, AdaptiveMoments) {
  static override readonly aliases = ["nadam"];

  override build(): optim.Optimizer {
    return optim.NAdam({ ...this.moments, momentumDecay: this.momentum_decay });
  }
}

class RAdam extends configurable(momentOptions, AdaptiveMoments) {
  static override readonly aliases = ["radam"];

  override build(): optim.Optimizer {
    return optim.RAdam(this.moments);
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

const adadeltaOptions = {
  lr: lr(1),
  rho: schema(share, { default: 0.9, help: "Decay of the means of squared gradients and squared steps" }),
  eps: eps(1e-6),
  weight_decay: weightDecay(0),
};

class Adadelta extends configurable(adadeltaOptions, BaseOptimizer) {
  static override readonly aliases = ["adadelta"];

  override build(): optim.Optimizer {
    return optim.Adadelta({ lr: this.lr, rho: this.rho, eps: this.eps, weightDecay: this.weight_decay });
  }
}

register(SGD, Adam, AdamW, SparseAdam, NAdam, RAdam, RMSprop, Adagrad, Adadelta);
