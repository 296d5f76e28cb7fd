import { promisify } from "node:util";
import { gzip } from "node:zlib";
import type { StoredArray } from "../image/pixel-types.ts";
import { type Bitpix, bytesPerPixel, swapBytes } from "../image/pixel-types.ts";
import { encodeRice } from "./rice.ts";

const zip = promisify(gzip);

/** Codecs that can be written. */
export type WritableCodec = "RICE_1" | "GZIP_1" | "GZIP_2";

export const BLOCK_SIZE = 32;

export async function encodeTile(values: StoredArray, codec: WritableCodec, bitpix: Bitpix): Promise<Uint8Array> {
  switch (codec) {
    case "RICE_1":
      if (values instanceof BigInt64Array) throw new TypeError("RICE_1 holds no 64-bit integers");
      return encodeRice(values, bytePixOf(bitpix), BLOCK_SIZE);
    case "GZIP_1":
      return zip(bigEndian(values));
    case "GZIP_2":
      return zip(shuffle(bigEndian(values), bytesPerPixel(bitpix)));
    default:
      return codec satisfies never;
  }
}

/** BYTEPIX of RICE_1. */
export function bytePixOf(bitpix: Bitpix): 1 | 2 | 4 {
  return bitpix === 8 ? 1 : bitpix === 16 ? 2 : 4;
}

function bigEndian(values: StoredArray): Uint8Array {
  const copy = values.slice();
  const bytes = new Uint8Array(copy.buffer, copy.byteOffset, copy.byteLength);
  swapBytes(bytes, copy.BYTES_PER_ELEMENT);
  return bytes;
}

/** All first bytes, then all second ones, …: equal exponents then stand together. */
function shuffle(bytes: Uint8Array, size: number): Uint8Array {
  const count = bytes.length / size;
  const shuffled = new Uint8Array(bytes.length);
  for (let i = 0; i < count; i++) {
    for (let byte = 0; byte < size; byte++) shuffled[byte * count + i] = bytes[i * size + byte] ?? 0;
  }
  return shuffled;
}
