/** The element types of safetensors files, and what becomes of each here. */
import type { DType, TypedArray } from "../dtype.ts";

export interface StoredType {
  readonly bytes: number;
  readonly dtype: DType;
  decode(buffer: ArrayBuffer): TypedArray;
}

/** By the format's name. */
export const storedTypes: ReadonlyMap<string, StoredType> = new Map<string, StoredType>([
  ["F32", { bytes: 4, dtype: "float32", decode: (buffer) => new Float32Array(buffer) }],
  ["F64", { bytes: 8, dtype: "float32", decode: (buffer) => Float32Array.from(new Float64Array(buffer)) }],
  ["F16", { bytes: 2, dtype: "float32", decode: (buffer) => Float32Array.from(new Uint16Array(buffer), fromHalf) }],
  ["BF16", { bytes: 2, dtype: "float32", decode: fromUpperHalves }],
  ["U64", { bytes: 8, dtype: "int64", decode: fromUnsigned }],
  ["I64", { bytes: 8, dtype: "int64", decode: (buffer) => new BigInt64Array(buffer) }],
  [
    "U32",
    { bytes: 4, dtype: "int64", decode: (buffer) => BigInt64Array.from(Array.from(new Uint32Array(buffer), BigInt)) },
  ],
  ["I32", { bytes: 4, dtype: "int32", decode: (buffer) => new Int32Array(buffer) }],
  ["I16", { bytes: 2, dtype: "int32", decode: (buffer) => Int32Array.from(new Int16Array(buffer)) }],
  ["U16", { bytes: 2, dtype: "int32", decode: (buffer) => Int32Array.from(new Uint16Array(buffer)) }],
  ["I8", { bytes: 1, dtype: "int32", decode: (buffer) => Int32Array.from(new Int8Array(buffer)) }],
  ["U8", { bytes: 1, dtype: "uint8", decode: (buffer) => new Uint8Array(buffer) }],
  ["BOOL", { bytes: 1, dtype: "bool", decode: (buffer) => new Uint8Array(buffer) }],
]);

/** @throws RangeError where there is a number that int64 does not hold */
function fromUnsigned(buffer: ArrayBuffer): BigInt64Array {
  const data = new BigInt64Array(buffer);
  const large = data.find((value) => value < 0n);
  if (large === undefined) return data;
  throw new RangeError(`it has ${BigInt.asUintN(64, large)}, which is more than int64 holds (2^63 - 1)`);
}

/** IEEE 754's binary16: a sign, 5 bits of exponent, 10 of fraction. */
function fromHalf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0x1f) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1024 + fraction) * 2 ** (exponent - 25);
}

/** bfloat16 is the upper half of float32. */
function fromUpperHalves(buffer: ArrayBuffer): Float32Array {
  return new Float32Array(Uint32Array.from(new Uint16Array(buffer), (bits) => bits << 16).buffer);
}
