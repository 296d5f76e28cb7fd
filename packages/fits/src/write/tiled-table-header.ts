import type { Card, CardValue } from "../header/card.ts";
import { formatCard } from "../header/format-card.ts";
import { getCard, type Header } from "../header/header.ts";
import { parseCard } from "../header/parse-card.ts";
import { NULL_VALUE } from "../tiles/dither.ts";
import { BLOCK_SIZE, bytePixOf } from "../tiles/encode-tile.ts";
import type { TilePlan } from "./compression-plan.ts";

const STRUCTURE = /^(?:SIMPLE|XTENSION|BITPIX|NAXIS\d*|PCOUNT|GCOUNT|EXTEND)$/;

/**
 * Header of the table that holds an image as tiles, FITS 4.0, section 10.1: the same number of cards whatever the heap.
 * @param image the header of the plain image; the cards that are not of the structure stay byte for byte
 * @param longest bytes of the longest tile in COMPRESSED_DATA and GZIP_COMPRESSED_DATA
 */
export function tiledHeader(
  image: Header,
  plan: TilePlan,
  heapLength: number,
  longest: readonly [number, number],
): Header {
  const cards: Card[] = [];
  const add = (keyword: string, value: CardValue, comment = "") => cards.push(formatCard(keyword, value, comment));
  const columns: readonly (readonly [string, string])[] = [
    ["COMPRESSED_DATA", `1${plan.descriptor}B(${longest[0]})`],
    ...(plan.quantized
      ? ([
          ["GZIP_COMPRESSED_DATA", `1${plan.descriptor}B(${longest[1]})`],
          ["ZSCALE", "1D"],
          ["ZZERO", "1D"],
        ] as const)
      : []),
  ];
  add("XTENSION", "BINTABLE", "binary table extension");
  add("BITPIX", 8, "array data type");
  add("NAXIS", 2, "number of array dimensions");
  add("NAXIS1", plan.rowLength, "bytes of a row");
  add("NAXIS2", plan.numTiles, "rows: one per tile");
  add("PCOUNT", heapLength, "bytes of the heap");
  add("GCOUNT", 1, "number of groups");
  add("TFIELDS", columns.length, "number of columns");
  for (const [i, [name, format]] of columns.entries()) {
    add(`TTYPE${i + 1}`, name);
    add(`TFORM${i + 1}`, format);
  }
  add("ZIMAGE", true, "this table holds a compressed image");
  cards.push(...structureOf(image));
  const tile = [plan.tileWidth, plan.tileHeight, ...Array<number>(Math.max(0, plan.axes - 2)).fill(1)].slice(
    0,
    plan.axes,
  );
  for (const [i, length] of tile.entries()) add(`ZTILE${i + 1}`, length, "length of a tile");
  add("ZCMPTYPE", plan.codec, "compression");
  if (plan.codec === "RICE_1") {
    add("ZNAME1", "BLOCKSIZE");
    add("ZVAL1", BLOCK_SIZE, "pixels per block");
    add("ZNAME2", "BYTEPIX");
    add("ZVAL2", plan.quantized ? 4 : bytePixOf(plan.bitpix), "bytes per pixel");
  }
  if (plan.quantized) {
    add("ZQUANTIZ", plan.method, "quantization");
    add("ZDITHER0", plan.seed, "offset of the random numbers");
    add("ZBLANK", NULL_VALUE, "undefined pixels among the quantised");
  } else if (plan.bitpix < 0) add("ZQUANTIZ", "NONE", "every bit is kept");
  cards.push(...image.cards.filter(({ keyword }) => !STRUCTURE.test(keyword)));
  return { cards, place: image.place };
}

/** The structure of the plain image under the names that table 36 gives it. */
function* structureOf(image: Header): Generator<Card> {
  const first = getCard(image, "XTENSION");
  if (first !== undefined) yield formatCard("ZTENSION", "IMAGE", first.comment);
  for (const card of image.cards) {
    const { keyword, raw } = card;
    if (keyword === "XTENSION" || keyword === "SIMPLE" || !STRUCTURE.test(keyword)) continue;
    yield parseCard(`Z${keyword}`.padEnd(8) + raw.slice(8));
  }
}
