/**
 * HCOMPRESS_1: White, Postman and Lattanzi (1992), FITS 4.0, section 10.4.4. The H-transform (a Haar wavelet in two
 * dimensions) is written bit plane by bit plane as quadtrees whose nodes are Huffman coded. The order of all steps is that of
 * cfitsio, whose files these are.
 */
import { BitReader } from "./bit-reader.ts";
import { inverseTransform } from "./h-transform.ts";

const MAGIC = 0xdd99;
const HEADER_BYTES = 25;
/** Tiles of one value are a header and a few nibbles, whatever their size. */
const MOST_PIXELS_PER_BYTE = 2 ** 20;
/** Coefficients are exact in double precision up to here. */
const MOST_PLANES = 52;

export function mostHcompressPixels(byteLength: number): number {
  return byteLength * MOST_PIXELS_PER_BYTE;
}

/**
 * @param smooth whether coefficients are interpolated between neighbours, which hides the blocks of a lossy compression
 * @returns null where the code ends early or is none, or is of another number of pixels
 */
export function decodeHcompress(bytes: Uint8Array, count: number, smooth: boolean): Float64Array | null {
  if (bytes.length < HEADER_BYTES) return null;
  const header = new DataView(bytes.buffer, bytes.byteOffset, HEADER_BYTES);
  const [rows, columns, scale] = [header.getInt32(2), header.getInt32(6), header.getInt32(10)];
  if (header.getUint16(0) !== MAGIC || rows < 1 || columns < 1 || rows * columns !== count) return null;
  const planes = [header.getUint8(22), header.getUint8(23), header.getUint8(24)] as const;
  if (planes.some((each) => each > MOST_PLANES)) return null;
  const values = new Float64Array(count);
  const reader = new BitReader(bytes, HEADER_BYTES);
  const [upper, left] = [Math.ceil(rows / 2), Math.ceil(columns / 2)];
  const quadrants = [
    { from: 0, rows: upper, columns: left, planes: planes[0] },
    { from: left, rows: upper, columns: columns - left, planes: planes[1] },
    { from: columns * upper, rows: rows - upper, columns: left, planes: planes[1] },
    { from: columns * upper + left, rows: rows - upper, columns: columns - left, planes: planes[2] },
  ];
  for (const quadrant of quadrants) if (!readQuadrant(reader, values, columns, quadrant)) return null;
  if (reader.bits(4) !== 0) return null;
  reader.align();
  for (let i = 0; i < count; i++) if (values[i] !== 0 && reader.bit() === 1) values[i] = -(values[i] ?? 0);
  if (reader.isOver) return null;
  values[0] = Number(header.getBigInt64(14));
  if (scale > 1) for (let i = 0; i < count; i++) values[i] = (values[i] ?? 0) * scale;
  inverseTransform(values, rows, columns, smooth ? Math.floor(scale / 2) : 0);
  return values;
}

interface Quadrant {
  /** Its first element in the whole. */
  readonly from: number;
  readonly rows: number;
  readonly columns: number;
  readonly planes: number;
}

/** @returns false where the code is broken */
function readQuadrant(
  reader: BitReader,
  values: Float64Array,
  rowLength: number,
  { from, rows, columns, planes }: Quadrant,
): boolean {
  const longest = Math.max(rows, columns);
  const levels = longest < 1 ? 0 : Math.ceil(Math.log2(longest));
  const nodes = new Uint8Array(Math.ceil(rows / 2) * Math.ceil(columns / 2));
  for (let plane = planes - 1; plane >= 0; plane--) {
    const kind = reader.bits(4);
    if (kind === 0) for (let i = 0; i < nodes.length; i++) nodes[i] = reader.bits(4);
    else if (kind === 15) readTree(reader, nodes, rows, columns, levels);
    else return false;
    if (reader.isOver) return false;
    addPlane(nodes, rows, columns, values, from, rowLength, 2 ** plane);
  }
  return true;
}

/** Each level has a nibble for four nodes of the next: half as many rows and columns, rounded up. */
function readTree(reader: BitReader, nodes: Uint8Array, rows: number, columns: number, levels: number): void {
  nodes[0] = readNibble(reader);
  for (let level = levels - 1; level >= 1; level--) {
    const half = 2 ** level;
    const [height, width] = [Math.ceil(rows / half), Math.ceil(columns / half)];
    expand(nodes, height, width);
    for (let i = height * width - 1; i >= 0; i--) if (nodes[i] !== 0) nodes[i] = readNibble(reader);
  }
}

/** A nibble becomes four nodes, in place: the last are moved first. */
function expand(nodes: Uint8Array, height: number, width: number): void {
  const across = Math.ceil(width / 2);
  for (let row = Math.ceil(height / 2) - 1; row >= 0; row--) {
    for (let column = across - 1; column >= 0; column--) {
      const nibble = nodes[row * across + column] ?? 0;
      const to = 2 * row * width + 2 * column;
      const [hasRight, hasBelow] = [2 * column + 1 < width, 2 * row + 1 < height];
      if (hasBelow && hasRight) nodes[to + width + 1] = nibble & 1;
      if (hasBelow) nodes[to + width] = (nibble >> 1) & 1;
      if (hasRight) nodes[to + 1] = (nibble >> 2) & 1;
      nodes[to] = (nibble >> 3) & 1;
    }
  }
}

function addPlane(
  nodes: Uint8Array,
  rows: number,
  columns: number,
  values: Float64Array,
  from: number,
  rowLength: number,
  value: number,
): void {
  let node = 0;
  for (let row = 0; row < rows; row += 2) {
    for (let column = 0; column < columns; column += 2) {
      const nibble = nodes[node++] ?? 0;
      const at = from + row * rowLength + column;
      const [hasRight, hasBelow] = [column + 1 < columns, row + 1 < rows];
      if ((nibble & 8) !== 0) values[at] = (values[at] ?? 0) + value;
      if ((nibble & 4) !== 0 && hasRight) values[at + 1] = (values[at + 1] ?? 0) + value;
      if ((nibble & 2) !== 0 && hasBelow) values[at + rowLength] = (values[at + rowLength] ?? 0) + value;
      if ((nibble & 1) !== 0 && hasBelow && hasRight)
        values[at + rowLength + 1] = (values[at + rowLength + 1] ?? 0) + value;
    }
  }
}

const FOUR_BITS: Readonly<Record<number, number>> = { 8: 3, 9: 5, 10: 10, 11: 12, 12: 15 };
const FIVE_BITS: Readonly<Record<number, number>> = { 26: 6, 27: 7, 28: 9, 29: 11, 30: 13 };

/** A Huffman code of three to six bits. */
function readNibble(reader: BitReader): number {
  let code = reader.bits(3);
  if (code < 4) return 1 << code;
  code = 2 * code + reader.bit();
  const four = FOUR_BITS[code];
  if (four !== undefined) return four;
  code = 2 * code + reader.bit();
  const five = FIVE_BITS[code];
  if (five !== undefined) return five;
  return reader.bit() === 0 ? 0 : 14;
}
