/** Element by element: the types of operands, and methods of `Tensor` that are made of several ops. */
import { type DType, isInteger, promote } from "../dtype.ts";
import { TensorError } from "../errors.ts";
import * as compare from "../ops/compare.ts";
import * as elementwise from "../ops/elementwise.ts";
import { gelu as geluOp } from "../ops/gelu.ts";
import type { Input, None, Op } from "../ops/op.ts";
import { showShape } from "../shape.ts";
import type { Operand, Tensor } from "../tensor.ts";

/** PyTorch's rule: an integer scalar does not widen a tensor of integers. */
function promotedType(a: Tensor, b: Tensor): DType {
  const integers = isInteger(a.dtype) && isInteger(b.dtype);
  if (integers && (a.ndim === 0) !== (b.ndim === 0)) return a.ndim === 0 ? b.dtype : a.dtype;
  return promote(a.dtype, b.dtype);
}

/** Operands of one type; a number takes the tensor's type unless it has a fraction that this cannot hold. */
function promotePair(a: Tensor, b: Operand): readonly [Tensor, Tensor] {
  if (typeof b !== "number") {
    const dtype = promotedType(a, b);
    return [a.to(dtype), b.to(dtype)];
  }
  const dtype = promote(a.dtype, Number.isInteger(b) ? (a.dtype === "bool" ? "int64" : a.dtype) : "float32");
  const promoted = a.to(dtype);
  return [promoted, promoted.newFull([], b, dtype)];
}

export function floatPair(a: Tensor, b: Operand): readonly [Tensor, Operand] {
  return [a.float(), typeof b === "number" ? b : b.float()];
}

export function binary(op: Op<None, [a: Input, b: Input]>, left: Tensor, right: Operand): Tensor {
  const [a, b] = promotePair(left, right);
  return a.apply(op, [b], {});
}

export function clamp(x: Tensor, min: number | undefined, max: number | undefined): Tensor {
  if (min === undefined && max === undefined) throw new TensorError("TENSOR_VALUE", "clamp needs min, max or both");
  // Selecting, unlike maximum and minimum, gives the whole gradient at the bounds, as PyTorch does.
  // Bounds with a fraction make integers float32.
  const promoted = [min ?? 0, max ?? 0].reduce((tensor: Tensor, bound) => promotePair(tensor, bound)[0], x);
  const above = min === undefined ? promoted : promoted.lt(min).where(promoted.newFull([], min), promoted);
  return max === undefined ? above : above.gt(max).where(promoted.newFull([], max), above);
}

export function softplus(x: Tensor, beta: number, threshold: number): Tensor {
  const scaled = x.mul(beta);
  const smooth = scaled.float().apply(elementwise.softplus, [], {}).div(beta);
  return threshold === Number.POSITIVE_INFINITY ? smooth : scaled.gt(threshold).where(x, smooth);
}

export function gelu(x: Tensor, approximate: "none" | "tanh"): Tensor {
  if (approximate === "none") return x.float().apply(geluOp, [], {});
  const inner = x
    .add(x.mul(x).mul(x).mul(0.044715))
    .mul(Math.sqrt(2 / Math.PI))
    .tanh();
  return x.mul(0.5).mul(inner.add(1));
}

/** condition ? a : b, element by element; all three broadcast. */
export function where(condition: Tensor, a: Operand, b: Operand): Tensor {
  const asTensor = (value: Operand, like: Operand) =>
    typeof value !== "number"
      ? value
      : condition.newFull([], value, typeof like === "number" || !Number.isInteger(value) ? "float32" : like.dtype);
  const [left, right] = [asTensor(a, b), asTensor(b, a)];
  const dtype = promotedType(left, right);
  return condition.apply(compare.where, [left.to(dtype), right.to(dtype)], {});
}

export function maskedFill(x: Tensor, mask: Tensor, value: Operand): Tensor {
  if (mask.dtype !== "bool")
    throw new TensorError(
      "TENSOR_DTYPE",
      `maskedFill: the mask is ${mask.dtype}; it must be bool, as comparisons give`,
    );
  if (typeof value === "number") {
    if (x.dtype !== "float32" && !Number.isInteger(value))
      throw new TensorError("TENSOR_DTYPE", `maskedFill: ${x.dtype} cannot hold ${value}; convert with .to("float32")`);
    return where(mask, x.newFull([], value), x);
  }
  if (value.ndim > 0)
    throw new TensorError(
      "TENSOR_SHAPE",
      `maskedFill: the value is of shape ${showShape(value.shape)}; it must be one number`,
    );
  return where(mask, value.to(x.dtype), x);
}
