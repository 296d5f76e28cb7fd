import { allocate, type DType, dtypeOf, fromNumbers, type TypedArray } from "./dtype.ts";
import { TensorError } from "./errors.ts";
import { type Shape, showShape, sizeOf } from "./shape.ts";
import { constant, type NestedNumbers, type Tensor } from "./tensor.ts";

interface Options {
  readonly dtype?: DType;
}

type Nested = boolean | NestedNumbers | readonly Nested[];

/** A constant from (nested) arrays of numbers or booleans; float32, or bool for booleans, unless told otherwise. */
export function tensor(values: Nested, options: Options = {}): Tensor {
  const shape: number[] = [];
  for (let level: Nested | undefined = values; Array.isArray(level); level = level[0]) shape.push(level.length);
  const flat = new Float64Array(sizeOf(shape));
  let count = 0;
  let booleans = 0;
  // Data sets make a tensor of each sample: leaves are put in their places in one loop.
  const collect = (level: Nested, depth: number): void => {
    if (typeof level === "number" || typeof level === "boolean") {
      if (depth !== shape.length) throw ragged(shape);
      if (typeof level === "boolean") booleans++;
      flat[count++] = Number(level);
      return;
    }
    if (level.length !== shape[depth]) throw ragged(shape);
    for (const inner of level) {
      if (typeof inner === "number" && depth + 1 === shape.length) flat[count++] = inner;
      else collect(inner, depth + 1);
    }
  };
  collect(values, 0);
  const dtype = options.dtype ?? (booleans > 0 && booleans === count ? "bool" : "float32");
  return constant(fromNumbers(dtype, flat), shape, dtype);
}

function ragged(shape: Shape): TensorError {
  return new TensorError(
    "TENSOR_SHAPE",
    `tensor: the nested arrays are not of equal lengths; the first ones say ${showShape(shape)}`,
  );
}

/**
 * A constant over a typed array that holds the elements in row-major order; the array is kept, not copied. Bytes are
 * uint8. A Float64Array is rounded to float32, in an array of its own.
 */
export function fromArray(data: TypedArray | Float64Array, shape: Shape): Tensor {
  const kept = data instanceof Float64Array ? Float32Array.from(data) : data;
  return constant(kept, shape, dtypeOf(kept));
}

export function full(shape: Shape, value: number, { dtype = "float32" }: Options = {}): Tensor {
  return constant(fromNumbers(dtype, new Float64Array(sizeOf(shape)).fill(value)), shape, dtype);
}

export function zeros(shape: Shape, { dtype = "float32" }: Options = {}): Tensor {
  return constant(allocate(dtype, sizeOf(shape)), shape, dtype);
}

export function ones(shape: Shape, options: Options = {}): Tensor {
  return full(shape, 1, options);
}

/** start, start + step, … below end; int64 where all three are whole, as in PyTorch. */
export function arange(start: number, end?: number, step = 1, options: Options = {}): Tensor {
  const [from, to] = end === undefined ? [0, start] : [start, end];
  if (step === 0 || !Number.isFinite((to - from) / step))
    throw new TensorError("TENSOR_VALUE", `arange: step ${step} never gets from ${from} to ${to}`);
  const length = Math.max(0, Math.ceil((to - from) / step));
  const whole = [from, to, step].every(Number.isInteger);
  const dtype = options.dtype ?? (whole ? "int64" : "float32");
  return constant(
    fromNumbers(
      dtype,
      Array.from({ length }, (_, index) => from + index * step),
    ),
    [length],
    dtype,
  );
}

/** `steps` evenly spaced numbers from start to end, both included. */
export function linspace(start: number, end: number, steps: number): Tensor {
  const values = Float32Array.from({ length: steps }, (_, index) =>
    steps === 1 ? start : start + ((end - start) * index) / (steps - 1),
  );
  return constant(values, [steps], "float32");
}

/** The identity matrix. */
export function eye(n: number): Tensor {
  const values = new Float32Array(n * n);
  for (let index = 0; index < n; index++) values[index * (n + 1)] = 1;
  return constant(values, [n, n], "float32");
}
