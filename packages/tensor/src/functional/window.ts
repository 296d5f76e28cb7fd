/** What functions over windows share: pairs of sizes, and inputs with or without a batch axis. */
import { TensorError } from "../errors.ts";
import { showShape } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import type { Pair } from "./convolution.ts";

export type Sizes = readonly [number, number];

/** A number for height and width, checked to be whole and at least `least`. */
export function sizesOf(name: string, option: string, value: Pair, least: number): Sizes {
  const sizes = typeof value === "number" ? ([value, value] as const) : value;
  if (sizes.length !== 2 || sizes.some((size) => !Number.isInteger(size) || size < least)) {
    throw new TensorError(
      "TENSOR_VALUE",
      `${name}: ${option} is ${typeof value === "number" ? value : showShape(value)}; whole numbers of at least ${least} are needed, one or two`,
    );
  }
  return sizes;
}

/** A single whole number, for one axis. */
export function sizeOfAxis(name: string, option: string, value: number, least: number): number {
  if (typeof value !== "number" || !Number.isInteger(value) || value < least) {
    throw new TensorError(
      "TENSOR_VALUE",
      `${name}: ${option} is ${value}; a whole number of at least ${least} is needed`,
    );
  }
  return value;
}

/**
 * Calls `compute` with [batch, channels, ...]; as PyTorch does, the batch axis may be missing. Only the batch may be
 * empty.
 */
export function withBatch(name: string, input: Tensor, rank: number, compute: (batched: Tensor) => Tensor): Tensor {
  if (input.dtype !== "float32") {
    throw new TensorError("TENSOR_DTYPE", `${name} needs float32, not ${input.dtype}; convert it with .to("float32")`);
  }
  if (input.ndim !== rank && input.ndim !== rank - 1) {
    throw new TensorError(
      "TENSOR_SHAPE",
      `${name}: input ${showShape(input.shape)} must have ${rank} axes, or ${rank - 1} without the batch`,
    );
  }
  const sample = input.shape.slice(1 - rank);
  if (sample.includes(0)) {
    throw new TensorError("TENSOR_SHAPE", `${name}: input ${showShape(input.shape)} may be empty only along the batch`);
  }
  return input.ndim === rank ? compute(input) : compute(input.unsqueeze(0)).squeeze(0);
}
