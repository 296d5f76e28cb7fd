/** NumPy's .npy files: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html */

import { allocate, type TypedArray } from "../../dtype.ts";
import { TensorError } from "../../errors.ts";
import { type StoredType, storedTypes } from "../../io/stored-types.ts";
import { type Shape, showShape, sizeOf } from "../../shape.ts";
import { evenBlocks } from "./blocks.ts";
import type { ByteSource } from "./byte-source.ts";
import { checkRows, type FileColumn } from "./data-file.ts";
import { decodeElements } from "./elements.ts";

const magic = "\x93NUMPY";
/** More than any header takes that is of plain numbers. */
const maxHeaderBytes = 2 ** 16;

const typeNames: Readonly<Record<string, string>> = {
  b1: "BOOL",
  i1: "I8",
  i2: "I16",
  i4: "I32",
  i8: "I64",
  u1: "U8",
  u2: "U16",
  u4: "U32",
  u8: "U64",
  f2: "F16",
  f4: "F32",
  f8: "F64",
};

const refusedKinds: Readonly<Record<string, string>> = {
  c: "complex numbers",
  f: "floating-point numbers of more than 64 bits",
  m: "spans of time",
  M: "dates",
  O: "Python objects",
  S: "texts",
  U: "texts",
  V: "bytes without a meaning, or records",
};

interface NpyHeader {
  readonly type: StoredType;
  readonly isBigEndian: boolean;
  readonly isFortran: boolean;
  readonly shape: Shape;
  /** Where the elements begin. */
  readonly start: number;
}

/**
 * The array of a .npy file.
 *
 * @param what names it in messages
 * @throws TensorError `TENSOR_FILE`
 */
export async function npyColumn(name: string, source: ByteSource, what: string): Promise<FileColumn> {
  const header = await readHeader(source, what);
  const { type, isBigEndian, isFortran, start } = header;
  const [length, ...shape] = header.shape;
  if (length === undefined) throw problem(what, "it is a single number, not one for each sample");
  checkRows(what, length);
  const width = sizeOf(shape);
  const needed = length * width * type.bytes;
  if (start + needed > source.size)
    throw problem(
      what,
      `${showShape(header.shape)} of ${type.bytes} bytes each need ${needed} bytes, it has ${source.size - start}; is it cut off?`,
    );
  const decode = (bytes: Uint8Array): TypedArray => {
    try {
      return decodeElements(type, bytes, isBigEndian);
    } catch (error) {
      if (error instanceof RangeError) throw problem(what, error.message, error);
      throw error;
    }
  };
  const common = { name, length, shape, dtype: type.dtype, classes: [] };
  if (!isFortran || width === 1) {
    const bytes = width * type.bytes;
    const read = async (from: number, end: number) =>
      decode(await source.read(start + from * bytes, (end - from) * bytes));
    return { ...common, read };
  }
  // In Fortran's order the samples of one element lie side by side.
  const places = fortranPlaces(shape);
  const rows = Math.min(length, Math.max(1, Math.floor(blockBytes / (width * type.bytes))));
  return {
    ...common,
    blocks: length === 0 ? undefined : evenBlocks(length, rows),
    async read(from, end) {
      const count = end - from;
      const out = allocate(type.dtype, count * width);
      for (const [index, place] of places.entries()) {
        const run = decode(await source.read(start + (index * length + from) * type.bytes, count * type.bytes));
        for (let row = 0; row < count; row++) {
          const value = run[row];
          if (value !== undefined) out[row * width + place] = value;
        }
      }
      return out;
    },
  };
}

const blockBytes = 16 * 2 ** 20;

/** Where the elements of a sample, in Fortran's order, lie in C's. */
function fortranPlaces(shape: Shape): readonly number[] {
  let places = [0];
  for (const [axis, size] of shape.entries()) {
    const stride = sizeOf(shape.slice(axis + 1));
    const earlier = places;
    places = Array.from({ length: size }, (_, index) => earlier.map((place) => place + index * stride)).flat();
  }
  return places;
}

async function readHeader(source: ByteSource, what: string): Promise<NpyHeader> {
  const head = Buffer.from(await source.read(0, Math.min(12, source.size)));
  if (head.toString("latin1", 0, 6) !== magic || head.length < 10) throw problem(what, "it is no .npy file");
  const version = head.readUInt8(6);
  const isLong = version >= 2;
  if (version < 1 || version > 3 || (isLong && head.length < 12))
    throw problem(what, `it is of version ${version} of the format; 1 to 3 can be read`);
  const [begin, length] = isLong ? [12, head.readUInt32LE(8)] : [10, head.readUInt16LE(8)];
  if (length > maxHeaderBytes || begin + length > source.size)
    throw problem(what, `its header claims ${length} bytes; is the file cut off?`);
  const text = Buffer.from(await source.read(begin, length))
    .toString("latin1")
    .trim();
  const descr = /'descr': *(?:'([^']*)'|(\[))/.exec(text);
  if (descr?.[2] !== undefined)
    throw problem(what, "its elements are records with named fields; save each field as an array of its own");
  const order = /'fortran_order': *(True|False)/.exec(text)?.[1];
  const sizes = /'shape': *\(([\dL, ]*)\)/.exec(text)?.[1];
  if (descr?.[1] === undefined || order === undefined || sizes === undefined || !/^\{.*\}$/s.test(text))
    throw problem(what, "its header does not say type, order and shape");
  const shape = sizes
    .split(",")
    .filter((size) => size.trim() !== "")
    .map((size) => Number(size.replace("L", "")));
  if (!shape.every(Number.isSafeInteger) || !Number.isSafeInteger(8 * sizeOf(shape)))
    throw problem(what, `its header gives the shape (${sizes})`);
  return { ...readType(descr[1], what), isFortran: order === "True", shape, start: begin + length };
}

function readType(descr: string, what: string): Pick<NpyHeader, "type" | "isBigEndian"> {
  const [, order = "", kind = "", size = ""] = /^([<>=|]?)([a-zA-Z])(\d*)/.exec(descr) ?? [];
  const type = storedTypes.get(typeNames[`${kind}${size}`] ?? "");
  if (type !== undefined) return { type, isBigEndian: order === ">" };
  const meaning = refusedKinds[kind];
  const why = meaning === undefined ? "" : `, which are ${meaning}`;
  throw problem(
    what,
    `its elements are ${JSON.stringify(descr)}${why}; booleans, integers and floating-point numbers of up to 64 bits can be read`,
  );
}

function problem(what: string, why: string, cause?: unknown): TensorError {
  return new TensorError("TENSOR_FILE", `${what} cannot be read: ${why}`, { cause });
}
