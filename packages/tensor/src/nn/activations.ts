import type { Tensor } from "../tensor.ts";
import { Module } from "./module.ts";

/** max(x, 0) */
export class ReLU extends Module {
  forward(input: Tensor): Tensor {
    return input.relu();
  }
}

/** 1 / (1 + exp -x) */
export class Sigmoid extends Module {
  forward(input: Tensor): Tensor {
    return input.sigmoid();
  }
}

export class Tanh extends Module {
  forward(input: Tensor): Tensor {
    return input.tanh();
  }
}

/** log(1 + exp(beta x)) / beta, and x itself where beta x is above the threshold. */
export class Softplus extends Module {
  readonly options: { readonly beta?: number; readonly threshold?: number };
  constructor(options: { readonly beta?: number; readonly threshold?: number } = {}) {
    super();
    this.options = options;
  }
  forward(input: Tensor): Tensor {
    return input.softplus(this.options);
  }
}

export class GELU extends Module {
  readonly approximate: "none" | "tanh";
  constructor({ approximate = "none" }: { readonly approximate?: "none" | "tanh" } = {}) {
    super();
    this.approximate = approximate;
  }
  forward(input: Tensor): Tensor {
    return input.gelu(this.approximate);
  }
}

/** x sigmoid(x) */
export class SiLU extends Module {
  forward(input: Tensor): Tensor {
    return input.silu();
  }
}

export class LeakyReLU extends Module {
  readonly negativeSlope: number;
  constructor(negativeSlope = 0.01) {
    super();
    this.negativeSlope = negativeSlope;
  }
  forward(input: Tensor): Tensor {
    return input.leakyRelu(this.negativeSlope);
  }
}

export class ELU extends Module {
  readonly alpha: number;
  constructor(alpha = 1) {
    super();
    this.alpha = alpha;
  }
  forward(input: Tensor): Tensor {
    return input.elu(this.alpha);
  }
}

export class Softmax extends Module {
  readonly dim: number;
  constructor(dim: number) {
    super();
    this.dim = dim;
  }
  forward(input: Tensor): Tensor {
    return input.softmax(this.dim);
  }
}

export class LogSoftmax extends Module {
  readonly dim: number;
  constructor(dim: number) {
    super();
    this.dim = dim;
  }
  forward(input: Tensor): Tensor {
    return input.logSoftmax(this.dim);
  }
}
