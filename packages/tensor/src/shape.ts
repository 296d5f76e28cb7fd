import { TensorError } from "./errors.ts";

/** Sizes of the axes, outermost first; `[]` is a scalar. */
export type Shape = readonly number[];

export function sizeOf(shape: Shape): number {
  let size = 1;
  for (const length of shape) size *= length;
  return size;
}

export function showShape(shape: Shape): string {
  return `[${shape.join(", ")}]`;
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((length, axis) => length === b[axis]);
}

/** Size of one axis that is known to exist. */
export function lengthAt(shape: Shape, axis: number): number {
  const length = shape[axis];
  if (length === undefined) throw new TensorError("TENSOR_SHAPE", `shape ${showShape(shape)} has no axis ${axis}`);
  return length;
}

/** NumPy's broadcasting rule. */
export function broadcastShapes(a: Shape, b: Shape, operation: string): Shape {
  const rank = Math.max(a.length, b.length);
  const result: number[] = [];
  for (let axis = 0; axis < rank; axis++) {
    const lengthA = a[axis - rank + a.length] ?? 1;
    const lengthB = b[axis - rank + b.length] ?? 1;
    if (lengthA !== lengthB && lengthA !== 1 && lengthB !== 1) {
      throw new TensorError(
        "TENSOR_SHAPE",
        `${operation}: shapes ${showShape(a)} and ${showShape(b)} do not broadcast: ` +
          `counted from the last axis, sizes must be equal or 1, and ${lengthA} meets ${lengthB}`,
      );
    }
    result.push(lengthA === 1 ? lengthB : lengthA);
  }
  return result;
}

/** Whether broadcasting `whole` with `part` gives the shape of `whole`. */
export function covers(whole: Shape, part: Shape): boolean {
  return (
    part.length <= whole.length &&
    part.every((length, axis) => length === 1 || length === whole[axis + whole.length - part.length])
  );
}

/** Turns a negative axis into a positive one and checks it. `rank` may be 0, where PyTorch accepts 0 and -1. */
export function normalizeAxis(axis: number, rank: number, operation: string): number {
  const limit = Math.max(rank, 1);
  if (!Number.isInteger(axis) || axis < -limit || axis >= limit) {
    throw new TensorError(
      "TENSOR_SHAPE",
      `${operation}: axis ${axis} is out of range for a tensor of ${rank} axes (${-limit} to ${limit - 1})`,
    );
  }
  return axis < 0 ? axis + limit : axis;
}

/** Sorted positive axes without repetition; `undefined` means all of them. */
export function normalizeAxes(
  axes: number | readonly number[] | undefined,
  rank: number,
  operation: string,
): readonly number[] {
  if (axes === undefined) return Array.from({ length: rank }, (_, axis) => axis);
  const positive =
    typeof axes === "number"
      ? [normalizeAxis(axes, rank, operation)]
      : axes.map((axis) => normalizeAxis(axis, rank, operation)).sort((a, b) => a - b);
  positive.forEach((axis, index) => {
    if (axis === positive[index - 1]) throw new TensorError("TENSOR_SHAPE", `${operation}: axis ${axis} appears twice`);
  });
  // PyTorch lets a scalar be reduced over its axis 0.
  return rank === 0 ? [] : positive;
}

export function reducedShape(shape: Shape, axes: readonly number[], keepdim: boolean): Shape {
  return keepdim
    ? shape.map((length, axis) => (axes.includes(axis) ? 1 : length))
    : shape.filter((_, axis) => !axes.includes(axis));
}

/** Fills in the one size written as -1. */
export function resolveReshape(from: Shape, to: Shape): Shape {
  const size = sizeOf(from);
  const unknown = to.indexOf(-1);
  const problem = (why: string) =>
    new TensorError(
      "TENSOR_SHAPE",
      `reshape: ${showShape(from)} (${size} elements) does not fit ${showShape(to)}: ${why}`,
    );
  if (to.some((length) => !Number.isInteger(length) || length < -1))
    throw problem("sizes are whole numbers, one may be -1");
  if (unknown < 0) {
    if (sizeOf(to) !== size) throw problem(`that has ${sizeOf(to)} elements`);
    return [...to];
  }
  if (to.indexOf(-1, unknown + 1) >= 0) throw problem("only one size may be -1");
  const known = sizeOf(to.filter((length) => length !== -1));
  if (known === 0 || size % known !== 0) throw problem(`${size} is not a multiple of ${known}`);
  return to.map((length) => (length === -1 ? size / known : length));
}
