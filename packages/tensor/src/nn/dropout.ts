import { TensorError } from "../errors.ts";
import { nextRandomId } from "../graph/trace.ts";
import { dropoutMask } from "../ops/random.ts";
import { type Shape, showShape } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { Module } from "./module.ts";

/** Multiplies by 0 or 1 / (1 - p), drawn for each element of `maskShape`, which broadcasts against the input. */
function drop(input: Tensor, p: number, maskShape: Shape): Tensor {
  if (p === 0) return input;
  if (p === 1) return input.mul(0);
  return input.mul(input.apply(dropoutMask, [], { id: nextRandomId(), shape: maskShape, p }));
}

class WithProbability extends Module {
  readonly p: number;
  constructor(p = 0.5) {
    super();
    if (!(p >= 0 && p <= 1))
      throw new TensorError("TENSOR_VALUE", `${new.target.name}: p is ${p}; it must be between 0 and 1`);
    this.p = p;
  }
}

/** In training, sets elements to 0 with probability p and scales the others by 1 / (1 - p). */
export class Dropout extends WithProbability {
  forward(input: Tensor): Tensor {
    return this.training ? drop(input, this.p, input.shape) : input;
  }
}

/** In training, sets whole channels of [batch, channels, ...] to 0 with probability p and scales the others by 1 / (1 - p). */
export class Dropout2d extends WithProbability {
  forward(input: Tensor): Tensor {
    if (input.ndim < 2) {
      throw new TensorError("TENSOR_SHAPE", `Dropout2d: input ${showShape(input.shape)} must have 2 axes or more`);
    }
    return this.training
      ? drop(
          input,
          this.p,
          input.shape.map((length, axis) => (axis < 2 ? length : 1)),
        )
      : input;
  }
}
