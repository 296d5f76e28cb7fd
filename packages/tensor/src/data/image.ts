/** PNG and JPEG files as arrays of numbers. */
import { readFile, stat } from "node:fs/promises";
import { TensorError } from "../errors.ts";
import { isFalseHeader, readImageHeader } from "./image-header.ts";
import { firstPicture } from "./png-chunks.ts";

export interface ImageOptions {
  /** 1 for grey, 3 for red, green and blue; what the file has is converted, opacity is left out. */
  readonly channels?: 1 | 3;
  /** [height, width] to resize to; without it images keep their sizes. */
  readonly size?: readonly [number, number] | undefined;
  /** Files with more pixels are refused before they are decoded, which takes some 20 bytes of memory a pixel. */
  readonly maxPixels?: number;
}

/** 8192 x 8192 */
const defaultMaxPixels = 2 ** 26;

export interface Image {
  /** From 0 to 1. */
  readonly data: Float32Array<ArrayBuffer>;
  readonly shape: readonly [channels: number, height: number, width: number];
}

/** Samples of one picture in rows, the channels of a point beside each other. */
interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  readonly data: ArrayLike<number>;
  /** What full brightness is in `data`. */
  readonly full: number;
}

/** @throws TensorError if the file cannot be read, or is neither PNG nor JPEG */
export async function readImage(path: string, options: ImageOptions = {}): Promise<Image> {
  const { channels = 3, size, maxPixels = defaultMaxPixels } = options;
  const bytes = await readBounded(path, mostBytesPerPixel * maxPixels + mostOtherBytes).catch((error: unknown) => {
    if (error instanceof TensorError) throw error;
    throw new TensorError("TENSOR_FILE", `${path} cannot be read`, { cause: error });
  });
  const planes = toPlanes(await decode(path, bytes, maxPixels), channels);
  return size === undefined ? planes : resize(planes, size);
}

/** Four samples of two bytes. */
const mostBytesPerPixel = 8;
/** Texts, profiles, previews. */
const mostOtherBytes = 2 ** 26;

async function readBounded(path: string, mostBytes: number): Promise<Uint8Array> {
  const { size } = await stat(path);
  if (size <= mostBytes) return readFile(path);
  const message = `${path} has ${size} bytes, more than ${mostBytes}, which the largest picture that maxPixels allows would need; is it a picture?`;
  throw new TensorError("TENSOR_FILE", message);
}

async function decode(path: string, bytes: Uint8Array, maxPixels: number): Promise<Pixels> {
  const header = readImageHeader(bytes);
  if (header === undefined) throw new TensorError("TENSOR_FILE", `${path} is neither a PNG nor a JPEG file`);
  const { kind, width, height } = header;
  if (isFalseHeader(header, bytes.length)) {
    const message = `${path} is a broken ${kind} file: its header says ${width} x ${height} pixels, its ${bytes.length} bytes cannot hold them`;
    throw new TensorError("TENSOR_FILE", message);
  }
  if (width * height > maxPixels) {
    const message = `${path} has ${width} x ${height} pixels, more than maxPixels allows (${maxPixels}); make the file smaller, or set maxPixels`;
    throw new TensorError("TENSOR_FILE", message);
  }
  try {
    return await (kind === "PNG" ? decodePng(bytes) : decodeJpeg(bytes));
  } catch (error) {
    throw new TensorError(
      "TENSOR_FILE",
      `${path} is a broken ${kind} file: ${error instanceof Error ? error.message : error}`,
      { cause: error },
    );
  }
}

// The decoders are loaded when first needed: most programs read no images.

async function decodePng(bytes: Uint8Array): Promise<Pixels> {
  const { decode: decodeFile, convertIndexedToRgb } = await import("fast-png");
  const png = decodeFile(firstPicture(bytes));
  const { width, height, channels, depth, palette } = png;
  if (palette !== undefined) {
    const data = convertIndexedToRgb(png);
    return { width, height, channels: data.length / (width * height), data, full: 255 };
  }
  if (depth === 8 || depth === 16) return { width, height, channels, data: png.data, full: 2 ** depth - 1 };
  return { width, height, channels, data: unpack(png.data, width, height, depth), full: 2 ** depth - 1 };
}

/** Grey values of less than a byte, several in each byte, rows beginning with a byte. */
function unpack(packed: ArrayLike<number>, width: number, height: number, depth: number): Uint8Array {
  const perByte = 8 / depth;
  const rowBytes = Math.ceil(width / perByte);
  const mask = 2 ** depth - 1;
  return Uint8Array.from({ length: width * height }, (_, index) => {
    const [row, column] = [Math.floor(index / width), index % width];
    const byte = packed[row * rowBytes + Math.floor(column / perByte)] ?? 0;
    return (byte >> (8 - depth * ((column % perByte) + 1))) & mask;
  });
}

async function decodeJpeg(bytes: Uint8Array): Promise<Pixels> {
  const { default: jpeg } = await import("jpeg-js");
  // The pixels are counted already.
  const bounds = { maxResolutionInMP: Number.POSITIVE_INFINITY, maxMemoryUsageInMB: Number.POSITIVE_INFINITY };
  const { width, height, data } = jpeg.decode(bytes, { useTArray: true, tolerantDecoding: false, ...bounds });
  return { width, height, channels: 4, data, full: 255 };
}

/** Channels one behind the other, from 0 to 1; grey with the weights of ITU-R BT.601. */
function toPlanes({ width, height, channels, data, full }: Pixels, wanted: 1 | 3): Image {
  const points = width * height;
  const planes = new Float32Array(wanted * points);
  const isColor = channels >= 3;
  for (let point = 0; point < points; point++) {
    const at = (channel: number) => (data[point * channels + (isColor ? channel : 0)] ?? 0) / full;
    if (wanted === 1) planes[point] = isColor ? 0.299 * at(0) + 0.587 * at(1) + 0.114 * at(2) : at(0);
    else for (let channel = 0; channel < 3; channel++) planes[channel * points + point] = at(channel);
  }
  return { data: planes, shape: [wanted, height, width] };
}

/** Bilinear, over as many points as one covers where it makes smaller: PyTorch's interpolate with antialias. */
export function resize({ data, shape: [channels, height, width] }: Image, size: readonly [number, number]): Image {
  const [newHeight, newWidth] = size;
  const wide = resizeRows(data, channels * height, width, newWidth);
  const turned = transpose(wide, channels, height, newWidth);
  const both = resizeRows(turned, channels * newWidth, height, newHeight);
  return { data: transpose(both, channels, newWidth, newHeight), shape: [channels, newHeight, newWidth] };
}

function resizeRows(data: Float32Array, rows: number, length: number, newLength: number): Float32Array<ArrayBuffer> {
  const scale = length / newLength;
  const reach = Math.max(1, scale);
  const resized = new Float32Array(rows * newLength);
  for (let to = 0; to < newLength; to++) {
    const center = (to + 0.5) * scale;
    const first = Math.max(0, Math.trunc(center - reach + 0.5));
    const end = Math.min(length, Math.trunc(center + reach + 0.5));
    const weights = Array.from({ length: end - first }, (_, index) =>
      Math.max(0, 1 - Math.abs((first + index + 0.5 - center) / reach)),
    );
    const total = weights.reduce((a, b) => a + b, 0);
    for (let row = 0; row < rows; row++) {
      let sum = 0;
      for (const [index, weight] of weights.entries()) sum += weight * (data[row * length + first + index] ?? 0);
      resized[row * newLength + to] = sum / total;
    }
  }
  return resized;
}

/** [planes, rows, columns] to [planes, columns, rows]. */
function transpose(data: Float32Array, planes: number, rows: number, columns: number): Float32Array<ArrayBuffer> {
  const turned = new Float32Array(data.length);
  for (let plane = 0; plane < planes; plane++) {
    const offset = plane * rows * columns;
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++)
        turned[offset + column * rows + row] = data[offset + row * columns + column] ?? 0;
    }
  }
  return turned;
}
