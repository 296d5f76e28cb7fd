/** A module's memory, seen as arrays. A view of each type serves all that is written and read: making one takes longer than a small copy. */
import { allocate, type DType, type TypedArray } from "../dtype.ts";
import type { Memory } from "./webassembly.ts";

export interface Heap {
  /** Writes elements to an address, which fits their size. */
  put(address: number, data: TypedArray): void;
  /** Fills an array, or a new one, with what is at an address. NaN is one pattern in it. */
  copy(address: number, dtype: DType, length: number, into?: TypedArray): TypedArray;
}

interface Views {
  readonly buffer: ArrayBuffer;
  readonly float32: Float32Array;
  readonly int32: Int32Array;
  readonly int64: BigInt64Array;
  readonly uint8: Uint8Array;
}

function viewsOf(buffer: ArrayBuffer): Views {
  return {
    buffer,
    float32: new Float32Array(buffer),
    int32: new Int32Array(buffer),
    int64: new BigInt64Array(buffer),
    uint8: new Uint8Array(buffer),
  };
}

export function heapOf(memory: Memory): Heap {
  let views = viewsOf(memory.buffer);
  const now = () => {
    const { buffer } = memory;
    if (buffer !== views.buffer) views = viewsOf(buffer);
    return views;
  };
  return {
    put(address, data) {
      const { float32, int32, int64, uint8 } = now();
      if (data instanceof Float32Array) float32.set(data, address / 4);
      else if (data instanceof Int32Array) int32.set(data, address / 4);
      else if (data instanceof BigInt64Array) int64.set(data, address / 8);
      else uint8.set(data, address);
    },
    copy(address, dtype, length, into = allocate(dtype, length)) {
      const { float32, int32, int64, uint8 } = now();
      if (into instanceof Float32Array) {
        into.set(float32.subarray(address / 4, address / 4 + length));
        makeCanonical(into);
      } else if (into instanceof Int32Array) into.set(int32.subarray(address / 4, address / 4 + length));
      else if (into instanceof BigInt64Array) into.set(int64.subarray(address / 8, address / 8 + length));
      else into.set(uint8.subarray(address, address + length));
      return into;
    },
  };
}

/** WebAssembly leaves open which of the bit patterns that are NaN an operation gives. */
function makeCanonical(array: Float32Array): void {
  const bits = new Uint32Array(array.buffer, array.byteOffset, array.length);
  // Compared as whole numbers, five times as fast as by Number.isNaN: what stands above infinity.
  for (let index = 0; index < bits.length; index++)
    if (((bits[index] ?? 0) & 0x7fffffff) > 0x7f800000) bits[index] = 0x7fc00000;
}
