import { FitsError, type Place } from "../fits-error.ts";
import type { PixelStore } from "../image/pixel-store.ts";
import { bytesPerPixel, type StoredArray, storedView } from "../image/pixel-types.ts";
import { countOf, regionShape } from "../image/region.ts";
import { allocate, type ByteSource, readBytes } from "../io/byte-source.ts";
import type { Column, TableLayout } from "../table/column.ts";
import { checkDescriptor, type Descriptor, readDescriptor } from "../table/heap.ts";
import { decodeTile, mostPixels, READABLE_CODECS } from "./codec.ts";
import { NULL_VALUE, unquantize } from "./dither.ts";
import { copyTile, type Tile, tilesOf } from "./tile-grid.ts";
import type { TiledHeader } from "./tiled-header.ts";

const TILES_AT_ONCE = 8;
const GZIP_FALLBACK = { codec: "GZIP_1", rice: { bytePix: 4, blockSize: 32 }, smooth: false } as const;

export interface TiledParts {
  readonly source: ByteSource;
  readonly place: Place;
  readonly dataOffset: number;
  readonly layout: TableLayout;
  readonly tiled: TiledHeader;
}

/** Pixels in compressed tiles, of which a section reads and unpacks those that it touches. */
export function tiledStore(parts: TiledParts): PixelStore {
  const { source, place, layout, tiled } = parts;
  const { shape, tileShape, bitpix } = tiled;
  checkPlausible(parts);
  const columns = new Map(layout.columns.map((column) => [column.name.toUpperCase(), column]));
  return {
    shape,
    bitpix,
    rowsTogether: tileShape.at(-2) ?? 1,
    async read(ranges) {
      if (tiled.codec === undefined) throw unknownCodec(place, tiled.type);
      const sizes = regionShape(ranges);
      const pixels = storedView(allocate(countOf(sizes) * bytesPerPixel(bitpix), source.name), bitpix);
      if (pixels.length === 0) return pixels;
      let waiting: Tile[] = [];
      const finish = async () => {
        const values = await Promise.all(waiting.map((tile) => readTile(parts, columns, tile)));
        for (const [i, tile] of waiting.entries()) copyTile(values[i] ?? pixels, tile, pixels, ranges);
        waiting = [];
      };
      for (const tile of tilesOf(ranges, shape, tileShape)) {
        waiting.push(tile);
        if (waiting.length === TILES_AT_ONCE) await finish();
      }
      await finish();
      return pixels;
    },
  };
}

/** Before memory is given: as many rows as tiles, and no more pixels than the bytes can stand for. */
function checkPlausible({ place, layout, tiled }: TiledParts): void {
  const tiles = tiled.shape.reduce((product, length, i) => product * Math.ceil(length / (tiled.tileShape[i] ?? 1)), 1);
  const pixels = countOf(tiled.shape);
  const bytes = layout.heapLength + layout.numRows * layout.rowLength;
  const most =
    tiled.codec === undefined
      ? bytes * 4096
      : mostPixels({ codec: tiled.codec, rice: tiled.rice, smooth: tiled.smooth }, bytes);
  const expected = pixels === 0 ? layout.numRows : tiles;
  // A tile of its own costs Rice up to one block more; a fallback column may hold gzip.
  if (expected === layout.numRows && pixels <= Math.max(most + tiles * tiled.rice.blockSize, bytes * 1032)) return;
  throw new FitsError({
    code: "SIZE_INVALID",
    place,
    keyword: "ZNAXIS",
    value: tiled.shape.length,
    problem: `an image of shape ${JSON.stringify(tiled.shape)} cannot be in ${layout.numRows} tiles of ${bytes} bytes`,
    remedy: "Correct the ZNAXISn and ZTILEn keywords, or fetch the file again",
  });
}

async function readTile(
  { source, place, dataOffset, layout, tiled }: TiledParts,
  columns: ReadonlyMap<string, Column>,
  { row, size }: Tile,
): Promise<StoredArray> {
  const count = countOf(size);
  const bytes = await readBytes(source, dataOffset + row * layout.rowLength, layout.rowLength);
  const view = new DataView(bytes.buffer);
  const compressed = async (name: string): Promise<Uint8Array | undefined> => {
    const column = columns.get(name);
    if (column?.descriptor === undefined || column.repeat === 0) return undefined;
    const descriptor: Descriptor = readDescriptor(view, column.offset, column.descriptor);
    checkDescriptor(descriptor, column.element, layout.heapLength, place);
    if (descriptor.count === 0) return undefined;
    const length = descriptor.count * (column.element === "I" ? 2 : column.element === "J" ? 4 : 1);
    return readBytes(source, dataOffset + layout.heapOffset + descriptor.offset, length);
  };
  const { codec, rice, smooth, bitpix } = tiled;
  if (codec === undefined) throw unknownCodec(place, tiled.type);
  const main = await compressed("COMPRESSED_DATA");
  const scale = numberOf(columns.get("ZSCALE"), view) ?? tiled.scale;
  if (main !== undefined) {
    if (bitpix > 0 || scale === undefined) return decodeTile(main, { codec, rice, smooth }, bitpix, count, place);
    const integers = await decodeTile(main, { codec, rice, smooth }, 32, count, place);
    if (integers instanceof BigInt64Array) throw noTile(place, row);
    const zero = numberOf(columns.get("ZZERO"), view) ?? tiled.zero ?? 0;
    const blank = numberOf(columns.get("ZBLANK"), view) ?? tiled.blank ?? NULL_VALUE;
    const values = bitpix === -32 ? new Float32Array(count) : new Float64Array(count);
    unquantize(integers, { method: tiled.method, seed: tiled.seed, tile: row, scale, zero, blank }, values);
    return values;
  }
  // Tiles that could not be quantised are stored losslessly in one of these columns.
  const zipped = await compressed("GZIP_COMPRESSED_DATA");
  if (zipped !== undefined) return decodeTile(zipped, GZIP_FALLBACK, bitpix, count, place);
  throw noTile(place, row);
}

function numberOf(column: Column | undefined, row: DataView): number | undefined {
  if (column === undefined || column.descriptor !== undefined || column.repeat === 0) return undefined;
  switch (column.element) {
    case "D":
      return row.getFloat64(column.offset);
    case "E":
      return row.getFloat32(column.offset);
    case "J":
      return row.getInt32(column.offset);
    case "I":
      return row.getInt16(column.offset);
    default:
      return undefined;
  }
}

function unknownCodec(place: Place, type: string): FitsError {
  return new FitsError({
    code: "UNSUPPORTED",
    place,
    keyword: "ZCMPTYPE",
    value: type,
    problem: `this codec cannot be read; ${READABLE_CODECS.join(", ")} can`,
    remedy: "Unpack the file with funpack",
  });
}

function noTile(place: Place, row: number): FitsError {
  return new FitsError({
    code: "DATA_INVALID",
    place,
    problem: `tile ${row} of the compressed image has no data that can be read`,
    remedy: "Fetch the file again; funpack and fitsverify can tell more",
  });
}
