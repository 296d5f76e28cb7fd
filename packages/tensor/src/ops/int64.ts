/** Arithmetic of int64 that ONNX Runtime's own kernels do in floating point or 32 bits, and get wrong: exact here. */
import { onnxType } from "../onnx/types.ts";
import { lengthAt, type Shape, sizeOf } from "../shape.ts";
import type { Emitter, Value } from "./op.ts";

const int64 = (emitter: Emitter, values: readonly number[]) =>
  emitter.constant(BigInt64Array.from(values, BigInt), [values.length]);

/** The value as a matrix [what is kept, what is reduced]. */
function emitRows(emitter: Emitter, { name, shape }: Value, axes: readonly number[]) {
  const kept = shape.map((_, axis) => axis).filter((axis) => !axes.includes(axis));
  const perm = [...kept, ...axes];
  const [rows, length] = [kept, axes].map((list) => sizeOf(list.map((axis) => lengthAt(shape, axis))));
  const isInOrder = perm.every((axis, index) => axis === index);
  const ordered = isInOrder ? name : emitter.node("Transpose", [name], { perm });
  return { length: length ?? 1, matrix: emitter.node("Reshape", [ordered, emitter.shape([rows ?? 1, length ?? 1])]) };
}

/** The sum over axes: a product with ones, which is done in integers. */
export function emitInt64Sum(emitter: Emitter, x: Value, axes: readonly number[], output: Shape): string | undefined {
  // ONNX Runtime leaves the result of products over nothing unset.
  if (x.shape.includes(0)) return undefined;
  const { length, matrix } = emitRows(emitter, x, axes);
  const ones = emitter.node("Expand", [int64(emitter, [1]), emitter.shape([length, 1])]);
  return emitter.node("Reshape", [emitter.node("MatMul", [matrix, ones]), emitter.shape(output)]);
}

/** The product over axes: of both halves, again and again. Not in files, where the number of elements may be open. */
export function emitInt64Product(
  emitter: Emitter,
  x: Value,
  axes: readonly number[],
  output: Shape,
): string | undefined {
  if (emitter.purpose === "file" || x.shape.includes(0)) return undefined;
  const { length, matrix } = emitRows(emitter, x, axes);
  let product = matrix;
  for (let left = length; left > 1; left = Math.ceil(left / 2)) {
    const half = Math.floor(left / 2);
    const piece = (from: number, to: number) =>
      emitter.node("Slice", [product, int64(emitter, [from]), int64(emitter, [to]), int64(emitter, [1])]);
    const halves = emitter.node("Mul", [piece(0, half), piece(half, 2 * half)]);
    product = left === 2 * half ? halves : emitter.node("Concat", [halves, piece(2 * half, left)], { axis: 1 });
  }
  return emitter.node("Reshape", [product, emitter.shape(output)]);
}

/** The smaller of both (by "Less"), or the larger: kernels of Min and Max compare 32 bits. */
export function emitInt64Extreme(emitter: Emitter, comparison: "Less" | "Greater", a: string, b: string): string {
  return emitter.node("Where", [emitter.node(comparison, [a, b]), a, b]);
}

/** -1, 0 or 1. */
export function emitInt64Sign(emitter: Emitter, x: string): string {
  const zero = emitter.constant(BigInt64Array.of(0n), []);
  const is = (comparison: "Less" | "Greater") =>
    emitter.node("Cast", [emitter.node(comparison, [x, zero])], { to: onnxType.int64 });
  return emitter.node("Sub", [is("Greater"), is("Less")]);
}
