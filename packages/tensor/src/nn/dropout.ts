import { TensorError } from "../errors.ts";
import { nextRandomId } from "../graph/trace.ts";
import { dropoutMask } from "../ops/random.ts";
import { apply, type Tensor } from "../tensor.ts";
import { Module } from "./module.ts";

/** In training, sets elements to 0 with probability p and scales the others by 1 / (1 - p). */
export class Dropout extends Module {
  readonly p: number;

  constructor(p = 0.5) {
    super();
    if (!(p >= 0 && p <= 1)) throw new TensorError("TENSOR_VALUE", `Dropout: p is ${p}; it must be between 0 and 1`);
    this.p = p;
  }

  forward(input: Tensor): Tensor {
    if (!this.training || this.p === 0) return input;
    if (this.p === 1) return input.mul(0);
    return input.mul(apply(dropoutMask, [], { id: nextRandomId(), shape: input.shape, p: this.p }));
  }
}
