/** Shapes and places of elements. */
import { promote } from "../dtype.ts";
import { TensorError } from "../errors.ts";
import * as shaping from "../ops/shaping.ts";
import { lengthAt, normalizeAxis, type Shape, sameShape, showShape, sizeOf } from "../shape.ts";
import type { Tensor } from "../tensor.ts";

export function flatten(x: Tensor, startDim: number, endDim: number): Tensor {
  const start = normalizeAxis(startDim, x.ndim, "flatten");
  const end = normalizeAxis(endDim, x.ndim, "flatten");
  if (start > end)
    throw new TensorError("TENSOR_SHAPE", `flatten: the first axis, ${start}, comes after the last, ${end}`);
  return x.reshape([...x.shape.slice(0, start), sizeOf(x.shape.slice(start, end + 1)), ...x.shape.slice(end + 1)]);
}

export function expand(x: Tensor, shape: Shape): Tensor {
  const missing = shape.length - x.ndim;
  const target = shape.map((length, axis) =>
    length === -1 && axis >= missing ? lengthAt(x.shape, axis - missing) : length,
  );
  return x.apply(shaping.expand, [], { shape: target });
}

export function slice(x: Tensor, dim: number, start: number, end: number, step: number): Tensor {
  const axis = normalizeAxis(dim, x.ndim, "slice");
  if (x.ndim === 0) throw new TensorError("TENSOR_SHAPE", "slice: a scalar has no axis to slice");
  if (!Number.isInteger(step) || step < 1)
    throw new TensorError("TENSOR_VALUE", `slice: step ${step} must be a whole number above 0`);
  for (const bound of [start, end]) {
    if (Number.isNaN(bound) || (Number.isFinite(bound) && !Number.isInteger(bound)))
      throw new TensorError("TENSOR_VALUE", `slice: position ${bound} must be a whole number`);
  }
  const size = lengthAt(x.shape, axis);
  const position = (value: number) => Math.min(size, Math.max(0, value < 0 ? value + size : value));
  const from = position(start);
  const to = Math.max(from, position(end));
  return x.apply(shaping.slice, [], { axis, start: from, end: to, step });
}

export function select(x: Tensor, dim: number, index: number): Tensor {
  const axis = normalizeAxis(dim, x.ndim, "select");
  const size = x.size(dim);
  const position = index < 0 ? index + size : index;
  if (!Number.isInteger(index) || position < 0 || position >= size) {
    throw new TensorError("TENSOR_SHAPE", `select: index ${index} is outside axis ${axis} of ${showShape(x.shape)}`);
  }
  return x.slice(axis, position, position + 1).squeeze(axis);
}

export function split(x: Tensor, size: number | readonly number[], dim: number): Tensor[] {
  const axis = normalizeAxis(dim, x.ndim, "split");
  const length = lengthAt(x.shape, axis);
  // As in PyTorch, an empty axis can be cut into pieces of nothing: one.
  if (typeof size === "number" && !(Number.isInteger(size) && (size > 0 || (size === 0 && length === 0)))) {
    throw new TensorError(
      "TENSOR_VALUE",
      `split: size ${size} must be a whole number above 0, or 0 for an axis of size 0; axis ${axis} has ${length}`,
    );
  }
  const sizes =
    typeof size === "number" && size > 0
      ? Array.from({ length: Math.max(1, Math.ceil(length / size)) }, (_, index) =>
          Math.min(size, length - index * size),
        )
      : [size].flat();
  shaping.checkSizes(sizes, x.shape, axis);
  return sizes.map((_, index) => x.part(axis, sizes, index));
}

export function chunk(x: Tensor, chunks: number, dim: number): Tensor[] {
  if (!Number.isInteger(chunks) || chunks < 1)
    throw new TensorError("TENSOR_VALUE", `chunk: ${chunks} pieces; there must be a whole number above 0`);
  if (x.ndim === 0) throw new TensorError("TENSOR_SHAPE", "chunk: a scalar has no axis to cut");
  return split(x, Math.max(1, Math.ceil(x.size(dim) / chunks)), dim);
}

export function repeat(x: Tensor, times: readonly number[]): Tensor {
  if (times.length < x.ndim || times.some((each) => !Number.isInteger(each) || each < 0)) {
    throw new TensorError(
      "TENSOR_SHAPE",
      `repeat: ${showShape(times)} must be whole numbers, 0 or more, one for each axis of ${showShape(x.shape)}, and for new ones before them`,
    );
  }
  const shape = [...new Array<number>(times.length - x.ndim).fill(1), ...x.shape];
  const apart = shape.flatMap((length) => [1, length]);
  const repeated = times.flatMap((each, axis) => [each, lengthAt(shape, axis)]);
  return x
    .reshape(apart)
    .expand(repeated)
    .reshape(shape.map((length, axis) => length * lengthAt(times, axis)));
}

/** The elements at or below (`lower`), or at or above a diagonal of the last two axes; zeros elsewhere. */
export function triangle(name: string, x: Tensor, diagonal: number, lower: boolean): Tensor {
  if (x.ndim < 2) throw new TensorError("TENSOR_SHAPE", `${name}: ${showShape(x.shape)} must have 2 axes or more`);
  if (!Number.isInteger(diagonal))
    throw new TensorError("TENSOR_VALUE", `${name}: diagonal is ${diagonal}; it must be a whole number`);
  const [rows, columns] = [x.size(-2), x.size(-1)];
  const kept = Array.from({ length: rows * columns }, (_, at) => {
    const distance = (at % columns) - Math.floor(at / columns) - diagonal;
    return Number(lower ? distance <= 0 : distance >= 0);
  });
  return x.newTensor(kept, [rows, columns], "bool").where(x, x.newFull([], 0));
}

export function sumTo(x: Tensor, shape: Shape): Tensor {
  if (sameShape(shape, x.shape)) return x;
  const added = x.ndim - shape.length;
  const axes = x.shape
    .map((_, axis) => axis)
    .filter((axis) => axis < added || (shape[axis - added] === 1 && x.shape[axis] !== 1));
  return x.sum(axes).reshape(shape);
}

/** Joins tensors along an existing axis; PyTorch's cat, also known as concat. */
export function cat(tensors: readonly Tensor[], dim = 0): Tensor {
  const [first, ...others] = tensors;
  if (first === undefined) throw new TensorError("TENSOR_VALUE", "cat needs at least one tensor");
  if (first.ndim === 0) throw new TensorError("TENSOR_SHAPE", "cat: scalars have no axis to join along; use stack");
  const axis = normalizeAxis(dim, first.ndim, "cat");
  const dtype = tensors.map((tensor) => tensor.dtype).reduce(promote);
  return first.to(dtype).apply(
    shaping.concat,
    others.map((tensor) => tensor.to(dtype)),
    { axis },
  );
}

/** Joins tensors of one shape along a new axis. */
export function stack(tensors: readonly Tensor[], dim = 0): Tensor {
  const [first] = tensors;
  if (first === undefined) throw new TensorError("TENSOR_VALUE", "stack needs at least one tensor");
  for (const other of tensors) {
    if (!sameShape(other.shape, first.shape)) {
      throw new TensorError(
        "TENSOR_SHAPE",
        `stack: shapes ${showShape(first.shape)} and ${showShape(other.shape)} must be equal`,
      );
    }
  }
  const axis = normalizeAxis(dim, first.ndim + 1, "stack");
  return cat(
    tensors.map((tensor) => tensor.unsqueeze(axis)),
    axis,
  );
}
