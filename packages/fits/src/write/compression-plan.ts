import { FitsError } from "../fits-error.ts";
import { type Bitpix, bytesPerPixel } from "../image/pixel-types.ts";
import { countOf } from "../image/region.ts";
import type { Quantization } from "../tiles/dither.ts";
import type { WritableCodec } from "../tiles/encode-tile.ts";
import type { ImageDescription } from "./fits-writer.ts";
import { encodingOf } from "./image-header.ts";

export interface CompressionRequest {
  readonly type: WritableCodec;
  /** [height, width] of a tile; one row by default. */
  readonly tile?: readonly [height: number, width: number];
  /**
   * Floats lose digits that are noise: a step is the tile's noise / `level` (4 is coarse, 16 fine), or exactly -`level`
   * where it is negative. 0 keeps every bit, with GZIP_1 and GZIP_2 only. RICE_1: 16 by default, else 0.
   */
  readonly level?: number;
  /** SUBTRACTIVE_DITHER_1 by default; _2 keeps exact zeros. */
  readonly dither?: Quantization;
  /** ZDITHER0, 1 to 10000. */
  readonly seed?: number;
}

/** A request, completed for one image. */
export interface TilePlan {
  readonly codec: WritableCodec;
  readonly bitpix: Bitpix;
  /** Rows and columns of a plane. */
  readonly height: number;
  readonly width: number;
  readonly tileHeight: number;
  readonly tileWidth: number;
  readonly axes: number;
  readonly numTiles: number;
  readonly quantized: boolean;
  readonly level: number;
  readonly method: Quantization;
  readonly seed: number;
  readonly descriptor: "P" | "Q";
  readonly descriptorLength: number;
  readonly rowLength: number;
  readonly largestHeap: number;
}

/** @throws FitsError `WRITE_INVALID` */
export function planTiles({ shape, type }: ImageDescription, request: CompressionRequest, file: string): TilePlan {
  const { bitpix } = encodingOf(type);
  const wrong = (problem: string, remedy: string) => new FitsError({ code: "WRITE_INVALID", file, problem, remedy });
  const {
    type: codec,
    tile: [tileHeight, tileWidth] = [1, shape.at(-1) ?? 1],
    dither: method = "SUBTRACTIVE_DITHER_1",
    seed = 1,
  } = request;
  const { level = codec === "RICE_1" ? 16 : 0 } = request;
  const quantized = bitpix < 0 && level !== 0;
  if (codec === "RICE_1" && bitpix === 64) throw wrong("RICE_1 cannot hold 64-bit integers", "Use GZIP_2");
  if (codec === "RICE_1" && bitpix < 0 && !quantized)
    throw wrong("RICE_1 cannot keep every bit of floats", "Use GZIP_2, or a level");
  if (![tileHeight, tileWidth].every((length) => Number.isInteger(length) && length >= 1)) {
    throw wrong(`${tileHeight} x ${tileWidth} is no tile`, "Give two whole lengths from 1 on");
  }
  if (!Number.isFinite(level)) throw wrong(`${level} is no level`, "Give a number, 16 for instance");
  if (!Number.isInteger(seed) || seed < 1 || seed > 10_000) throw wrong(`${seed} is no seed`, "Give 1 to 10000");
  const width = shape.at(-1) ?? 1;
  const height = shape.at(-2) ?? 1;
  const planes = shape.slice(0, -2).reduce((product, length) => product * length, 1);
  // Compressed data can be a little larger than they were.
  const descriptor = countOf(shape) * bytesPerPixel(bitpix) * 1.1 > 2 ** 31 - 1 ? "Q" : "P";
  const descriptorLength = descriptor === "P" ? 8 : 16;
  return {
    codec,
    bitpix,
    height,
    width,
    tileHeight: Math.min(tileHeight, height),
    tileWidth: Math.min(tileWidth, width),
    axes: shape.length,
    numTiles: planes * Math.ceil(height / Math.min(tileHeight, height)) * Math.ceil(width / Math.min(tileWidth, width)),
    quantized,
    level,
    method,
    seed,
    descriptor,
    descriptorLength,
    rowLength: quantized ? 2 * descriptorLength + 16 : descriptorLength,
    largestHeap: descriptor === "P" ? 2 ** 31 - 1 : Number.MAX_SAFE_INTEGER,
  };
}
