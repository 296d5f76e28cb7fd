import { FitsError } from "../fits-error.ts";
import type { Header } from "../header/header.ts";
import { formatHeader } from "../header/header-bytes.ts";
import { bytesPerPixel, type PixelArray, type StoredArray, storedView } from "../image/pixel-types.ts";
import { flipSign } from "../image/scaling.ts";
import { quantize } from "../tiles/dither.ts";
import { encodeTile } from "../tiles/encode-tile.ts";
import { estimateNoise } from "../tiles/noise.ts";
import { type CompressionRequest, planTiles, type TilePlan } from "./compression-plan.ts";
import type { ImageDescription } from "./fits-writer.ts";
import { encodingOf } from "./image-header.ts";
import { type HduTarget, type ImageRows, rowCounter } from "./image-rows.ts";
import { tiledHeader } from "./tiled-table-header.ts";

export type { CompressionRequest } from "./compression-plan.ts";

/** Writes an image as a table of compressed tiles; holds one band of tiles, and the table, which has a row per tile. */
export async function tiledImageRows(
  target: HduTarget,
  header: Header,
  description: ImageDescription,
  request: CompressionRequest,
): Promise<ImageRows> {
  const { file, path, start, finished } = target;
  const plan = planTiles(description, request, path);
  const { bitpix, bzero } = encodingOf(description.type);
  const headerLength = formatHeader(tiledHeader(header, plan, 0, [0, 0])).length;
  const dataOffset = start + headerLength;
  const heapOffset = dataOffset + plan.numTiles * plan.rowLength;
  const table = new DataView(new ArrayBuffer(plan.numTiles * plan.rowLength));
  const counter = rowCounter(description, path);
  const longest: [number, number] = [0, 0];
  let tile = 0;
  let heapLength = 0;
  let planeRow = 0;
  let band = makeBand();
  let filled = 0;

  function makeBand(): StoredArray {
    const height = Math.min(plan.tileHeight, plan.height - planeRow);
    return storedView(new Uint8Array(height * plan.width * bytesPerPixel(bitpix)), bitpix);
  }

  async function store(values: StoredArray, width: number): Promise<void> {
    const { bytes, column, scale, zero } = await encodeOne(values, width, plan, tile);
    if (heapLength + bytes.length > plan.largestHeap) throw tooLarge(path);
    await file.write(bytes, heapOffset + heapLength);
    const row = tile * plan.rowLength;
    writeDescriptor(table, row + column * plan.descriptorLength, plan, bytes.length, heapLength);
    if (plan.quantized) {
      table.setFloat64(row + 2 * plan.descriptorLength, scale);
      table.setFloat64(row + 2 * plan.descriptorLength + 8, zero);
    }
    longest[column] = Math.max(longest[column], bytes.length);
    heapLength += bytes.length;
    tile += 1;
  }

  async function finishBand(): Promise<void> {
    const height = band.length / plan.width;
    for (let x = 0; x < plan.width; x += plan.tileWidth) {
      const width = Math.min(plan.tileWidth, plan.width - x);
      await store(columnsOf(band, plan.width, height, x, width), width);
    }
    planeRow = (planeRow + height) % plan.height;
    band = makeBand();
    filled = 0;
  }

  return {
    async write(rows) {
      counter.add(rows);
      for (let from = 0; from < rows.length; ) {
        const taken = Math.min(rows.length - from, band.length - filled);
        const piece = rows.slice(from, from + taken);
        fill(band, bzero === undefined ? piece : flipSign(piece), filled);
        from += taken;
        filled += taken;
        if (filled === band.length) await finishBand();
      }
    },
    async end() {
      counter.finish();
      await file.write(new Uint8Array(table.buffer), dataOffset);
      await finished(heapOffset + heapLength - dataOffset, tiledHeader(header, plan, heapLength, longest));
    },
  };
}

/** `column` 0 is COMPRESSED_DATA, 1 GZIP_COMPRESSED_DATA for floats that cannot be quantised. */
async function encodeOne(values: StoredArray, width: number, plan: TilePlan, tile: number) {
  const { codec, bitpix, quantized, level, method, seed } = plan;
  if (!quantized || !(values instanceof Float32Array || values instanceof Float64Array)) {
    return { bytes: await encodeTile(values, codec, bitpix), column: 0, scale: 0, zero: 0 } as const;
  }
  const scale = level > 0 ? estimateNoise(values, width) / level : -level;
  let zero = Number.POSITIVE_INFINITY;
  for (const value of values) if (value < zero) zero = value;
  const usable = scale > 0 && Number.isFinite(scale) && Number.isFinite(zero);
  const integers = usable ? quantize(values, { method, seed, tile, scale, zero }) : null;
  if (integers === null)
    return { bytes: await encodeTile(values, "GZIP_1", bitpix), column: 1, scale: 0, zero: 0 } as const;
  return { bytes: await encodeTile(integers, codec, 32), column: 0, scale, zero } as const;
}

function writeDescriptor(table: DataView, at: number, { descriptor }: TilePlan, length: number, offset: number): void {
  if (descriptor === "P") {
    table.setInt32(at, length);
    table.setInt32(at + 4, offset);
  } else {
    table.setBigInt64(at, BigInt(length));
    table.setBigInt64(at + 8, BigInt(offset));
  }
}

function columnsOf(band: StoredArray, bandWidth: number, height: number, x: number, width: number): StoredArray {
  if (width === bandWidth) return band;
  const values = band.slice(0, width * height);
  for (let y = 0; y < height; y++) fill(values, band.subarray(y * bandWidth + x, y * bandWidth + x + width), y * width);
  return values;
}

function fill(target: StoredArray, values: PixelArray, at: number): void {
  if (target instanceof BigInt64Array) {
    if (values instanceof BigInt64Array || values instanceof BigUint64Array) target.set(values, at);
  } else if (!(values instanceof BigInt64Array || values instanceof BigUint64Array)) target.set(values, at);
}

function tooLarge(file: string): FitsError {
  const remedy = "Leave the pixels' type smaller, or split the image into several HDUs";
  return new FitsError({
    code: "WRITE_INVALID",
    file,
    problem: "the compressed tiles do not fit into the heap",
    remedy,
  });
}
