import type { ByteSource } from "../io/byte-source.ts";
import { allocate } from "../io/byte-source.ts";
import { type Bitpix, bytesPerPixel, type StoredArray, storedView, swapBytes } from "./pixel-types.ts";
import { countOf, type Range, regionShape, runsOf } from "./region.ts";

/** Where pixels come from: the data area, or compressed tiles. Reads may run at the same time. */
export interface PixelStore {
  readonly shape: readonly number[];
  readonly bitpix: Bitpix;
  /** Rows that are cheapest read together: the height of a tile, else 1. */
  readonly rowsTogether: number;
  /** Stored values of a region that was checked; the array is the caller's. */
  read(ranges: readonly Range[]): Promise<StoredArray>;
}

/** Gaps up to a page of the disk are read along, since that page is fetched anyway. */
const LARGEST_GAP = 4096;
const LARGEST_GROUP = 4 * 1024 * 1024;
const READS_AT_ONCE = 16;

/** Pixels that lie uncompressed in the file from `offset` on. */
export function plainStore(source: ByteSource, offset: number, shape: readonly number[], bitpix: Bitpix): PixelStore {
  const size = bytesPerPixel(bitpix);
  return {
    shape,
    bitpix,
    rowsTogether: 1,
    async read(ranges) {
      const bytes = allocate(countOf(regionShape(ranges)) * size, source.name);
      const runs = runsOf(ranges, shape);
      await readRuns(source, bytes, runs.length * size, byteOffsets(runs.starts(), offset, size));
      swapBytes(bytes, size);
      return storedView(bytes, bitpix);
    },
  };
}

function* byteOffsets(starts: Iterable<number>, offset: number, size: number): Generator<number> {
  for (const start of starts) yield offset + start * size;
}

interface Group {
  readonly offset: number;
  readonly target: number;
  readonly starts: number[];
}

/** Fills `target` with runs of `length` bytes; neighbouring ones share a read. */
async function readRuns(source: ByteSource, target: Uint8Array, length: number, offsets: Iterable<number>) {
  const readGroup = async ({ offset, target: at, starts }: Group) => {
    const last = starts.at(-1) ?? offset;
    const span = last + length - offset;
    if (span === starts.length * length) {
      await source.readInto(target.subarray(at, at + span), offset);
      return;
    }
    const bytes = new Uint8Array(span);
    await source.readInto(bytes, offset);
    for (const [i, start] of starts.entries()) {
      target.set(bytes.subarray(start - offset, start - offset + length), at + i * length);
    }
  };
  let waiting: Group[] = [];
  let filled = 0;
  for (const offset of offsets) {
    const group = waiting.at(-1);
    const last = group?.starts.at(-1) ?? 0;
    const near = group !== undefined && offset - last - length <= LARGEST_GAP && offset - group.offset < LARGEST_GROUP;
    if (near) group.starts.push(offset);
    else {
      if (waiting.length >= READS_AT_ONCE) {
        await Promise.all(waiting.map(readGroup));
        waiting = [];
      }
      waiting.push({ offset, target: filled, starts: [offset] });
    }
    filled += length;
  }
  await Promise.all(waiting.map(readGroup));
}
