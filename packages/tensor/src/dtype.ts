import { platform } from "#platform";
import { TensorError } from "./errors.ts";

/**
 * Where the elements of a tensor of each type live, in PyTorch's promotion order: a binary operation is done in the later of
 * its operands' types. A `bool` is one byte, 0 or 1; `uint8` is there for pixels, `int32` for indices and random bits;
 * labels are `int64`, as in PyTorch.
 */
const arrays = {
  bool: Uint8Array,
  uint8: Uint8Array,
  int32: Int32Array,
  int64: BigInt64Array,
  float32: Float32Array,
} as const;

/** Element types. */
export type DType = keyof typeof arrays;

export type TypedArray = Float32Array | BigInt64Array | Int32Array | Uint8Array;

export const dtypes: readonly DType[] = ["bool", "uint8", "int32", "int64", "float32"];

export function promote(a: DType, b: DType): DType {
  return dtypes.indexOf(a) >= dtypes.indexOf(b) ? a : b;
}

export function isInteger(dtype: DType): boolean {
  return dtype === "uint8" || dtype === "int32" || dtype === "int64";
}

export const bytesPerElement: Readonly<Record<DType, number>> = { float32: 4, int64: 8, int32: 4, uint8: 1, bool: 1 };

export function allocate(dtype: DType, length: number): TypedArray {
  checkDType(dtype);
  return new arrays[dtype](length);
}

/** The same for a caller who writes every element before anyone reads one: zeros would be written for nothing. */
export function allocateUnfilled(dtype: DType, length: number): TypedArray {
  checkDType(dtype);
  return new arrays[dtype](platform.unfilled(length * bytesPerElement[dtype]));
}

/**
 * A new array of `dtype` that holds `values`; floating values are cut towards zero for integer types, and uint8 begins
 * again after 255, as PyTorch does.
 */
export function fromNumbers(dtype: DType, values: ArrayLike<number>): TypedArray {
  checkDType(dtype);
  switch (dtype) {
    case "float32":
      // Not Float32Array.from, which goes over iterators: eight times as slow.
      return new Float32Array(values);
    case "int64":
      return BigInt64Array.from(Array.from(values), (value) => BigInt(Math.trunc(value)));
    case "int32":
      return new Int32Array(values);
    case "uint8":
      return new Uint8Array(values);
    case "bool":
      return Uint8Array.from(values, (value) => (value === 0 ? 0 : 1));
    default:
      return dtype satisfies never;
  }
}

/** Callers without a compiler may have given any. */
export function checkDType(dtype: DType): void {
  if (!Object.hasOwn(arrays, dtype))
    throw new TensorError("TENSOR_DTYPE", `there is no type ${JSON.stringify(dtype)}; types are ${dtypes.join(", ")}`);
}

/** The type of which an array is; bytes are uint8, unless something says that they are bool. */
export function dtypeOf(data: TypedArray): DType {
  const dtype = dtypes.findLast((each) => data instanceof arrays[each]);
  if (dtype !== undefined) return dtype;
  const kind = Object.prototype.toString.call(data).slice("[object ".length, -1);
  throw new TensorError(
    "TENSOR_DTYPE",
    `no tensor can be made of ${kind}: elements are in Float32Array, BigInt64Array, Int32Array or Uint8Array. Convert it with Float32Array.from`,
  );
}

/** Whether a tensor of the type can have its elements in this array. */
export function holds(data: TypedArray, dtype: DType): boolean {
  return data instanceof arrays[dtype];
}

/** The elements as JavaScript numbers. */
export function toNumbers(data: TypedArray): number[] {
  return data instanceof BigInt64Array ? Array.from(data, Number) : Array.from(data);
}

export function expectFloat32(data: TypedArray, what: string): Float32Array {
  if (data instanceof Float32Array) return data;
  throw new TensorError(
    "TENSOR_DTYPE",
    `${what} is ${dtypeOf(data)}; float32 is needed. Convert it with .to("float32").`,
  );
}

/** Puts elements at a place of an array of the same type, which the compiler cannot know. */
export function setPart(target: TypedArray, source: TypedArray, offset: number): void {
  if (target instanceof BigInt64Array && source instanceof BigInt64Array) target.set(source, offset);
  else if (!(target instanceof BigInt64Array) && !(source instanceof BigInt64Array)) target.set(source, offset);
}
