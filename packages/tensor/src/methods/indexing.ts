/**
 * Reading and adding by index. Indices count from 0 to below the size of their axis, as in PyTorch; others are refused:
 * constants where they are given, what is computed when it is read.
 */
import { TensorError } from "../errors.ts";
import * as indexing from "../ops/indexing.ts";
import { lengthAt, normalizeAxis, type Shape } from "../shape.ts";
import type { Operand, Tensor } from "../tensor.ts";

/** Indices for an axis of `size` elements, of which no negative one will pass. */
export function checkedIndex(name: string, index: Tensor, size: number): Tensor {
  indexing.checkIndex(name, index);
  if (index.source.kind !== "constant") return index.to("int64").apply(indexing.fromStart, [], {});
  const outside = index.source.data.find((value) => value < 0 || value >= size);
  if (outside === undefined) return index;
  throw new TensorError(
    "TENSOR_VALUE",
    `${name}: index ${outside} is outside the ${size} of its axis: indices are from 0 to ${size - 1}`,
  );
}

/** The axis, and the index checked for it. */
function along(name: string, x: Tensor, dim: number, index: Tensor): readonly [axis: number, index: Tensor] {
  const axis = normalizeAxis(dim, x.ndim, name);
  return [axis, checkedIndex(name, index, x.ndim === 0 ? 1 : lengthAt(x.shape, axis))];
}

export function indexSelect(x: Tensor, dim: number, index: Tensor): Tensor {
  const [axis, checked] = along("indexSelect", x, dim, index);
  return x.apply(indexing.take, [checked], { axis });
}

export function gather(x: Tensor, dim: number, index: Tensor): Tensor {
  const [axis, checked] = along("gather", x, dim, index);
  return x.apply(indexing.gather, [checked], { axis });
}

export function scatterAdd(x: Tensor, dim: number, index: Tensor, source: Tensor): Tensor {
  const [axis, checked] = along("scatterAdd", x, dim, index);
  return x.apply(indexing.scatterAdd, [checked, source], { axis });
}

export function scatter(x: Tensor, dim: number, index: Tensor, source: Operand): Tensor {
  const [axis, checked] = along("scatter", x, dim, index);
  const values = typeof source === "number" ? x.newFull(index.shape, source) : source;
  // The source may be larger than the index.
  const isLarger =
    values.ndim === index.ndim && index.shape.every((length, each) => length <= lengthAt(values.shape, each));
  const used = isLarger ? firstOf(values, index.shape) : values;
  return x.apply(indexing.scatter, [checked, used], { axis });
}

function firstOf(x: Tensor, shape: Shape): Tensor {
  return shape.reduce((part, length, axis) => part.slice(axis, 0, length), x);
}

export function indexAdd(x: Tensor, dim: number, index: Tensor, source: Tensor): Tensor {
  const [axis, checked] = along("indexAdd", x, dim, index);
  return x.apply(indexing.indexAdd, [checked, source], { axis });
}

export function oneHot(x: Tensor, numClasses: number): Tensor {
  if (!Number.isInteger(numClasses) || numClasses < 1)
    throw new TensorError("TENSOR_VALUE", `oneHot: ${numClasses} classes; there must be a whole number above 0`);
  const classes = x.newTensor(
    Array.from({ length: numClasses }, (_, index) => index),
    [numClasses],
    "int64",
  );
  // Read from the classes, an element that is none of them is refused.
  const read = classes.apply(indexing.take, [checkedIndex("oneHot", x, numClasses)], { axis: 0 });
  return read.unsqueeze(-1).eq(classes).to("int64");
}
