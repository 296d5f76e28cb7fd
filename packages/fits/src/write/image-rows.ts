import { FitsError } from "../fits-error.ts";
import type { Header } from "../header/header.ts";
import { formatHeader } from "../header/header-bytes.ts";
import { bytesPerPixel, type PixelArray, pixelTypeOf } from "../image/pixel-types.ts";
import { countOf } from "../image/region.ts";
import { encodePixels } from "./encode-pixels.ts";
import type { ImageDescription } from "./fits-writer.ts";
import { encodingOf, isStoredType } from "./image-header.ts";
import type { TemporaryFile } from "./temporary-file.ts";

/** An image that is being written, row after row. Calls must not overlap. */
export interface ImageRows {
  /**
   * Whole rows along the fastest axis, as many as wanted, in the order of the image.
   * @throws FitsError `WRITE_INVALID` for another type, parts of a row or more rows than the image has
   */
  write(rows: PixelArray): Promise<void>;
  /** @throws FitsError `WRITE_INVALID` where rows are missing */
  end(): Promise<void>;
}

/** Where an HDU goes. */
export interface HduTarget {
  readonly file: TemporaryFile;
  readonly path: string;
  /** Byte where its header starts. */
  readonly start: number;
  /** Ends the HDU: pads it and writes its final header, which must have as many cards as the first. */
  readonly finished: (dataLength: number, header: Header) => Promise<void>;
}

/** Pixels are encoded in pieces of this many bytes, so that a large array does not get a copy of its size. */
const PIECE_BYTES = 4 * 1024 * 1024;

export async function plainImageRows(
  target: HduTarget,
  header: Header,
  description: ImageDescription,
): Promise<ImageRows> {
  const { file, path, start, finished } = target;
  const bytes = formatHeader(header);
  await file.write(bytes, start);
  const size = bytesPerPixel(encodingOf(description.type).bitpix);
  const counter = rowCounter(description, path);
  let at = start + bytes.length;
  return {
    async write(rows) {
      counter.add(rows);
      const step = PIECE_BYTES / size;
      for (let from = 0; from < rows.length; from += step) {
        const piece = encodePixels(rows.subarray(from, from + step));
        await file.write(piece, at);
        at += piece.length;
      }
    },
    async end() {
      counter.finish();
      await finished(counter.total * size, header);
    },
  };
}

/** Checks what is given to an image against its description. */
export function rowCounter({ shape, type }: ImageDescription, file: string) {
  const total = countOf(shape);
  const width = shape.at(-1) ?? 0;
  let given = 0;
  const wrong = (problem: string, remedy: string) => new FitsError({ code: "WRITE_INVALID", file, problem, remedy });
  return {
    total,
    add(rows: PixelArray) {
      const got = pixelTypeOf(rows);
      if (got !== type) throw wrong(`the image is ${type}, the rows are ${got}`, `Give ${type} rows`);
      if (rows.length > 0 && (width === 0 || rows.length % width !== 0)) {
        throw wrong(`${rows.length} pixels are no whole rows of ${width}`, "Give whole rows");
      }
      if (given + rows.length > total)
        throw wrong(`the image has ${total} pixels, ${given + rows.length} were given`, "Give fewer rows");
      given += rows.length;
    },
    finish() {
      if (given !== total)
        throw wrong(`the image has ${total} pixels, ${given} were given`, "Give all rows before end()");
    },
  };
}

/** @throws FitsError `WRITE_INVALID` */
export function checkDescription({ shape, type, stored, compression }: ImageDescription, file: string): void {
  const wrong = (problem: string, remedy: string) => new FitsError({ code: "WRITE_INVALID", file, problem, remedy });
  if (
    shape.length > 999 ||
    shape.some((length) => !Number.isSafeInteger(length) || length < 0) ||
    !Number.isSafeInteger(countOf(shape) * 8)
  ) {
    throw wrong(`${JSON.stringify(shape)} is no shape of an image`, "Give up to 999 whole lengths");
  }
  if (stored === true && !isStoredType(type)) {
    throw wrong(
      `FITS does not store ${type}`,
      "Give uint8, int16, int32, int64, float32 or float64, or leave stored out",
    );
  }
  if (compression !== undefined && countOf(shape) === 0)
    throw wrong("an image without pixels cannot be compressed", "Leave compression out");
}
