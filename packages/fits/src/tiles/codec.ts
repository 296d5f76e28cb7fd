import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { FitsError, type Place } from "../fits-error.ts";
import { type Bitpix, bytesPerPixel, type StoredArray, storedView, swapBytes } from "../image/pixel-types.ts";
import { decodeHcompress, mostHcompressPixels } from "./hcompress.ts";
import { decodePlio, mostPlioPixels } from "./plio.ts";
import { decodeRice, mostRicePixels } from "./rice.ts";

const unzip = promisify(gunzip);

/** Codecs that can be read, by ZCMPTYPE; RICE_ONE is an old name. */
export const READABLE_CODECS = [
  "RICE_1",
  "RICE_ONE",
  "GZIP_1",
  "GZIP_2",
  "PLIO_1",
  "HCOMPRESS_1",
  "NOCOMPRESS",
] as const;
export type Codec = (typeof READABLE_CODECS)[number];

/** What the ZNAMEn and ZVALn keywords say to RICE_1. */
export interface RiceParameters {
  readonly bytePix: 1 | 2 | 4;
  readonly blockSize: number;
}

export interface TileCoding {
  readonly codec: Codec;
  readonly rice: RiceParameters;
  /** HCOMPRESS_1: whether coefficients are smoothed. */
  readonly smooth: boolean;
}

/** Deflate cannot do better than 1032 : 1, so that a tile which claims more is not given memory. */
export const BEST_GZIP_RATIO = 1032;

/** The most pixels that `byteLength` compressed bytes can hold. */
export function mostPixels({ codec, rice }: TileCoding, byteLength: number): number {
  switch (codec) {
    case "RICE_1":
    case "RICE_ONE":
      return mostRicePixels(byteLength, rice.bytePix, rice.blockSize);
    case "GZIP_1":
    case "GZIP_2":
      return byteLength * BEST_GZIP_RATIO;
    case "PLIO_1":
      return mostPlioPixels(byteLength);
    case "HCOMPRESS_1":
      return mostHcompressPixels(byteLength);
    case "NOCOMPRESS":
      return byteLength;
    default:
      return codec satisfies never;
  }
}

/**
 * Unpacks the integers (or unquantised floats) of one tile.
 * @param bitpix type of the elements; gzip may hold 32-bit integers in its place, as some writers leave them
 * @throws FitsError `DATA_INVALID`
 */
export async function decodeTile(
  bytes: Uint8Array,
  coding: TileCoding,
  bitpix: Bitpix,
  count: number,
  place: Place | undefined,
): Promise<StoredArray> {
  if (count > mostPixels(coding, bytes.length))
    throw brokenTile(place, `${bytes.length} bytes cannot hold ${count} pixels`);
  const { codec, rice, smooth } = coding;
  switch (codec) {
    case "RICE_1":
    case "RICE_ONE": {
      const values = decodeRice(bytes, count, rice.bytePix, rice.blockSize);
      if (values === null) throw brokenTile(place, "the Rice code ends early or is none");
      return narrowed(values, bitpix);
    }
    case "GZIP_1":
    case "GZIP_2":
      return elements(await gunzipped(bytes, count * 8, place), bitpix, count, codec === "GZIP_2", place);
    case "PLIO_1": {
      const values = decodePlio(bytes, count);
      if (values === null) throw brokenTile(place, "its line list ends early or is none");
      return narrowed(values, bitpix);
    }
    case "HCOMPRESS_1": {
      const values = decodeHcompress(bytes, count, smooth);
      if (values === null) throw brokenTile(place, "the H-transform ends early or is none");
      return narrowed(Int32Array.from(values), bitpix);
    }
    case "NOCOMPRESS":
      return elements(Uint8Array.from(bytes), bitpix, count, false, place);
    default:
      return codec satisfies never;
  }
}

function narrowed(values: Int32Array, bitpix: Bitpix): StoredArray {
  if (bitpix === 8) return Uint8Array.from(values);
  if (bitpix === 64) return BigInt64Array.from(values, BigInt);
  return bitpix === 16 ? Int16Array.from(values) : values;
}

export async function gunzipped(
  bytes: Uint8Array,
  most: number,
  place: Place | undefined,
): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return Uint8Array.from(await unzip(bytes, { maxOutputLength: Math.max(most, 1) }));
  } catch (cause) {
    throw brokenTile(place, "its gzip data cannot be unpacked", cause);
  }
}

/** Big-endian elements; `shuffled` has all first bytes, then all second ones, … (section 10.4.3). */
function elements(
  bytes: Uint8Array<ArrayBuffer>,
  bitpix: Bitpix,
  count: number,
  shuffled: boolean,
  place: Place | undefined,
): StoredArray {
  const size = count === 0 ? 1 : bytes.length / count;
  const type = size === bytesPerPixel(bitpix) ? bitpix : size === 4 && bitpix > 0 && bitpix < 64 ? 32 : undefined;
  if (type === undefined) throw brokenTile(place, `it holds ${bytes.length} bytes for ${count} pixels`);
  const plain = shuffled && size > 1 ? unshuffle(bytes, size) : bytes;
  swapBytes(plain, size);
  return storedView(plain, type);
}

export function unshuffle(bytes: Uint8Array, size: number): Uint8Array<ArrayBuffer> {
  const count = bytes.length / size;
  const plain = new Uint8Array(bytes.length);
  for (let byte = 0; byte < size; byte++) {
    for (let i = 0; i < count; i++) plain[i * size + byte] = bytes[byte * count + i] ?? 0;
  }
  return plain;
}

export function brokenTile(place: Place | undefined, why: string, cause?: unknown): FitsError {
  return new FitsError({
    code: "DATA_INVALID",
    place,
    problem: `a compressed tile is corrupt: ${why}`,
    remedy: "Fetch the file again; funpack and fitsverify can tell more",
    cause,
  });
}
