/**
 * The safetensors file format (https://github.com/huggingface/safetensors): eight bytes with the header's length, a
 * JSON header, then the tensors' bytes. No kept library writes it in JavaScript.
 */

import { randomUUID } from "node:crypto";
import { open, readFile, rename, unlink } from "node:fs/promises";
import { bytesPerElement, type DType, type TypedArray } from "../dtype.ts";
import { TensorError } from "../errors.ts";
import { type Shape, sizeOf } from "../shape.ts";

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

const typeNames: Readonly<Record<DType, string>> = { float32: "F32", int64: "I64", int32: "I32", bool: "BOOL" };
const maxHeaderBytes = 100_000_000;

/** Writes a file; an existing one is replaced only when the new one is complete. */
export async function writeSafetensors(
  path: string,
  tensors: StateDict,
  metadata: Readonly<Record<string, string>> = {},
): Promise<void> {
  const header: Record<string, unknown> = {};
  if (Object.keys(metadata).length > 0) header.__metadata__ = metadata;
  let offset = 0;
  // Larger elements first keep every tensor aligned, as the reference implementation does.
  const ordered = [...tensors].sort(([, a], [, b]) => bytesPerElement[b.dtype] - bytesPerElement[a.dtype]);
  for (const [name, { data, shape, dtype }] of ordered) {
    header[name] = { dtype: typeNames[dtype], shape, data_offsets: [offset, offset + data.byteLength] };
    offset += data.byteLength;
  }
  const text = JSON.stringify(header);
  const headerBytes = Buffer.from(text.padEnd(text.length + ((8 - (Buffer.byteLength(text) % 8)) % 8), " "));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(headerBytes.length));
  const temporary = `${path}.${randomUUID()}.tmp`;
  try {
    const file = await open(temporary, "wx");
    try {
      await file.writev([
        length,
        headerBytes,
        ...ordered.map(([, { data }]) => new Uint8Array(data.buffer, data.byteOffset, data.byteLength)),
      ]);
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await unlink(temporary).catch(() => undefined);
    throw new TensorError(
      "TENSOR_FILE",
      `cannot write ${path}: ${error instanceof Error ? error.message : String(error)}`,
      { cause: error },
    );
  }
}

/** Reads a file of float32, int64, int32 and bool tensors. */
export async function readSafetensors(path: string): Promise<SafetensorsFile> {
  const problem = (what: string, cause?: unknown) =>
    new TensorError("TENSOR_FILE", `${path} is not a safetensors file: ${what}`, { cause });
  let bytes: Buffer;
  try {
    bytes = await readFile(path);
  } catch (error) {
    throw new TensorError(
      "TENSOR_FILE",
      `cannot read ${path}: ${error instanceof Error ? error.message : String(error)}`,
      { cause: error },
    );
  }
  if (bytes.length < 8) throw problem("it is shorter than 8 bytes");
  const headerLength = Number(bytes.readBigUInt64LE(0));
  if (headerLength > maxHeaderBytes || 8 + headerLength > bytes.length)
    throw problem(`its header claims ${headerLength} bytes; is the file cut off?`);
  let header: unknown;
  try {
    header = JSON.parse(bytes.toString("utf8", 8, 8 + headerLength));
  } catch (error) {
    throw problem("its header is no JSON", error);
  }
  if (typeof header !== "object" || header === null) throw problem("its header is no JSON object");
  const tensors = new Map<string, StateEntry>();
  let metadata: Record<string, string> = {};
  for (const [name, entry] of Object.entries(header)) {
    if (name === "__metadata__")
      metadata = Object.fromEntries(Object.entries(Object(entry)).map(([key, value]) => [key, String(value)]));
    else tensors.set(name, readEntry(name, entry, bytes.subarray(8 + headerLength), problem));
  }
  return { tensors, metadata };
}

function readEntry(name: string, entry: unknown, body: Buffer, problem: (what: string) => TensorError): StateEntry {
  const { dtype: typeName, shape, data_offsets: offsets } = Object(entry);
  const dtype = (["float32", "int64", "int32", "bool"] as const).find((each) => typeNames[each] === typeName);
  if (dtype === undefined)
    throw problem(`tensor ${name} has the type ${String(typeName)}; F32, I64, I32 and BOOL can be read`);
  if (!isSizes(shape)) throw problem(`tensor ${name} has no shape`);
  if (!isSizes(offsets)) throw problem(`tensor ${name} has no data_offsets`);
  const [begin = 0, end = 0] = offsets;
  const size = sizeOf(shape);
  if (end - begin !== size * bytesPerElement[dtype] || end > body.length) {
    throw problem(
      `tensor ${name} [${shape}] needs ${size * bytesPerElement[dtype]} bytes, the file has ${Math.min(end, body.length) - begin}; is it cut off?`,
    );
  }
  // Copied: the file's bytes need not lie at a multiple of the element size.
  const { buffer } = Uint8Array.from(body.subarray(begin, end));
  switch (dtype) {
    case "float32":
      return { data: new Float32Array(buffer), shape, dtype };
    case "int64":
      return { data: new BigInt64Array(buffer), shape, dtype };
    case "int32":
      return { data: new Int32Array(buffer), shape, dtype };
    case "bool":
      return { data: new Uint8Array(buffer), shape, dtype };
    default:
      return dtype satisfies never;
  }
}

function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((each) => Number.isSafeInteger(each) && each >= 0);
}
