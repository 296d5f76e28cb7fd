/** PyTorch's padding as functions; amounts are for the last axis first, before and after it, as in F.pad. */
import { TensorError } from "../errors.ts";
import { borderPad, constantPad as constantPadOp } from "../ops/padding.ts";
import { lengthAt, showShape } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { withBatch } from "./window.ts";

/** [left, right, top, bottom, …]; negative amounts crop. */
export type Amounts = readonly number[];

/** Surrounds the input with one number. */
export function constantPad(input: Tensor, amounts: Amounts, value = 0): Tensor {
  const each = amountsByAxis("constantPad", input, amounts);
  const { before, after } = positive(each);
  const cropped = crop(input, each);
  if ([...before, ...after].every((amount) => amount === 0)) return cropped;
  const dtype = input.dtype === "bool" || Number.isInteger(value) ? input.dtype : "float32";
  return cropped.to(dtype).apply(constantPadOp, [], { before, after, value });
}

/** Mirrors the input at its borders, which themselves appear once: 2 1 | 0 1 2 | 1 0. One or two axes. */
export function reflectionPad(input: Tensor, amounts: Amounts): Tensor {
  return border("reflectionPad", "reflect", input, amounts);
}

/** Repeats the elements at the borders: 0 0 | 0 1 2 | 2 2. One or two axes. */
export function replicationPad(input: Tensor, amounts: Amounts): Tensor {
  return border("replicationPad", "edge", input, amounts);
}

function border(name: string, mode: "edge" | "reflect", input: Tensor, amounts: Amounts): Tensor {
  const padded = amounts.length / 2;
  if (padded !== 1 && padded !== 2) {
    throw new TensorError("TENSOR_VALUE", `${name}: amounts ${showShape(amounts)} must be 2 or 4 numbers`);
  }
  return withBatch(name, input, padded + 2, (batched) => {
    const each = amountsByAxis(name, batched, amounts);
    if (each.some(([before, after], axis) => batched.size(axis) + before + after < 1 && (before !== 0 || after !== 0)))
      throw tooSmall(name, batched, amounts);
    const { before, after } = positive(each);
    const none = [...before, ...after].every((amount) => amount === 0);
    return crop(none ? batched : batched.apply(borderPad, [], { before, after, mode }), each);
  });
}

function tooSmall(name: string, input: Tensor, amounts: Amounts): TensorError {
  return new TensorError(
    "TENSOR_SHAPE",
    `${name}: input ${showShape(input.shape)} is too small to crop ${showShape(amounts)}`,
  );
}

/** For each axis, how much before and after it. */
function amountsByAxis(name: string, input: Tensor, amounts: Amounts): readonly (readonly [number, number])[] {
  if (amounts.length % 2 !== 0 || amounts.some((amount) => !Number.isInteger(amount))) {
    throw new TensorError(
      "TENSOR_VALUE",
      `${name}: amounts ${showShape(amounts)} must be whole numbers, two for each axis`,
    );
  }
  if (amounts.length > 2 * input.ndim) {
    throw new TensorError(
      "TENSOR_SHAPE",
      `${name}: amounts ${showShape(amounts)} are for ${amounts.length / 2} axes, input ${showShape(input.shape)} has ${input.ndim}`,
    );
  }
  return input.shape.map((length, axis) => {
    const at = 2 * (input.ndim - 1 - axis);
    const [before, after] = [amounts[at] ?? 0, amounts[at + 1] ?? 0];
    if (length + Math.min(0, before) + Math.min(0, after) < 0) throw tooSmall(name, input, amounts);
    return [before, after];
  });
}

function positive(each: readonly (readonly [number, number])[]) {
  return { before: each.map(([before]) => Math.max(0, before)), after: each.map(([, after]) => Math.max(0, after)) };
}

function crop(input: Tensor, each: readonly (readonly [number, number])[]): Tensor {
  return each.reduce(
    (rest, [before, after], axis) =>
      rest.slice(axis, Math.max(0, -before), lengthAt(rest.shape, axis) - Math.max(0, -after)),
    input,
  );
}
