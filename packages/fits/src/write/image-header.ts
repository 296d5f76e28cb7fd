import type { Card } from "../header/card.ts";
import { formatCard } from "../header/format-card.ts";
import { emptyHeader, getCard, type Header, setCard } from "../header/header.ts";
import { BITPIX_TYPES, type Bitpix, type PixelType } from "../image/pixel-types.ts";

export interface Encoding {
  readonly bitpix: Bitpix;
  /** BZERO of the unsigned convention; undefined where the type is one of FITS itself. */
  readonly bzero: number | bigint | undefined;
}

const ENCODINGS: Readonly<Record<PixelType, Encoding>> = {
  uint8: { bitpix: 8, bzero: undefined },
  int8: { bitpix: 8, bzero: -128 },
  int16: { bitpix: 16, bzero: undefined },
  uint16: { bitpix: 16, bzero: 32768 },
  int32: { bitpix: 32, bzero: undefined },
  uint32: { bitpix: 32, bzero: 2147483648 },
  int64: { bitpix: 64, bzero: undefined },
  uint64: { bitpix: 64, bzero: 2n ** 63n },
  float32: { bitpix: -32, bzero: undefined },
  float64: { bitpix: -64, bzero: undefined },
};

export function encodingOf(type: PixelType): Encoding {
  return ENCODINGS[type];
}

/** Keywords of the structure, which come first and in this order, section 4.4.1. */
const STRUCTURE = /^(?:SIMPLE|XTENSION|BITPIX|NAXIS\d*|PCOUNT|GCOUNT|GROUPS|END)$/;

export interface ImageHeaderRequest {
  readonly header: Header | undefined;
  readonly name: string | undefined;
  readonly primary: boolean;
  readonly type: PixelType;
  /** Slowest axis first; [] for a header without data. */
  readonly shape: readonly number[];
  /** Keeps BSCALE, BZERO and BLANK: the pixels are stored values. */
  readonly stored: boolean;
}

/** The header of an image to be written: the structure as it has to be, every other card as it was, byte for byte. */
export function imageHeader({ header, name, primary, type, shape, stored }: ImageHeaderRequest): Header {
  const given = header ?? emptyHeader;
  const { bitpix, bzero } = encodingOf(type);
  const structure: Card[] = [];
  const add = (keyword: string, value: number | boolean | string, comment: string) => {
    const old = getCard(given, keyword);
    const start = old === undefined ? emptyHeader : { cards: [old] };
    structure.push(
      ...(old === undefined ? [formatCard(keyword, value, comment)] : setCard(start, keyword, value).cards),
    );
  };
  if (primary) add("SIMPLE", true, "conforms to FITS standard");
  else add("XTENSION", "IMAGE", "Image extension");
  add("BITPIX", bitpix, "array data type");
  add("NAXIS", shape.length, "number of array dimensions");
  for (const [i, length] of shape.toReversed().entries()) add(`NAXIS${i + 1}`, length, "");
  if (!primary) {
    add("PCOUNT", 0, "number of parameters");
    add("GCOUNT", 1, "number of groups");
  }
  const rest = given.cards.filter(({ keyword }) => {
    if (STRUCTURE.test(keyword)) return false;
    // EXTEND means something in the primary header only.
    if (!primary && keyword === "EXTEND") return false;
    return stored || !isOtherScaling(given, keyword, bzero !== undefined);
  });
  let made: Header = { cards: [...structure, ...rest] };
  if (!stored && bzero !== undefined) made = setCard(setCard(made, "BSCALE", 1), "BZERO", bzero);
  return name === undefined ? made : setCard(made, "EXTNAME", name);
}

/** Whether a card scales stored values in a way that the pixels, which are physical values, do not need. */
function isOtherScaling(header: Header, keyword: string, unsigned: boolean): boolean {
  if (keyword === "BLANK") return true;
  if (keyword !== "BSCALE" && keyword !== "BZERO") return false;
  return !unsigned && getCard(header, keyword)?.value !== (keyword === "BSCALE" ? 1 : 0);
}

/** Whether a type can be the stored values of some BITPIX. */
export function isStoredType(type: PixelType): boolean {
  return encodingOf(type).bzero === undefined && BITPIX_TYPES.includes(encodingOf(type).bitpix);
}
