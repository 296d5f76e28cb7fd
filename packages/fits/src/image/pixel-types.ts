/** Arrays of pixels, what FITS stores and what a caller gets. */

export const BITPIX_TYPES = [8, 16, 32, 64, -32, -64] as const;
export type Bitpix = (typeof BITPIX_TYPES)[number];

/** What the data area can hold, section 4.4.1.1. Integers of 64 bits are bigints, so that none loses digits. */
export type StoredArray = Uint8Array | Int16Array | Int32Array | BigInt64Array | Float32Array | Float64Array;

/** Pixels as a caller gets and gives them; the types that FITS lacks use its convention for unsigned integers. */
export type PixelArray = StoredArray | Int8Array | Uint16Array | Uint32Array | BigUint64Array;

export const PIXEL_TYPES = [
  "uint8",
  "int8",
  "int16",
  "uint16",
  "int32",
  "uint32",
  "int64",
  "uint64",
  "float32",
  "float64",
] as const;
export type PixelType = (typeof PIXEL_TYPES)[number];

export interface Pixels<D extends PixelArray = PixelArray> {
  /** The slowest axis first, as numpy and C have it: [NAXISn, …, NAXIS2, NAXIS1]. */
  readonly shape: readonly number[];
  readonly data: D;
}

export function bytesPerPixel(bitpix: Bitpix): number {
  return Math.abs(bitpix) / 8;
}

/** An array over the same memory. @param bytes native byte order, at the start of their buffer */
export function storedView(bytes: Uint8Array<ArrayBuffer>, bitpix: Bitpix): StoredArray {
  const { buffer, byteLength } = bytes;
  const length = byteLength / bytesPerPixel(bitpix);
  switch (bitpix) {
    case 8:
      return new Uint8Array(buffer, 0, length);
    case 16:
      return new Int16Array(buffer, 0, length);
    case 32:
      return new Int32Array(buffer, 0, length);
    case 64:
      return new BigInt64Array(buffer, 0, length);
    case -32:
      return new Float32Array(buffer, 0, length);
    case -64:
      return new Float64Array(buffer, 0, length);
    default:
      return bitpix satisfies never;
  }
}

/**
 * Turns big-endian elements, which FITS has, into the machine's, and back, in place. Only little-endian processors are
 * supported, which x64 and arm64 are.
 */
export function swapBytes(bytes: Uint8Array, elementLength: number): void {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (elementLength === 2) buffer.swap16();
  else if (elementLength === 4) buffer.swap32();
  else if (elementLength === 8) buffer.swap64();
}

export function pixelTypeOf(data: PixelArray): PixelType {
  if (data instanceof Uint8Array) return "uint8";
  if (data instanceof Int8Array) return "int8";
  if (data instanceof Int16Array) return "int16";
  if (data instanceof Uint16Array) return "uint16";
  if (data instanceof Int32Array) return "int32";
  if (data instanceof Uint32Array) return "uint32";
  if (data instanceof BigInt64Array) return "int64";
  if (data instanceof BigUint64Array) return "uint64";
  return data instanceof Float32Array ? "float32" : "float64";
}
