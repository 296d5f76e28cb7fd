/** Tables whose columns are compressed, FITS 4.0, section 10.3: a row of the file holds ZTILELEN rows of the table. */
import { FitsError, type Place } from "../fits-error.ts";
import type { Card } from "../header/card.ts";
import { getBoolean, getCard, type Header } from "../header/header.ts";
import { parseCard } from "../header/parse-card.ts";
import { allocate, type ByteSource, readBytes } from "../io/byte-source.ts";
import { invalid, requireInteger } from "../structure.ts";
import { type Column, columnBytes, type TableLayout } from "./column.ts";
import { type ColumnCodec, columnCodec, mostColumnBytes, unpackColumn } from "./column-codec.ts";
import { checkDescriptor, type Descriptor, descriptorBytes, readDescriptor } from "./heap.ts";

export function isCompressedTable(header: Header): boolean {
  return getCard(header, "ZTABLE") !== undefined && getBoolean(header, "ZTABLE") === true;
}

/** Of the compressed table, and what the table itself had in its place. */
const REPLACED = /^(?:NAXIS[12]|PCOUNT|THEAP|TFORM\d+|CHECKSUM|DATASUM)$/;
const OF_THE_CODING = /^(?:ZTABLE|ZTILELEN|ZNAXIS[12]|ZPCOUNT|ZTHEAP|ZFORM\d+|ZCTYP\d+|ZHECKSUM|ZDATASUM)$/;

/** The header of the table itself; cards that belong to it stay byte for byte. */
export function plainTableHeader(header: Header): Header {
  for (const keyword of ["ZNAXIS1", "ZNAXIS2", "ZPCOUNT"]) requireInteger(header, keyword);
  const cards = header.cards.flatMap((card): Card[] => {
    if (OF_THE_CODING.test(card.keyword)) return [];
    if (!REPLACED.test(card.keyword)) return [card];
    const own = getCard(header, `Z${card.keyword.replace(/^[TC](?=FORM|HECKSUM)/, "")}`);
    return own === undefined ? [] : [parseCard(card.keyword.padEnd(8) + own.raw.slice(8))];
  });
  const heap = getCard(header, "ZTHEAP");
  if (heap !== undefined && getCard(header, "THEAP") === undefined)
    cards.push(parseCard(`THEAP   ${heap.raw.slice(8)}`));
  return { cards, place: header.place };
}

export interface CompressedTable {
  readonly source: ByteSource;
  readonly place: Place;
  readonly dataOffset: number;
  /** The header and the layout as they are in the file. */
  readonly header: Header;
  readonly stored: TableLayout;
  /** Of the table itself. */
  readonly plain: TableLayout;
}

interface PackedColumn {
  readonly column: Column;
  readonly codec: ColumnCodec;
}

/** An array of variable length, by where it was in the heap of the table itself. */
interface PackedArray extends PackedColumn {
  readonly packed: Descriptor;
  readonly byteLength: number;
}

/** Of unpacked tiles; one is held whatever its size. */
const heldBytes = 64 * 2 ** 20;

/** Q descriptors of compressed arrays stand behind those that the table had. */
const PACKED_DESCRIPTOR_BYTES = 16;

/**
 * The data area of the table itself, at the place of the compressed one; what is asked for is unpacked, and held for those
 * who read one column after the other.
 *
 * @throws FitsError for keywords that are missing or wrong
 */
export function tableSource(table: CompressedTable): ByteSource {
  const { source, place, dataOffset, header, stored, plain } = table;
  const tileRows = requireInteger(header, "ZTILELEN");
  if (tileRows < 1) throw invalid(header, "ZTILELEN", tileRows, "expected 1 or more rows a tile");
  if (stored.columns.length !== plain.columns.length)
    throw invalid(header, "TFIELDS", stored.columns.length, `there are ${plain.columns.length} columns`);
  const tiles = Math.ceil(plain.numRows / tileRows);
  if (tiles !== stored.numRows) {
    const what = `${plain.numRows} rows in tiles of ${tileRows} are ${tiles} tiles, the table has ${stored.numRows}`;
    throw invalid(header, "ZTILELEN", tileRows, what);
  }
  const packedColumns = plain.columns.map((column, place_): PackedColumn => {
    if (stored.columns[place_]?.descriptor === undefined)
      throw invalid(header, `TFORM${place_ + 1}`, stored.columns[place_]?.format, "a compressed column has 1PB or 1QB");
    return { column, codec: columnCodec(header, place_ + 1, column) };
  });
  const rowsLength = plain.numRows * plain.rowLength;
  if (rowsLength > mostColumnBytes(stored.heapLength))
    throw invalid(header, "ZNAXIS2", plain.numRows, `${stored.heapLength} bytes cannot hold so many rows`);

  /** What a column of a tile is packed into. */
  async function packedBytes(tile: number, column: Column | undefined): Promise<Uint8Array<ArrayBuffer>> {
    if (column?.descriptor === undefined) return new Uint8Array(0);
    const at = dataOffset + tile * stored.rowLength + column.offset;
    const bytes = await readBytes(source, at, columnBytes(column));
    if (bytes.length === 0) return bytes;
    const found = readDescriptor(new DataView(bytes.buffer), 0, column.descriptor);
    checkDescriptor(found, "B", stored.heapLength, place);
    return heapBytes(found);
  }

  function heapBytes({ offset, count }: Descriptor): Promise<Uint8Array<ArrayBuffer>> {
    return readBytes(source, dataOffset + stored.heapOffset + offset, count);
  }

  const rowsOf = (tile: number) => Math.min(tileRows, plain.numRows - tile * tileRows);

  /** A column's part of a tile's rows, and behind them the descriptors of what its arrays are packed into. */
  async function unpackedColumn(tile: number, index: number, { column, codec }: PackedColumn) {
    const isVariable = column.descriptor !== undefined;
    const width = columnBytes(column) + (isVariable ? PACKED_DESCRIPTOR_BYTES : 0);
    const packed = await packedBytes(tile, stored.columns[index]);
    return unpackColumn(packed, isVariable ? descriptorCodec : codec, rowsOf(tile) * width, place);
  }

  async function unpackTile(tile: number): Promise<Uint8Array<ArrayBuffer>> {
    const rows = rowsOf(tile);
    const bytes = allocate(rows * plain.rowLength, source.name);
    for (const [index, packed] of packedColumns.entries()) {
      const width = columnBytes(packed.column);
      if (width === 0) continue;
      const values = await unpackedColumn(tile, index, packed);
      for (let row = 0, at = packed.column.offset; row < rows; row++, at += plain.rowLength)
        bytes.set(values.subarray(row * width, (row + 1) * width), at);
    }
    return bytes;
  }

  const held = new Map<number, Promise<Uint8Array<ArrayBuffer>>>();
  const mostHeld = Math.max(1, Math.floor(heldBytes / Math.max(1, tileRows * plain.rowLength)));
  function tileBytes(tile: number): Promise<Uint8Array<ArrayBuffer>> {
    const bytes = held.get(tile) ?? unpackTile(tile);
    held.set(tile, bytes);
    // What failed is tried again the next time.
    bytes.catch(() => held.delete(tile));
    const [oldest] = held.keys();
    if (held.size > mostHeld && oldest !== undefined) held.delete(oldest);
    return bytes;
  }

  async function findArrays(): Promise<ReadonlyMap<number, PackedArray>> {
    const arrays = new Map<number, PackedArray>();
    for (let tile = 0; tile < tiles; tile++) {
      for (const [index, packed] of packedColumns.entries()) {
        const { descriptor, element } = packed.column;
        if (descriptor === undefined || packed.column.repeat === 0) continue;
        const values = await unpackedColumn(tile, index, packed);
        const view = new DataView(values.buffer, values.byteOffset, values.byteLength);
        const width = columnBytes(packed.column);
        const rows = rowsOf(tile);
        for (let row = 0; row < rows; row++) {
          const own = readDescriptor(view, row * width, descriptor);
          if (own.count <= 0) continue;
          const found = readDescriptor(view, rows * width + row * PACKED_DESCRIPTOR_BYTES, "Q");
          checkDescriptor(found, "B", stored.heapLength, place);
          const byteLength = descriptorBytes(own, element);
          if ((arrays.get(own.offset)?.byteLength ?? 0) < byteLength)
            arrays.set(own.offset, { ...packed, packed: found, byteLength });
        }
      }
    }
    return arrays;
  }

  let known: Promise<ReadonlyMap<number, PackedArray>> | undefined;
  async function readArray(target: Uint8Array, offset: number): Promise<void> {
    known ??= findArrays();
    const array = (await known).get(offset);
    if (array === undefined || array.byteLength < target.length) throw noArray(place, offset);
    const packed = await heapBytes(array.packed);
    // What would not have become smaller is there as it is.
    const isPlain = packed.length === array.byteLength;
    const values = isPlain ? packed : await unpackColumn(packed, array.codec, array.byteLength, place);
    target.set(values.subarray(0, target.length));
  }

  return {
    name: source.name,
    size: dataOffset + plain.heapOffset + plain.heapLength,
    async readInto(target, offset) {
      let at = offset - dataOffset;
      if (at >= plain.heapOffset && target.length > 0) return readArray(target, at - plain.heapOffset);
      for (let done = 0; done < target.length; ) {
        const tile = Math.floor(at / plain.rowLength / tileRows);
        const bytes = await tileBytes(tile);
        const from = at - tile * tileRows * plain.rowLength;
        const some = bytes.subarray(from, from + target.length - done);
        if (some.length === 0) throw noArray(place, at);
        target.set(some, done);
        done += some.length;
        at += some.length;
      }
    },
    close: async () => {},
  };
}

const descriptorCodec: ColumnCodec = { type: "GZIP_1", width: 1 };

function noArray(place: Place, offset: number): FitsError {
  return new FitsError({
    code: "DATA_INVALID",
    place,
    problem: `byte ${offset} of the table is not among what is compressed`,
    remedy: "Fetch the file again; the table is corrupt",
  });
}
