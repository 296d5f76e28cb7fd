import { FitsError, type Place } from "./fits-error.ts";
import { FitsFile, type Hdu } from "./fits-file.ts";
import type { HduBase } from "./hdu.ts";
import { BLOCK_LENGTH, CARD_LENGTH } from "./header/card.ts";
import type { Header } from "./header/header.ts";
import { parseHeader } from "./header/header-bytes.ts";
import { makeImage } from "./image/image-hdu.ts";
import { plainStore } from "./image/pixel-store.ts";
import { type ByteSource, memorySource, openFileSource, readBytes } from "./io/byte-source.ts";
import { gunzipSource, isGzip } from "./io/gunzip-source.ts";
import { isTiledImage, readStructure, type Structure } from "./structure.ts";
import { readLayout } from "./table/column.ts";
import { isCompressedTable, plainTableHeader, tableSource } from "./table/compressed-table.ts";
import { makeTable } from "./table/table-hdu.ts";
import { imageHeaderOf, readTiledHeader } from "./tiles/tiled-header.ts";
import { tiledStore } from "./tiles/tiled-store.ts";

export interface OpenOptions {
  /** Most bytes that a gzip file may unpack to; 32 GiB by default. */
  readonly maxUnpackedBytes?: number;
}

/** A header beyond this has lost its END. 200,000 cards. */
const LONGEST_HEADER = 16_000_000;
const FIRST_READ = 4 * BLOCK_LENGTH;

/**
 * Opens a FITS file, plain or packed with gzip, and reads the headers of all its HDUs. Pixels and columns are read when
 * they are asked for.
 * @param from a path, or the bytes of a file
 * @throws FitsError with file, HDU and keyword where the file is none, is cut off or contradicts itself
 * @example
 * await using file = await openFits("map.fits");
 * const { data } = await file.image().section([0, 100], [200, 300]);
 */
export async function openFits(
  from: string | Uint8Array,
  { maxUnpackedBytes = 32 * 2 ** 30 }: OpenOptions = {},
): Promise<FitsFile> {
  let source = typeof from === "string" ? await openFileSource(from) : memorySource(from, "(bytes)");
  try {
    if (await isGzip(source)) source = await gunzipSource(source, maxUnpackedBytes);
    return new FitsFile(source, await readHdus(source));
  } catch (error) {
    await source.close();
    throw error;
  }
}

async function readHdus(source: ByteSource): Promise<readonly Hdu[]> {
  const hdus: Hdu[] = [];
  let offset = 0;
  do {
    const place: Place = { file: source.name, hdu: hdus.length, offset };
    const found = await readHeader(source, place);
    // What follows the last HDU without being one is to be ignored, section 3.5.
    if (found === null) break;
    const { header, length } = found;
    const structure = readStructure(header, hdus.length === 0);
    const dataOffset = offset + length;
    if (dataOffset + structure.dataLength > source.size) throw truncated(place, source.size, dataOffset, structure);
    hdus.push(makeHdu(source, header, place, dataOffset, structure));
    offset = dataOffset + Math.ceil(structure.dataLength / BLOCK_LENGTH) * BLOCK_LENGTH;
  } while (offset < source.size);
  return hdus;
}

/** @returns null where no header starts here, and one need not */
async function readHeader(source: ByteSource, place: Place): Promise<{ header: Header; length: number } | null> {
  const rest = source.size - place.offset;
  const start = rest < CARD_LENGTH ? "" : Buffer.from(await readBytes(source, place.offset, 10)).toString("latin1");
  if (place.hdu > 0 && !start.startsWith("XTENSION")) return null;
  if (place.hdu === 0 && start !== "SIMPLE  = ") throw notFits(place, start);
  for (let length = FIRST_READ; ; length *= 4) {
    const read = Math.min(length, Math.floor(rest / CARD_LENGTH) * CARD_LENGTH, LONGEST_HEADER);
    const header = parseHeader(await readBytes(source, place.offset, read), place);
    if (header !== null) {
      const cards = header.cards.reduce((sum, card) => sum + card.raw.length, CARD_LENGTH);
      return { header, length: Math.ceil(cards / BLOCK_LENGTH) * BLOCK_LENGTH };
    }
    if (read < length) throw noEnd(place);
  }
}

function makeHdu(source: ByteSource, stored: Header, place: Place, dataOffset: number, structure: Structure): Hdu {
  const { type, axes, bitpix, dataLength, randomGroups } = structure;
  const extent = { headerOffset: place.offset, dataOffset, dataLength };
  const names = stored.cards.flatMap(({ keyword, value }) =>
    keyword === "EXTNAME" && typeof value === "string" ? [value] : [],
  );
  const name = nameOf(names) ?? (place.hdu === 0 ? "PRIMARY" : "");
  const base: HduBase = { index: place.hdu, name, header: stored, storedHeader: stored, extent };
  if (randomGroups) return { ...base, kind: "other", type: "GROUPS" };
  switch (type) {
    case "PRIMARY":
    case "IMAGE":
    case "IUEIMAGE":
      return makeImage({ base, store: plainStore(source, dataOffset, axes.toReversed(), bitpix) });
    case "BINTABLE":
    case "A3DTABLE": {
      const layout = readLayout(stored, structure);
      if (isCompressedTable(stored)) {
        const header = plainTableHeader(stored);
        const plain = readLayout(header, readStructure(header, false));
        const table = tableSource({ source, place, dataOffset, header: stored, stored: layout, plain });
        return makeTable({ base: { ...base, header }, source: table, layout: plain });
      }
      if (!isTiledImage(stored)) return makeTable({ base, source, layout });
      const tiled = readTiledHeader(stored);
      const store = tiledStore({ source, place, dataOffset, layout, tiled });
      const compression = { type: tiled.type, tileShape: tiled.tileShape, quantization: tiled.quantization };
      return makeImage({ base: { ...base, header: imageHeaderOf(stored) }, store, compression });
    }
    default:
      return { ...base, kind: "other", type };
  }
}

/** What other programs pack files with, by the first characters. */
const PACKED = [
  { start: "BZh", by: "bzip2", unpack: "bunzip2" },
  { start: "\x1f\x9d", by: "compress", unpack: "gunzip" },
  { start: "\xfd7zXZ", by: "xz", unpack: "unxz" },
  { start: "PK\x03\x04", by: "zip", unpack: "unzip" },
] as const;

/**
 * Writers of compressed images name the table that holds the tiles, and leave the image's own name behind it: the last one
 * counts then, as astropy and cfitsio have it for the image.
 */
function nameOf(names: readonly string[]): string | undefined {
  return names.length > 1 && names[0] === "COMPRESSED_IMAGE" ? names.at(-1) : names[0];
}

function notFits(place: Place, start: string): FitsError {
  const packed = PACKED.find((each) => start.startsWith(each.start));
  if (packed !== undefined) {
    return new FitsError({
      code: "UNSUPPORTED",
      place,
      problem: `the file is packed by ${packed.by}, which this library does not unpack`,
      remedy: `Unpack it with ${packed.unpack}, or pack it with gzip instead`,
    });
  }
  return new FitsError({
    code: "NOT_FITS",
    place,
    problem: "the file does not start with SIMPLE  = , so it is no FITS file",
    remedy: "Check what was downloaded; error pages and other formats look like this",
  });
}

function noEnd(place: Place): FitsError {
  return new FitsError({
    code: "TRUNCATED",
    place,
    keyword: "END",
    problem: "the header has no END",
    remedy: "Fetch the file again; it was cut off or is corrupt",
  });
}

function truncated(place: Place, size: number, dataOffset: number, { axes, dataLength }: Structure): FitsError {
  return new FitsError({
    code: "TRUNCATED",
    place,
    keyword: "NAXIS",
    value: axes.length,
    problem: `the axes ${axes.join(" x ")} need data up to byte ${dataOffset + dataLength}, the file ends at ${size}`,
    remedy: "Fetch the file again; it was cut off or its header is wrong",
  });
}
