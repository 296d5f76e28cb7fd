/** From stored to physical values: BSCALE, BZERO, BLANK and unsigned integers, FITS 4.0, sections 4.4.2.5 and 5.2.5. */
import { getNumber, getValue, type Header } from "../header/header.ts";
import { invalid } from "../structure.ts";
import type { Bitpix, PixelArray, PixelType, StoredArray } from "./pixel-types.ts";

export interface Scaling {
  readonly bscale: number;
  readonly bzero: number;
  /** The stored integer that marks an undefined pixel. */
  readonly blank: number | bigint | undefined;
  /** Integers whose BZERO shifts them into the other signedness; they stay integers. */
  readonly shifted: boolean;
}

/** @throws FitsError `KEYWORD_INVALID` where one of the keywords is no number */
export function readScaling(header: Header, bitpix: Bitpix): Scaling {
  const bscale = getNumber(header, "BSCALE") ?? 1;
  const zero = getValue(header, "BZERO");
  const bzero = getNumber(header, "BZERO") ?? 0;
  // BLANK means nothing for floating-point pixels, whose undefined value is NaN.
  const blank = bitpix < 0 ? undefined : getValue(header, "BLANK");
  if (blank !== undefined && typeof blank !== "bigint" && !(typeof blank === "number" && Number.isInteger(blank))) {
    throw invalid(header, "BLANK", blank, "expected a whole number");
  }
  const shift = typeof zero === "bigint" ? zero === 2n ** 63n : bzero === unsignedShift(bitpix);
  const shifted = shift && bitpix > 0 && bscale === 1 && blank === undefined;
  return { bscale, bzero, blank, shifted };
}

/** BZERO of the integers that FITS lacks: int8, uint16, uint32, uint64, table 11 of the standard. */
export function unsignedShift(bitpix: Bitpix): number {
  return bitpix === 8 ? -128 : 2 ** (bitpix - 1);
}

/**
 * What a pixel is without a wish: the stored type where nothing is to be scaled, else float32 for up to 16 bits and
 * float64 for more, where undefined pixels are NaN (as astropy chooses).
 */
export function naturalType(bitpix: Bitpix, { bscale, bzero, blank, shifted }: Scaling): PixelType {
  switch (bitpix) {
    case -32:
      return "float32";
    case -64:
      return "float64";
    default: {
      if (shifted) return ({ 8: "int8", 16: "uint16", 32: "uint32", 64: "uint64" } as const)[bitpix];
      if (bscale === 1 && bzero === 0 && blank === undefined) {
        return ({ 8: "uint8", 16: "int16", 32: "int32", 64: "int64" } as const)[bitpix];
      }
      return bitpix <= 16 ? "float32" : "float64";
    }
  }
}

/** Makes physical values of stored ones. May reuse their memory. */
export function decodeNatural(stored: StoredArray, bitpix: Bitpix, scaling: Scaling): PixelArray {
  switch (naturalType(bitpix, scaling)) {
    case "float32":
      return toFloat32(stored, scaling);
    case "float64":
      return toFloat64(stored, scaling);
    default:
      return scaling.shifted ? flipSign(stored) : stored;
  }
}

/** Physical values, with NaN for undefined ones. Reuses the memory where nothing is to be done. */
export function toFloat32(stored: StoredArray, scaling: Scaling): Float32Array {
  if (stored instanceof Float32Array && isIdentity(scaling)) return stored;
  return toFloat(stored, scaling, (length) => new Float32Array(length));
}

/** Physical values, with NaN for undefined ones. Reuses the memory where nothing is to be done. */
export function toFloat64(stored: StoredArray, scaling: Scaling): Float64Array {
  if (stored instanceof Float64Array && isIdentity(scaling)) return stored;
  return toFloat(stored, scaling, (length) => new Float64Array(length));
}

function isIdentity({ bscale, bzero, blank }: Scaling): boolean {
  return bscale === 1 && bzero === 0 && blank === undefined;
}

function toFloat<F extends Float32Array | Float64Array>(
  stored: StoredArray,
  { bscale, bzero, blank }: Scaling,
  make: (length: number) => F,
): F {
  const values = make(stored.length);
  if (stored instanceof BigInt64Array) {
    const undefinedValue = blank === undefined ? undefined : BigInt(blank);
    const shift = Number.isInteger(bzero) && bscale === 1 ? BigInt(bzero) : undefined;
    for (let i = 0; i < stored.length; i++) {
      const value = stored[i] ?? 0n;
      // Added as integers where they are such: 2^63 + small loses nothing before the one rounding.
      const scaled = shift === undefined ? Number(value) * bscale + bzero : Number(value + shift);
      values[i] = value === undefinedValue ? Number.NaN : scaled;
    }
    return values;
  }
  if (bscale === 1 && bzero === 0) values.set(stored);
  else for (let i = 0; i < stored.length; i++) values[i] = (stored[i] ?? 0) * bscale + bzero;
  if (blank !== undefined) {
    const undefinedValue = Number(blank);
    for (let i = 0; i < stored.length; i++) if (stored[i] === undefinedValue) values[i] = Number.NaN;
  }
  return values;
}

/** Adding 2^(n - 1) modulo 2^n is flipping the highest bit; done in place. */
export function flipSign(stored: PixelArray): PixelArray {
  const { buffer, byteOffset, length } = stored;
  if (stored instanceof Uint8Array || stored instanceof Int8Array) {
    for (let i = 0; i < length; i++) stored[i] = (stored[i] ?? 0) ^ 0x80;
    return stored instanceof Uint8Array
      ? new Int8Array(buffer, byteOffset, length)
      : new Uint8Array(buffer, byteOffset, length);
  }
  if (stored instanceof Int16Array || stored instanceof Uint16Array) {
    for (let i = 0; i < length; i++) stored[i] = (stored[i] ?? 0) ^ 0x8000;
    return stored instanceof Int16Array
      ? new Uint16Array(buffer, byteOffset, length)
      : new Int16Array(buffer, byteOffset, length);
  }
  if (stored instanceof Int32Array || stored instanceof Uint32Array) {
    for (let i = 0; i < length; i++) stored[i] = (stored[i] ?? 0) ^ 0x80000000;
    return stored instanceof Int32Array
      ? new Uint32Array(buffer, byteOffset, length)
      : new Int32Array(buffer, byteOffset, length);
  }
  if (stored instanceof BigInt64Array || stored instanceof BigUint64Array) {
    const words = new Uint32Array(buffer, byteOffset, length * 2);
    for (let i = 1; i < words.length; i += 2) words[i] = (words[i] ?? 0) ^ 0x80000000;
    return stored instanceof BigInt64Array
      ? new BigUint64Array(buffer, byteOffset, length)
      : new BigInt64Array(buffer, byteOffset, length);
  }
  return stored;
}
