/**
 * The safetensors file format (https://github.com/huggingface/safetensors): eight bytes with the header's length, a
 * JSON header, then the tensors' bytes. No kept library writes it in JavaScript.
 */

import { isPlainObject, messageOf } from "@ml-mosaic/base";
import { platform } from "#platform";
import { type DType, dtypeOf, holds, type TypedArray } from "../dtype.ts";
import { TensorError } from "../errors.ts";
import { type Shape, showShape, sizeOf } from "../shape.ts";
import { duplicateKey } from "./duplicate-key.ts";
import { type StoredType, storedTypes } from "./stored-types.ts";
import { writeWhole } from "./write-whole.ts";

export interface StateEntry {
  readonly data: TypedArray;
  readonly shape: Shape;
  readonly dtype: DType;
}

/** Named tensors, as PyTorch's state_dict. */
export type StateDict = ReadonlyMap<string, StateEntry>;

export interface SafetensorsFile {
  readonly tensors: StateDict;
  /** Free texts from the header. */
  readonly metadata: Readonly<Record<string, string>>;
}

/** The format's name of each type here, in the order of the reference implementation, from large to small. */
const typeNames = { int64: "I64", float32: "F32", int32: "I32", uint8: "U8", bool: "BOOL" } as const;
const dtypeOrder: readonly string[] = Object.keys(typeNames);
const maxHeaderBytes = 100_000_000;
/** What fills the header up, so that tensors are aligned. */
const space = 0x20;

/** Writes a file; an existing one is replaced only when the new one is complete. */
export async function writeSafetensors(
  path: string,
  tensors: StateDict,
  metadata: Readonly<Record<string, string>> = {},
): Promise<void> {
  await writeWhole(path, piecesOf(tensors, metadata, `cannot write ${path}`));
}

/** What such a file holds, as bytes. */
export function encodeSafetensors(
  tensors: StateDict,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array<ArrayBuffer> {
  const pieces = piecesOf(tensors, metadata, "cannot encode the tensors");
  const bytes = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let end = 0;
  for (const piece of pieces) {
    bytes.set(piece, end);
    end += piece.length;
  }
  return bytes;
}

function piecesOf(
  tensors: StateDict,
  metadata: Readonly<Record<string, string>>,
  problem: string,
): readonly Uint8Array[] {
  const header: [string, unknown][] = Object.keys(metadata).length > 0 ? [["__metadata__", metadata]] : [];
  let offset = 0;
  // The reference implementation's order, which keeps every tensor aligned; equal states make equal files.
  const ordered = [...tensors].sort(
    ([nameA, a], [nameB, b]) => dtypeOrder.indexOf(a.dtype) - dtypeOrder.indexOf(b.dtype) || (nameA < nameB ? -1 : 1),
  );
  for (const [name, { data, shape, dtype }] of ordered) {
    const refused = (why: string) => new TensorError("TENSOR_FILE", `${problem}: tensor ${name} ${why}`);
    if (name === "__metadata__") throw refused("has a name that the format keeps for itself");
    if (!holds(data, dtype) || data.length !== sizeOf(shape))
      throw refused(`is ${dtype} ${showShape(shape)}, but has ${data.length} elements of ${dtypeOf(data)}`);
    header.push([name, { dtype: typeNames[dtype], shape, data_offsets: [offset, offset + data.byteLength] }]);
    offset += data.byteLength;
  }
  const text = new TextEncoder().encode(JSON.stringify(Object.fromEntries(header)));
  const headerBytes = new Uint8Array(8 * Math.ceil(text.length / 8)).fill(space);
  headerBytes.set(text);
  const length = new Uint8Array(8);
  new DataView(length.buffer).setBigUint64(0, BigInt(headerBytes.length), true);
  const contents = ordered.map(([, { data }]) => new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  return [length, headerBytes, ...contents];
}

/**
 * Reads a file. Types that there are not here are read into those that hold all their numbers: float16 and bfloat16 as
 * float32, 8 and 16 bits as int32, unsigned 32 bits as int64; float64 is rounded to float32.
 */
export async function readSafetensors(path: string): Promise<SafetensorsFile> {
  let bytes: Uint8Array;
  try {
    bytes = await platform.readFile(path);
  } catch (error) {
    throw new TensorError("TENSOR_FILE", `cannot read ${path}: ${messageOf(error)}`, { cause: error });
  }
  return decodeSafetensors(bytes, path);
}

/** As `readSafetensors`, of bytes. @param source what messages call them */
export function decodeSafetensors(bytes: Uint8Array, source = "what is given"): SafetensorsFile {
  const problem = (what: string, cause?: unknown) =>
    new TensorError("TENSOR_FILE", `${source} cannot be read as a safetensors file: ${what}`, { cause });
  if (bytes.length < 8) throw problem("it is shorter than 8 bytes");
  const headerLength = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
  if (headerLength > maxHeaderBytes || 8 + headerLength > bytes.length)
    throw problem(`its header claims ${headerLength} bytes; is the file cut off?`);
  let text: string;
  let header: unknown;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes.subarray(8, 8 + headerLength));
    header = JSON.parse(text);
  } catch (error) {
    throw problem("its header is no JSON", error);
  }
  if (!isPlainObject(header)) throw problem("its header is no JSON object");
  if (!text.startsWith("{")) throw problem("its header does not begin with {");
  const repeated = duplicateKey(text);
  if (repeated !== undefined) throw problem(`its header has the name ${JSON.stringify(repeated)} twice`);
  const { __metadata__: metadata = {}, ...entries } = header;
  if (!isTexts(metadata)) throw problem("its __metadata__ is no object of texts");
  const body = bytes.subarray(8 + headerLength);
  const located = Object.entries(entries).map(([name, entry]) => readEntry(name, entry, problem));
  checkCovered(located, body.length, problem);
  return {
    tensors: new Map(
      located.map(({ name, shape, type, begin, end }) => {
        // Copied: the file's bytes need not lie at a multiple of the element size.
        const data = decode(name, type, Uint8Array.from(body.subarray(begin, end)).buffer, problem);
        if (type.dtype === "bool" && data.some((byte) => byte > 1))
          throw problem(`tensor ${name} is BOOL, but not all of its bytes are 0 or 1`);
        return [name, { data, shape, dtype: type.dtype }];
      }),
    ),
    metadata,
  };
}

type Problem = (what: string) => TensorError;

function decode(name: string, type: StoredType, buffer: ArrayBuffer, problem: Problem): TypedArray {
  try {
    return type.decode(buffer);
  } catch (error) {
    if (error instanceof RangeError) throw problem(`tensor ${name}: ${error.message}`);
    throw error;
  }
}

/** What the header says of a tensor; its bytes are [begin, end) of the file's body. */
interface LocatedTensor {
  readonly name: string;
  readonly shape: Shape;
  readonly type: StoredType;
  readonly begin: number;
  readonly end: number;
}

function readEntry(name: string, entry: unknown, problem: Problem): LocatedTensor {
  const { dtype: typeName, shape, data_offsets: offsets } = isPlainObject(entry) ? entry : {};
  const type = typeof typeName === "string" ? storedTypes.get(typeName) : undefined;
  if (type === undefined) {
    const known = [...storedTypes.keys()].join(", ");
    throw problem(`tensor ${name} has the type ${JSON.stringify(typeName)}; types that can be read are ${known}`);
  }
  if (!isSizes(shape)) throw problem(`tensor ${name} has no shape`);
  if (!isSizes(offsets) || offsets.length !== 2) throw problem(`tensor ${name} has no two data_offsets`);
  const [begin = 0, end = 0] = offsets;
  const needed = sizeOf(shape) * type.bytes;
  if (end - begin !== needed)
    throw problem(`tensor ${name} ${showShape(shape)} needs ${needed} bytes, its data_offsets are ${begin} and ${end}`);
  return { name, shape, type, begin, end };
}

/** The format wants every byte of the body in exactly one tensor. */
function checkCovered(tensors: readonly LocatedTensor[], bodyBytes: number, problem: Problem): void {
  let covered = 0;
  for (const { name, begin, end } of tensors.toSorted((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (begin !== covered)
      throw problem(`tensor ${name} begins at byte ${begin}, the ones before it end at ${covered}`);
    covered = end;
  }
  if (covered !== bodyBytes)
    throw problem(
      `its tensors take ${covered} bytes, it has ${bodyBytes}${bodyBytes < covered ? "; is it cut off?" : ""}`,
    );
}

function isTexts(value: unknown): value is Record<string, string> {
  return isPlainObject(value) && Object.values(value).every((each) => typeof each === "string");
}

function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((each) => Number.isSafeInteger(each) && each >= 0);
}
