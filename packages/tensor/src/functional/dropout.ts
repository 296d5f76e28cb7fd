import { TensorError } from "../errors.ts";
import { nextRandomId } from "../graph/trace.ts";
import { dropoutMask } from "../ops/random.ts";
import { type Shape, showShape } from "../shape.ts";
import type { Tensor } from "../tensor.ts";

export interface DropoutOptions {
  /** Probability of each element to become 0. */
  readonly p?: number;
  /** False: nothing is dropped. */
  readonly training?: boolean;
}

/** Sets elements to 0 with probability p and multiplies the others by 1 / (1 - p). */
export function dropout(input: Tensor, options: DropoutOptions = {}): Tensor {
  return drop("dropout", input, input.shape, options);
}

/** Sets whole channels of [batch, channels, ...] to 0 with probability p and multiplies the others by 1 / (1 - p). */
export function dropout2d(input: Tensor, options: DropoutOptions = {}): Tensor {
  if (input.ndim < 2)
    throw new TensorError("TENSOR_SHAPE", `dropout2d: input ${showShape(input.shape)} must have 2 axes or more`);
  const channels = input.shape.map((length, axis) => (axis < 2 ? length : 1));
  return drop("dropout2d", input, channels, options);
}

/** Refuses what is no probability. */
export function checkProbability(name: string, p: number): void {
  if (!(p >= 0 && p <= 1)) throw new TensorError("TENSOR_VALUE", `${name}: p is ${p}; it must be between 0 and 1`);
}

/** @param maskShape of what is drawn for each element, which broadcasts against the input */
function drop(name: string, input: Tensor, maskShape: Shape, { p = 0.5, training = true }: DropoutOptions): Tensor {
  checkProbability(name, p);
  if (!training || p === 0) return input;
  if (p === 1) return input.mul(0);
  return input.mul(input.apply(dropoutMask, [], { id: nextRandomId(), shape: maskShape, p }));
}
