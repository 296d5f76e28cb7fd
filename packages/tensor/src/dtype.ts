import { TensorError } from "./errors.ts";

/** Element types. `int32` is there for indices and random bits; labels are `int64`, as in PyTorch. */
export type DType = "float32" | "int64" | "int32" | "bool";

/** Where the elements of a tensor of each type live. A `bool` is one byte, 0 or 1. */
export type TypedArray = Float32Array | BigInt64Array | Int32Array | Uint8Array;

/** PyTorch's promotion order: a binary operation is done in the later of its operands' types. */
const promotionOrder: readonly DType[] = ["bool", "int32", "int64", "float32"];

export function promote(a: DType, b: DType): DType {
  return promotionOrder.indexOf(a) >= promotionOrder.indexOf(b) ? a : b;
}

export const bytesPerElement: Readonly<Record<DType, number>> = { float32: 4, int64: 8, int32: 4, bool: 1 };

export function allocate(dtype: DType, length: number): TypedArray {
  switch (dtype) {
    case "float32":
      return new Float32Array(length);
    case "int64":
      return new BigInt64Array(length);
    case "int32":
      return new Int32Array(length);
    case "bool":
      return new Uint8Array(length);
    default:
      return dtype satisfies never;
  }
}

/** A new array of `dtype` that holds `values`; floating values are cut towards zero for integer types, as PyTorch does. */
export function fromNumbers(dtype: DType, values: ArrayLike<number>): TypedArray {
  switch (dtype) {
    case "float32":
      return Float32Array.from(values);
    case "int64":
      return BigInt64Array.from(Array.from(values), (value) => BigInt(Math.trunc(value)));
    case "int32":
      return Int32Array.from(values);
    case "bool":
      return Uint8Array.from(values, (value) => (value === 0 ? 0 : 1));
    default:
      return dtype satisfies never;
  }
}

export function dtypeOf(data: TypedArray): DType {
  if (data instanceof Float32Array) return "float32";
  if (data instanceof BigInt64Array) return "int64";
  if (data instanceof Int32Array) return "int32";
  return "bool";
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
