/** What columns of compressed tables are packed by, and how they are unpacked. */
import type { Place } from "../fits-error.ts";
import { FitsError } from "../fits-error.ts";
import { getString, type Header } from "../header/header.ts";
import { swapBytes } from "../image/pixel-types.ts";
import { BEST_GZIP_RATIO, brokenTile, gunzipped, unshuffle } from "../tiles/codec.ts";
import { decodeRice, mostRicePixels } from "../tiles/rice.ts";
import type { Column, ElementCode } from "./column.ts";

const CODECS = ["RICE_1", "GZIP_1", "GZIP_2", "NOCOMPRESS"] as const;

export interface ColumnCodec {
  readonly type: (typeof CODECS)[number];
  /** Bytes of the elements whose bytes GZIP_2 puts apart, or of the integers of RICE_1. */
  readonly width: 1 | 2 | 4 | 8;
}

/** Of all else, complex numbers among them, the bytes stay together, as cfitsio has it. */
const WIDTHS: Readonly<Partial<Record<ElementCode, 2 | 4 | 8>>> = { I: 2, J: 4, E: 4, K: 8, D: 8 };
const RICE_BLOCK = 32;

/**
 * @param number of the column, from 1
 * @throws FitsError where its ZCTYPn is none, or cannot be of such elements
 */
export function columnCodec(header: Header, number: number, { element, format }: Column): ColumnCodec {
  const keyword = `ZCTYP${number}`;
  // Left out, it is this one: cfitsio, fits_uncompress_table.
  const value = (getString(header, keyword) ?? "GZIP_2").trim();
  const type = CODECS.find((each) => each === value);
  const width = WIDTHS[element] ?? 1;
  const refuse = (problem: string) =>
    new FitsError({
      code: "UNSUPPORTED",
      place: header.place,
      keyword,
      value,
      problem,
      remedy: "Unpack the file with funpack",
    });
  if (type === undefined) throw refuse(`a column can be compressed by ${CODECS.join(", ")}`);
  if (type === "RICE_1" && !"BIJ".includes(element)) throw refuse(`RICE_1 packs integers, the column has ${format}`);
  return { type, width };
}

/** What so many packed bytes can hold at most. */
export function mostColumnBytes(packedLength: number): number {
  return (packedLength + 1) * BEST_GZIP_RATIO;
}

/** @throws FitsError `DATA_INVALID` where the packed bytes are not those of `byteLength` others */
export async function unpackColumn(
  packed: Uint8Array<ArrayBuffer>,
  { type, width }: ColumnCodec,
  byteLength: number,
  place: Place,
): Promise<Uint8Array<ArrayBuffer>> {
  if (byteLength === 0) return new Uint8Array(0);
  switch (type) {
    case "NOCOMPRESS":
      return ofLength(packed, byteLength, place);
    case "GZIP_1":
      return ofLength(await gunzipped(packed, byteLength, place), byteLength, place);
    case "GZIP_2": {
      const bytes = ofLength(await gunzipped(packed, byteLength, place), byteLength, place);
      return width === 1 ? bytes : unshuffle(bytes, width);
    }
    case "RICE_1": {
      const bytePix = width === 8 ? 4 : width;
      const count = byteLength / bytePix;
      if (count > mostRicePixels(packed.length, bytePix, RICE_BLOCK))
        throw brokenTile(place, `${packed.length} bytes cannot hold ${count} values`);
      const values = decodeRice(packed, count, bytePix, RICE_BLOCK);
      if (values === null) throw brokenTile(place, "the Rice code ends early or is none");
      return bigEndian(values, bytePix);
    }
    default:
      return type satisfies never;
  }
}

function ofLength(bytes: Uint8Array<ArrayBuffer>, byteLength: number, place: Place): Uint8Array<ArrayBuffer> {
  if (bytes.length === byteLength) return bytes;
  throw brokenTile(place, `a column holds ${bytes.length} bytes, expected ${byteLength}`);
}

function bigEndian(values: Int32Array<ArrayBuffer>, bytePix: 1 | 2 | 4): Uint8Array<ArrayBuffer> {
  const narrow = bytePix === 1 ? Uint8Array.from(values) : bytePix === 2 ? Int16Array.from(values) : values;
  const bytes = new Uint8Array(narrow.buffer, narrow.byteOffset, narrow.byteLength);
  swapBytes(bytes, bytePix);
  return bytes;
}
