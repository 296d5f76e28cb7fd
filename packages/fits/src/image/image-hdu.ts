import { FitsError } from "../fits-error.ts";
import type { HduBase } from "../hdu.ts";
import type { Header } from "../header/header.ts";
import type { PixelStore } from "./pixel-store.ts";
import {
  type Bitpix,
  bytesPerPixel,
  type PixelArray,
  type Pixels,
  type PixelType,
  type StoredArray,
} from "./pixel-types.ts";
import { checkRegion, countOf, type Range, regionShape } from "./region.ts";
import { decodeNatural, naturalType, readScaling, type Scaling, toFloat32, toFloat64 } from "./scaling.ts";

/** Rows that follow one another, see `ImageHdu.rows`. */
export interface RowBlock<D extends PixelArray = PixelArray> {
  /** Number of the first row, counted through all planes. */
  readonly firstRow: number;
  readonly rowCount: number;
  /** [rowCount, width] */
  readonly data: D;
}

/** What tile compression was used, section 10 of the standard. */
export interface Compression {
  /** ZCMPTYPE: RICE_1, GZIP_1, GZIP_2, NOCOMPRESS can be read. */
  readonly type: string;
  /** Slowest axis first, as the image's shape. */
  readonly tileShape: readonly number[];
  /** ZQUANTIZ of quantised floats. */
  readonly quantization: string | undefined;
}

/** An image, plain or tile-compressed. Pixels are read when they are asked for, from the open file. */
export interface ImageHdu<D extends PixelArray = PixelArray> extends HduBase {
  readonly kind: "image";
  /** The slowest axis first, as numpy has it: [NAXISn, …, NAXIS2, NAXIS1]; [] where there are no data. */
  readonly shape: readonly number[];
  readonly bitpix: Bitpix;
  /** Type of the values that are read. */
  readonly pixelType: PixelType;
  readonly compression: Compression | undefined;
  /**
   * Pixels of a box; only they are read. Ranges are [start, stop) from 0, one per axis in the order of `shape`.
   * @throws FitsError `REGION_INVALID`, `NO_DATA`, `TRUNCATED`, `DATA_INVALID`, `UNSUPPORTED`, `IO`
   * @example const { data, shape } = await image.section([y0, y1], [x0, x1])
   */
  section(...ranges: readonly Range[]): Promise<Pixels<D>>;
  /** All pixels. */
  read(): Promise<Pixels<D>>;
  /**
   * Rows along the fastest axis, in blocks from the first to the last; memory is one block.
   * @param height rows per block; about 1 MiB by default. A block does not cross from one plane into the next
   */
  rows(options?: { readonly height?: number }): AsyncGenerator<RowBlock<D>>;
  /** The same image read as physical values in this type; undefined pixels are NaN. */
  as(type: "float32"): ImageHdu<Float32Array>;
  as(type: "float64"): ImageHdu<Float64Array>;
  /** The same image read as the file stores it, without BSCALE, BZERO and BLANK. */
  as(type: "stored"): ImageHdu<StoredArray>;
}

export interface ImageParts {
  readonly base: HduBase;
  readonly store: PixelStore;
  readonly compression?: Compression | undefined;
}

const BLOCK_BYTES = 1024 * 1024;

export function makeImage(parts: ImageParts): ImageHdu {
  const { bitpix } = parts.store;
  const scaling = readScaling(parts.base.header, bitpix);
  return view(parts, scaling, naturalType(bitpix, scaling), (stored) => decodeNatural(stored, bitpix, scaling));
}

function view<D extends PixelArray>(
  parts: ImageParts,
  scaling: Scaling,
  pixelType: PixelType,
  decode: (stored: StoredArray) => D,
): ImageHdu<D> {
  const { base, store, compression } = parts;
  const { header } = base;
  const { shape, bitpix } = store;

  async function section(...ranges: readonly Range[]): Promise<Pixels<D>> {
    if (shape.length === 0) throw noData(header);
    checkRegion(ranges, shape, header.place);
    return { shape: regionShape(ranges), data: decode(await store.read(ranges)) };
  }

  async function* rows({ height }: { readonly height?: number } = {}): AsyncGenerator<RowBlock<D>> {
    if (shape.length === 0) throw noData(header);
    const planeRows = shape.length === 1 ? 1 : (shape.at(-2) ?? 1);
    const perBlock = height ?? defaultHeight(store);
    if (!Number.isInteger(perBlock) || perBlock < 1) throw wrongHeight(header, perBlock);
    if (countOf(shape) === 0) return;
    let firstRow = 0;
    for (const plane of planes(shape.slice(0, -2))) {
      for (let start = 0; start < planeRows; start += perBlock) {
        const stop = Math.min(start + perBlock, planeRows);
        const inPlane: readonly Range[] = shape.length === 1 ? [] : [[start, stop]];
        const { data } = await section(...plane, ...inPlane, [0, shape.at(-1) ?? 0]);
        yield { firstRow, rowCount: stop - start, data };
        firstRow += stop - start;
      }
    }
  }

  function as(type: "float32"): ImageHdu<Float32Array>;
  function as(type: "float64"): ImageHdu<Float64Array>;
  function as(type: "stored"): ImageHdu<StoredArray>;
  function as(type: "float32" | "float64" | "stored"): ImageHdu {
    switch (type) {
      case "float32":
        return view(parts, scaling, type, (stored) => toFloat32(stored, scaling));
      case "float64":
        return view(parts, scaling, type, (stored) => toFloat64(stored, scaling));
      case "stored":
        return view(parts, scaling, naturalType(bitpix, unscaled), (stored) => stored);
      default:
        return type satisfies never;
    }
  }

  const read = () => section(...shape.map((length): Range => [0, length]));
  return { ...base, kind: "image", shape, bitpix, pixelType, compression, section, read, rows, as };
}

const unscaled: Scaling = { bscale: 1, bzero: 0, blank: undefined, shifted: false };

function defaultHeight({ shape, bitpix, rowsTogether }: PixelStore): number {
  const fitting = Math.floor(BLOCK_BYTES / Math.max(1, (shape.at(-1) ?? 1) * bytesPerPixel(bitpix)));
  return Math.max(1, Math.floor(fitting / rowsTogether)) * rowsTogether;
}

/** The index of each plane as ranges of length 1, in order. */
function* planes(outer: readonly number[]): Generator<readonly Range[]> {
  const [length, ...inner] = outer;
  if (length === undefined) {
    yield [];
    return;
  }
  for (let i = 0; i < length; i++) for (const rest of planes(inner)) yield [[i, i + 1], ...rest];
}

function noData(header: Header): FitsError {
  return new FitsError({
    code: "NO_DATA",
    place: header.place,
    keyword: "NAXIS",
    value: 0,
    problem: "this HDU has no image, only a header",
    remedy: "Read another HDU; file.image() finds the first with pixels",
  });
}

function wrongHeight(header: Header, height: number): FitsError {
  return new FitsError({
    code: "REGION_INVALID",
    place: header.place,
    problem: `a block cannot have ${height} rows`,
    remedy: "Give a whole number from 1 on",
  });
}
