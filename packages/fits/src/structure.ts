/** What the mandatory keywords of an HDU say of the size and kind of its data, checked (FITS 4.0, sections 4.4.1 and 7). */
import { FitsError } from "./fits-error.ts";
import { getBoolean, getCard, getInteger, getString, getValue, type Header } from "./header/header.ts";
import { BITPIX_TYPES, type Bitpix } from "./image/pixel-types.ts";

export interface Structure {
  /** Trimmed XTENSION; `PRIMARY` for the first HDU. */
  readonly type: string;
  readonly bitpix: Bitpix;
  /** NAXISn in the order of the standard: the fastest axis first. */
  readonly axes: readonly number[];
  /** Bytes of data that follow the header, without padding. */
  readonly dataLength: number;
  readonly randomGroups: boolean;
  readonly pcount: number;
}

/** @throws FitsError for keywords that are missing, of a wrong type or beyond what a file can hold */
export function readStructure(header: Header, primary: boolean): Structure {
  if (primary) checkSimple(header);
  const type = primary ? "PRIMARY" : (getString(header, "XTENSION") ?? "").trim();
  const bitpix = readBitpix(header, "BITPIX");
  const axes = readAxes(header, "NAXIS");
  const randomGroups = primary && axes[0] === 0 && getCard(header, "GROUPS")?.value === true;
  // PCOUNT and GCOUNT have no meaning in a primary image, where some writers leave odd values.
  const counted = !primary || randomGroups;
  const pcount = counted ? readCount(header, "PCOUNT", 0) : 0;
  const gcount = counted ? readCount(header, "GCOUNT", 1) : 1;
  const sized = randomGroups ? axes.slice(1) : axes;
  const elements = sized.length === 0 ? 0 : sized.reduce((product, length) => product * length, 1);
  const dataLength = (Math.abs(bitpix) / 8) * gcount * (pcount + elements);
  if (!Number.isSafeInteger(dataLength)) {
    throw new FitsError({
      code: "SIZE_INVALID",
      place: header.place,
      keyword: "NAXIS",
      value: axes.length,
      problem: `the axes ${axes.join(" x ")} are beyond any file`,
      remedy: "Correct the NAXISn keywords",
    });
  }
  return { type, bitpix, axes, dataLength, randomGroups, pcount };
}

function checkSimple(header: Header): void {
  // F says that something in the file departs from the standard; what has axes and BITPIX can be read all the same.
  if (typeof getValue(header, "SIMPLE") === "boolean") return;
  throw new FitsError({
    code: "NOT_FITS",
    place: header.place,
    keyword: "SIMPLE",
    value: getValue(header, "SIMPLE"),
    problem: "expected T or F",
    remedy: "Ask its author how it is to be read",
  });
}

/** @param keyword BITPIX, or ZBITPIX of a tile-compressed image */
export function readBitpix(header: Header, keyword: string): Bitpix {
  const value = requireInteger(header, keyword);
  const bitpix = BITPIX_TYPES.find((one) => one === value);
  if (bitpix !== undefined) return bitpix;
  throw invalid(header, keyword, value, "expected 8, 16, 32, 64, -32 or -64");
}

/** @param keyword NAXIS, or ZNAXIS of a tile-compressed image */
export function readAxes(header: Header, keyword: string): readonly number[] {
  const count = requireInteger(header, keyword);
  if (count < 0 || count > 999) throw invalid(header, keyword, count, "expected 0 to 999 axes");
  const axes: number[] = [];
  for (let axis = 1; axis <= count; axis++) {
    const length = requireInteger(header, `${keyword}${axis}`);
    if (length < 0) throw invalid(header, `${keyword}${axis}`, length, "expected a length of 0 or more");
    axes.push(length);
  }
  return axes;
}

function readCount(header: Header, keyword: string, absent: number): number {
  const value = getInteger(header, keyword) ?? absent;
  if (value < 0) throw invalid(header, keyword, value, "expected 0 or more");
  return value;
}

/** @throws FitsError `KEYWORD_MISSING` */
export function requireInteger(header: Header, keyword: string): number {
  const value = getInteger(header, keyword);
  if (value !== undefined) return value;
  throw new FitsError({
    code: "KEYWORD_MISSING",
    place: header.place,
    keyword,
    problem: "this mandatory keyword is missing or has no value",
    remedy: "Add it, or fetch the file again",
  });
}

export function invalid(header: Header, keyword: string, value: unknown, problem: string): FitsError {
  const remedy = "Correct this card of the header";
  return new FitsError({ code: "KEYWORD_INVALID", place: header.place, keyword, value, problem, remedy });
}

/** Whether a binary table holds a tile-compressed image, section 10.1. */
export function isTiledImage(header: Header): boolean {
  return getCard(header, "ZIMAGE") !== undefined && getBoolean(header, "ZIMAGE") === true;
}
