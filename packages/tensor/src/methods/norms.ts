/** Sizes of vectors and spreads of numbers, whose gradients are 0 where they have a kink. */
import { TensorError } from "../errors.ts";
import type { Tensor } from "../tensor.ts";
import { expectFloat, reducedAxes } from "./reductions.ts";

type Axes = number | readonly number[] | undefined;

/** The root of what is 0 or more, with the gradient 0 at 0. */
function safeRoot(x: Tensor, root: (positive: Tensor) => Tensor): Tensor {
  const isZero = x.eq(0);
  return isZero.where(x.zerosLike(), root(isZero.where(x.onesLike(), x)));
}

export function norm(tensor: Tensor, p: number | "fro", axes: Axes, keepdim: boolean): Tensor {
  const x = expectFloat(tensor, "norm");
  const dim = reducedAxes(axes, x, "norm");
  if (typeof p === "number" ? Number.isNaN(p) : p !== "fro")
    throw new TensorError("TENSOR_VALUE", `norm: p is ${p}; it must be a number, Infinity too, or "fro"`);
  switch (p) {
    case 2:
    case "fro":
      return safeRoot(x.mul(x).sum(dim, keepdim), (sum) => sum.sqrt());
    case 1:
      return x.abs().sum(dim, keepdim);
    case 0:
      return x.ne(0).float().sum(dim, keepdim);
    case Number.POSITIVE_INFINITY:
      return x.abs().max(dim, keepdim);
    case Number.NEGATIVE_INFINITY:
      return x.abs().min(dim, keepdim);
    default: {
      const powers = p > 0 ? safeRoot(x.abs(), (size) => size.pow(p)) : x.abs().pow(p);
      return safeRoot(powers.sum(dim, keepdim), (sum) => sum.pow(1 / p));
    }
  }
}

export function standardDeviation(x: Tensor, dim: Axes, options: { correction?: number; keepdim?: boolean }): Tensor {
  return safeRoot(x.variance(dim, options), (variance) => variance.sqrt());
}

export function logsumexp(tensor: Tensor, axes: number | readonly number[], keepdim: boolean): Tensor {
  const x = tensor.float();
  const dim = reducedAxes(axes, x, "logsumexp");
  // Of nothing there is no largest, and its sum is 0: the logarithm is that of 0.
  const isEmpty = dim.some((axis) => x.shape[axis] === 0);
  const largest = (isEmpty ? x.sum(dim, true) : x.max(dim, true)).detach();
  // Infinite ones are not taken off: the difference would be no number.
  const shift = largest.abs().lt(Number.POSITIVE_INFINITY).where(largest, largest.zerosLike());
  const sum = x.sub(shift).exp().sum(dim, true);
  const isNone = sum.eq(0);
  const logarithm = isNone.where(sum.newFull([], Number.NEGATIVE_INFINITY), isNone.where(sum.onesLike(), sum).log());
  const result = logarithm.add(shift);
  return keepdim ? result : result.squeeze(dim);
}
