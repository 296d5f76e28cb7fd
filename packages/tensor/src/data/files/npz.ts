/**
 * NumPy's .npz files: ZIP archives of .npy files. What numpy.savez stores is read piece by piece; what
 * numpy.savez_compressed makes is unpacked into memory.
 */
import { inflateRawSync } from "node:zlib";
import { bytesText, messageOf } from "@ml-mosaic/base";
import { TensorError } from "../../errors.ts";
import { type ByteSource, memorySource, openBytes, partOf } from "./byte-source.ts";
import { type ColumnOptions, type DataFile, missingColumns, namedColumns } from "./data-file.ts";
import { npyColumn } from "./npy.ts";

interface Entry {
  readonly name: string;
  readonly method: number;
  readonly flags: number;
  readonly packed: number;
  readonly unpacked: number;
  /** Where its local header begins. */
  readonly start: number;
}

const endBytes = 22;
const maxCommentBytes = 65_535;
const maxDirectoryBytes = 64 * 2 ** 20;
const maxUnpackedBytes = 2 ** 31 - 1;
const stored = 0;
const deflated = 8;
/** What deflate makes of a byte at most. */
const maxRatio = 1032;
const isMarked32 = (value: number) => value === 0xffff_ffff;

/** @throws TensorError `TENSOR_FILE` */
export async function openNpz(path: string, { types = {} }: ColumnOptions): Promise<DataFile> {
  const source = await openBytes(path);
  try {
    const entries = await readDirectory(source, path);
    return {
      async columns(names) {
        const found = names.map((name) => entries.get(name));
        const absent = namedColumns(names, types).filter((name) => !entries.has(name));
        if (absent.length > 0) throw missingColumns(path, "array", absent, [...entries.keys()]);
        return Promise.all(
          found.flatMap((entry) =>
            entry === undefined ? [] : [openEntry(source, entry, `${path}: array ${JSON.stringify(entry.name)}`)],
          ),
        );
      },
      close: () => source.close(),
    };
  } catch (error) {
    await source.close();
    throw error;
  }
}

async function openEntry(source: ByteSource, entry: Entry, what: string) {
  const { name, method, flags, start, packed, unpacked } = entry;
  const refuse = (why: string, cause?: unknown) =>
    new TensorError("TENSOR_FILE", `${what} cannot be read: ${why}`, { cause });
  if (flags & 1) throw refuse("it is encrypted");
  if (method !== stored && method !== deflated)
    throw refuse(`it is packed by method ${method} of ZIP; stored and deflated ones can be read`);
  const local = Buffer.from(await source.read(start, 30));
  if (local.readUInt32LE(0) !== 0x0403_4b50)
    throw refuse("the archive is damaged: no entry begins where its list says");
  const begin = start + 30 + local.readUInt16LE(26) + local.readUInt16LE(28);
  if (begin + packed > source.size) throw refuse("the archive is cut off");
  if (method === stored) {
    if (packed !== unpacked) throw refuse("the archive is damaged: it gives two sizes");
    return npyColumn(name, partOf(source, begin, packed), what);
  }
  if (unpacked > maxUnpackedBytes)
    throw refuse(`unpacked it takes ${bytesText(unpacked)} of memory; what numpy.savez writes is read piece by piece`);
  if (unpacked > maxRatio * packed + 64) throw refuse("the archive is damaged: so many bytes cannot be in so few");
  const bytes = await source.read(begin, packed);
  try {
    const data = new Uint8Array(inflateRawSync(bytes, { maxOutputLength: Math.max(1, unpacked) }));
    if (data.length !== unpacked) throw new Error(`it has ${data.length} bytes, the archive's list says ${unpacked}`);
    return await npyColumn(name, memorySource(data), what);
  } catch (error) {
    if (error instanceof TensorError) throw error;
    throw refuse(`the archive is damaged: ${messageOf(error)}`, error);
  }
}

async function readDirectory(source: ByteSource, path: string): Promise<ReadonlyMap<string, Entry>> {
  const refuse = (why: string) => new TensorError("TENSOR_FILE", `${path} cannot be read as a .npz file: ${why}`);
  const tailStart = Math.max(0, source.size - endBytes - maxCommentBytes);
  const tail = Buffer.from(await source.read(tailStart, source.size - tailStart));
  const end = tail.lastIndexOf(Buffer.from([0x50, 0x4b, 5, 6]));
  if (end < 0 || end + endBytes > tail.length) throw refuse("it is no ZIP archive, or cut off");
  let [count, size, offset] = [tail.readUInt16LE(end + 10), tail.readUInt32LE(end + 12), tail.readUInt32LE(end + 16)];
  const locator = end - 20;
  if (locator >= 0 && tail.readUInt32LE(locator) === 0x0706_4b50) {
    const at = Number(tail.readBigUInt64LE(locator + 8));
    if (at + 56 > source.size) throw refuse("it is cut off");
    const wide = Buffer.from(await source.read(at, 56));
    if (wide.readUInt32LE(0) !== 0x0606_4b50) throw refuse("its list of entries is damaged");
    const word = (place: number) => Number(wide.readBigUInt64LE(place));
    [count, size, offset] = [word(32), word(40), word(48)];
  }
  if (size > maxDirectoryBytes || offset + size > source.size) throw refuse("its list of entries is cut off");
  const list = Buffer.from(await source.read(offset, size));
  const entries = new Map<string, Entry>();
  let at = 0;
  for (let index = 0; index < count; index++) {
    if (at + 46 > list.length || list.readUInt32LE(at) !== 0x0201_4b50) throw refuse("its list of entries is damaged");
    const nameEnd = at + 46 + list.readUInt16LE(at + 28);
    const extraEnd = nameEnd + list.readUInt16LE(at + 30);
    if (extraEnd > list.length) throw refuse("its list of entries is damaged");
    const file = list.toString("utf8", at + 46, nameEnd);
    const sizes = wideSizes(
      { unpacked: list.readUInt32LE(at + 24), packed: list.readUInt32LE(at + 20), start: list.readUInt32LE(at + 42) },
      list.subarray(nameEnd, extraEnd),
    );
    const name = file.replace(/\.npy$/, "");
    if (name !== file)
      entries.set(name, { name, method: list.readUInt16LE(at + 10), flags: list.readUInt16LE(at + 8), ...sizes });
    at = extraEnd + list.readUInt16LE(at + 32);
  }
  return entries;
}

type Sizes = Pick<Entry, "unpacked" | "packed" | "start">;

/** Those of 64 bits stand in an extra field, in this order, where there is no room for them. */
function wideSizes({ unpacked, packed, start }: Sizes, extra: Buffer): Sizes {
  for (let at = 0; at + 4 <= extra.length; at += 4 + extra.readUInt16LE(at + 2)) {
    if (extra.readUInt16LE(at) !== 1) continue;
    let place = at + 4;
    const next = (narrow: number) => {
      if (!isMarked32(narrow) || place + 8 > extra.length) return narrow;
      place += 8;
      return Number(extra.readBigUInt64LE(place - 8));
    };
    return { unpacked: next(unpacked), packed: next(packed), start: next(start) };
  }
  return { unpacked, packed, start };
}
