/**
 * What of a PNG file makes its first picture. All else stays unread (texts, profiles, further frames): some of it is
 * compressed, and a few bytes of it would fill the memory of who unpacks them. So would picture data that are more than
 * the header says.
 */
import { constants, crc32, deflateSync, inflateSync } from "node:zlib";

const signatureBytes = 8;
/** Length, name and checksum, around the data. */
const frameBytes = 12;
const kept = ["IHDR", "PLTE", "tRNS"];
/** So much more than the header says is passed over, as by libpng; more is refused. */
const slackBytes = 65_536;

/** The file with nothing but its first picture, whose data are as long as its header says. */
export function firstPicture(bytes: Uint8Array): Uint8Array {
  const packed = new Uint8Array(bytes.length);
  let packedBytes = 0;
  const parts: Uint8Array[] = [bytes.subarray(0, signatureBytes)];
  const seen = new Set<string>();
  for (const { name, data, whole, isSound } of chunksOf(bytes)) {
    if (name === "IEND") break;
    const isData = name === "IDAT";
    if (!isData && !kept.includes(name)) continue;
    if (!isSound) throw new RangeError(`the CRC of ${name} is wrong`);
    if (isData) {
      packed.set(data, packedBytes);
      packedBytes += data.length;
    } else {
      if (seen.has(name)) throw new RangeError(`it has two ${name}`);
      parts.push(whole);
    }
    seen.add(name);
  }
  if (!seen.has("IHDR") || !seen.has("IDAT")) throw new RangeError("it ends before its picture");
  const size = unpackedBytes(bytes);
  const data = unpack(packed.subarray(0, packedBytes), size).subarray(0, size);
  return Buffer.concat([...parts, chunk("IDAT", deflateSync(data, { level: 0 })), chunk("IEND", new Uint8Array())]);
}

interface Chunk {
  readonly name: string;
  readonly data: Uint8Array;
  readonly whole: Uint8Array;
  readonly isSound: boolean;
}

function* chunksOf(bytes: Uint8Array): Generator<Chunk, void, undefined> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let start = signatureBytes; start + frameBytes <= bytes.length; ) {
    const end = start + frameBytes + view.getUint32(start);
    const name = String.fromCharCode(...bytes.subarray(start + 4, start + 8));
    if (end > bytes.length) throw new RangeError(`it ends in the middle of ${name}`);
    const named = bytes.subarray(start + 4, end - 4);
    yield {
      name,
      data: named.subarray(4),
      whole: bytes.subarray(start, end),
      get isSound() {
        return crc32(named) === view.getUint32(end - 4);
      },
    };
    start = end;
  }
}

function unpack(packed: Uint8Array, size: number): Uint8Array {
  try {
    return inflateSync(packed, { maxOutputLength: size + slackBytes, finishFlush: constants.Z_SYNC_FLUSH });
  } catch (error) {
    if (error instanceof RangeError)
      throw new RangeError(`its data are more than the ${size} bytes of its picture`, { cause: error });
    throw error;
  }
}

function chunk(name: string, data: Uint8Array): Uint8Array {
  const whole = Buffer.alloc(frameBytes + data.length);
  whole.writeUInt32BE(data.length, 0);
  whole.write(name, 4, "latin1");
  whole.set(data, 8);
  whole.writeUInt32BE(crc32(whole.subarray(4, -4)), whole.length - 4);
  return whole;
}

/** Samples of a pixel by the header's colour type. */
const samplesByColor: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };

/** First column and row, and the steps, of each of the seven passes of an interlaced picture (Adam7). */
const passes = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
] as const;

/** Rows of samples, each behind the byte that names its filter. */
function unpackedBytes(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [width, height] = [view.getUint32(16), view.getUint32(20)];
  const samples = samplesByColor[view.getUint8(25)];
  if (samples === undefined) throw new RangeError(`there is no colour type ${view.getUint8(25)}`);
  const bits = samples * view.getUint8(24);
  const rows = (columns: number, count: number) => (columns === 0 ? 0 : count * (1 + Math.ceil((columns * bits) / 8)));
  if (view.getUint8(28) === 0) return rows(width, height);
  return passes.reduce((sum, [column, row, columnStep, rowStep]) => {
    const columns = Math.max(0, Math.ceil((width - column) / columnStep));
    return sum + rows(columns, Math.max(0, Math.ceil((height - row) / rowStep)));
  }, 0);
}
