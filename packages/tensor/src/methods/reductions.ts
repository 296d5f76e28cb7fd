/** Along axes: reductions, and the order of elements. */
import { TensorError } from "../errors.ts";
import type { Input, Op } from "../ops/op.ts";
import * as ordering from "../ops/ordering.ts";
import type { ReduceAttributes } from "../ops/reduce.ts";
import { lengthAt, normalizeAxes, normalizeAxis, sizeOf } from "../shape.ts";
import type { Tensor } from "../tensor.ts";

/** Elements in some order, and where they were. */
export interface Ordered {
  readonly values: Tensor;
  readonly indices: Tensor;
}

export function reduceOver(
  op: Op<ReduceAttributes, [x: Input]>,
  tensor: Tensor,
  dim: number | readonly number[] | undefined,
  keepdim: boolean,
): Tensor {
  const axes = reducedAxes(dim, tensor, op.name);
  return tensor.apply(op, [], { axes, keepdim });
}

export function expectFloat(tensor: Tensor, operation: string): Tensor {
  if (tensor.dtype === "float32") return tensor;
  throw new TensorError(
    "TENSOR_DTYPE",
    `${operation} needs float32, not ${tensor.dtype}; convert it with .to("float32")`,
  );
}

/** The axes that are reduced: all, where none are named. */
export function reducedAxes(
  dim: number | readonly number[] | undefined,
  { ndim }: Tensor,
  operation: string,
): readonly number[] {
  return normalizeAxes(typeof dim === "object" && dim.length === 0 ? undefined : dim, ndim, operation);
}

/** The extreme of booleans is a boolean. */
export function extreme(
  op: Op<ReduceAttributes, [x: Input]>,
  tensor: Tensor,
  dim: number | readonly number[] | undefined,
  keepdim: boolean,
): Tensor {
  if (tensor.dtype === "bool") return extreme(op, tensor.to("int32"), dim, keepdim).to("bool");
  return reduceOver(op, tensor, dim, keepdim);
}

/** How many elements are not 0. */
export function countNonzero(x: Tensor, dim: number | readonly number[] | undefined, keepdim: boolean): Tensor {
  return x.to("bool").sum(dim, keepdim);
}

export function argExtreme(
  op: Op<{ readonly axis: number; readonly keepdim: boolean }, [x: Input]>,
  tensor: Tensor,
  dim: number | undefined,
  keepdim: boolean,
): Tensor {
  if (dim === undefined) return argExtreme(op, tensor.reshape([-1]), 0, false);
  if (tensor.ndim === 0) return tensor.newFull([], 0, "int64");
  return tensor.apply(op, [], { axis: normalizeAxis(dim, tensor.ndim, op.name), keepdim });
}

export function variance(
  x: Tensor,
  dim: number | readonly number[] | undefined,
  correction: number,
  keepdim: boolean,
): Tensor {
  const axes = reducedAxes(dim, x, "variance");
  const count = sizeOf(axes.map((axis) => lengthAt(x.shape, axis)));
  const distance = expectFloat(x, "variance").sub(x.mean(axes, true));
  // n - correction <= 0 has no variance: NaN, or infinity, as PyTorch gives.
  return distance
    .mul(distance)
    .sum(axes, keepdim)
    .div(Math.max(0, count - correction));
}

export function topk(x: Tensor, k: number, dim: number, largest: boolean, sorted: boolean): Ordered {
  if (x.ndim === 0) {
    const { values, indices } = x.unsqueeze(0).topk(k, dim, { largest, sorted });
    return { values: values.squeeze(0), indices: indices.squeeze(0) };
  }
  const attributes = { axis: normalizeAxis(dim, x.ndim, "topk"), k, largest, sorted };
  const ordered = x.dtype === "bool" ? x.to("int32") : x;
  return {
    values: ordered.apply(ordering.topkValues, [], attributes).to(x.dtype),
    indices: ordered.apply(ordering.topkIndices, [], attributes),
  };
}
