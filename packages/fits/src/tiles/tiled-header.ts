/** What the header of a tile-compressed image says, FITS 4.0, section 10.1. */
import type { Card, CardValue } from "../header/card.ts";
import { formatCard } from "../header/format-card.ts";
import { getCard, getNumber, getString, getValue, type Header } from "../header/header.ts";
import { parseCard } from "../header/parse-card.ts";
import type { Bitpix } from "../image/pixel-types.ts";
import { invalid, readAxes, readBitpix } from "../structure.ts";
import { type Codec, READABLE_CODECS, type RiceParameters } from "./codec.ts";
import { QUANTIZATIONS, type Quantization } from "./dither.ts";

export interface TiledHeader {
  readonly bitpix: Bitpix;
  /** Slowest axis first. */
  readonly shape: readonly number[];
  readonly tileShape: readonly number[];
  /** ZCMPTYPE as it is written. */
  readonly type: string;
  /** undefined where this library cannot read it. */
  readonly codec: Codec | undefined;
  readonly rice: RiceParameters;
  readonly smooth: boolean;
  readonly quantization: string | undefined;
  readonly method: Quantization;
  readonly seed: number;
  /** ZSCALE, ZZERO, ZBLANK for all tiles, where no column has them. */
  readonly scale: number | undefined;
  readonly zero: number | undefined;
  readonly blank: number | undefined;
}

/** @throws FitsError for keywords that are missing or wrong */
export function readTiledHeader(header: Header): TiledHeader {
  const axes = readAxes(header, "ZNAXIS");
  const tile = axes.map((length, i) => {
    const value = getNumber(header, `ZTILE${i + 1}`) ?? (i === 0 ? length : 1);
    if (!Number.isSafeInteger(value) || value < 1) {
      if (length > 0) throw invalid(header, `ZTILE${i + 1}`, value, "expected a length of 1 or more");
    }
    return Math.max(1, Math.min(value, length));
  });
  const type = (getString(header, "ZCMPTYPE") ?? "").trim();
  if (type === "") throw invalid(header, "ZCMPTYPE", undefined, "a compressed image has to name its codec");
  const quantization = getString(header, "ZQUANTIZ")?.trim();
  const method = QUANTIZATIONS.find((one) => one === quantization) ?? "NO_DITHER";
  const seed = getNumber(header, "ZDITHER0") ?? 1;
  if (!Number.isInteger(seed) || seed < 1 || seed > 10_000) {
    if (method !== "NO_DITHER") throw invalid(header, "ZDITHER0", seed, "expected 1 to 10000");
  }
  return {
    bitpix: readBitpix(header, "ZBITPIX"),
    shape: axes.toReversed(),
    tileShape: tile.toReversed(),
    type,
    codec: READABLE_CODECS.find((one) => one === type),
    rice: readRiceParameters(header),
    smooth: codecParameter(header, "SMOOTH") === 1,
    quantization: quantization === "NONE" ? undefined : quantization,
    method,
    seed,
    scale: getNumber(header, "ZSCALE"),
    zero: getNumber(header, "ZZERO"),
    blank: getNumber(header, "ZBLANK"),
  };
}

function codecParameter(header: Header, name: string): CardValue {
  for (let n = 1; getCard(header, `ZNAME${n}`) !== undefined; n++)
    if (getString(header, `ZNAME${n}`)?.trim() === name) return getValue(header, `ZVAL${n}`);
  return undefined;
}

function readRiceParameters(header: Header): RiceParameters {
  let bytePix: 1 | 2 | 4 = 4;
  let blockSize = 32;
  for (let n = 1; getCard(header, `ZNAME${n}`) !== undefined; n++) {
    const name = getString(header, `ZNAME${n}`)?.trim();
    const keyword = `ZVAL${n}`;
    const value = getValue(header, keyword);
    if (name === "BYTEPIX") {
      if (value !== 1 && value !== 2 && value !== 4) throw invalid(header, keyword, value, "BYTEPIX can be 1, 2 or 4");
      bytePix = value;
    } else if (name === "BLOCKSIZE") {
      const allowed = typeof value === "number" && Number.isInteger(value) && value >= 1 && value <= 4096;
      if (!allowed) throw invalid(header, keyword, value, "BLOCKSIZE can be 1 to 4096");
      blockSize = value;
    }
  }
  return { bytePix, blockSize };
}

/** Of the table that holds the tiles: nothing of it belongs to the image. */
const OF_THE_TABLE =
  /^(?:XTENSION|SIMPLE|BITPIX|NAXIS\d*|PCOUNT|GCOUNT|TFIELDS|THEAP|(?:TTYPE|TFORM|TUNIT|TDIM|TNULL|TSCAL|TZERO|TDISP)\d+|CHECKSUM|DATASUM|EXTEND)$/;
const OF_THE_CODING = /^(?:ZIMAGE|ZCMPTYPE|ZTILE\d+|ZNAME\d+|ZVAL\d+|ZQUANTIZ|ZDITHER0|ZSCALE|ZZERO|ZMASKCMP)$/;
/** Keywords of the image that were kept under another name, table 36 of the standard. */
const RENAMED = /^Z(SIMPLE|TENSION|EXTEND|BITPIX|NAXIS\d*|PCOUNT|GCOUNT|BLOCKED|BLANK|HECKSUM|DATASUM)$/;

/** The header of the plain image; cards that belong to it stay byte for byte. */
export function imageHeaderOf(header: Header): Header {
  const cards: Card[] = [];
  const primary = getCard(header, "ZSIMPLE") !== undefined;
  if (!primary) cards.push(formatCard("XTENSION", "IMAGE", "Image extension"));
  for (const card of header.cards) {
    const renamed = RENAMED.exec(card.keyword)?.[1];
    if (renamed !== undefined) {
      const keyword = renamed === "HECKSUM" ? "CHECKSUM" : renamed;
      if (keyword === "TENSION" || (keyword === "BLANK" && keepsBlank(header))) continue;
      const made = parseCard(keyword.padEnd(8) + card.raw.slice(8));
      // SIMPLE has to come first, wherever ZSIMPLE stood.
      if (keyword === "SIMPLE") cards.unshift(made);
      else cards.push(made);
    } else if (!OF_THE_TABLE.test(card.keyword) && !OF_THE_CODING.test(card.keyword)) cards.push(card);
  }
  return { cards, place: header.place };
}

/** ZBLANK is BLANK of integers only; of floats it is the mark in their quantised values. */
function keepsBlank(header: Header): boolean {
  return getCard(header, "BLANK") !== undefined || (getNumber(header, "ZBITPIX") ?? 0) < 0;
}
