import { FitsError, type Place } from "../fits-error.ts";
import type { Card, CardValue } from "./card.ts";
import { formatCard, formatCommentary } from "./format-card.ts";

/** The cards of one HDU in their order, without END. Never changed in place: `setCard` and the others return a new one. */
export interface Header {
  readonly cards: readonly Card[];
  /** Where it was read; absent for one made by a program. */
  readonly place?: Place | undefined;
}

export const emptyHeader: Header = { cards: [] };

/** First card of each keyword: a header of a wide table has thousands, so they are not searched one by one. */
const indices = new WeakMap<Header, ReadonlyMap<string, Card>>();

function index(header: Header): ReadonlyMap<string, Card> {
  const known = indices.get(header);
  if (known !== undefined) return known;
  const made = new Map<string, Card>();
  for (const card of header.cards) if (!made.has(card.keyword)) made.set(card.keyword, card);
  indices.set(header, made);
  return made;
}

/** The first card with this keyword. HIERARCH keywords go without that word: `ESO TEL FOCU LEN`. */
export function getCard(header: Header, keyword: string): Card | undefined {
  return index(header).get(keyword);
}

/**
 * The value of a keyword; undefined where it is absent or has none.
 * @throws FitsError `KEYWORD_INVALID` where the card breaks the grammar
 */
export function getValue(header: Header, keyword: string): CardValue {
  const card = getCard(header, keyword);
  if (card?.kind === "invalid") throw wrong(header, card, "a value as FITS writes them");
  return card?.value;
}

/** @throws FitsError `KEYWORD_INVALID` where the value is no string */
export function getString(header: Header, keyword: string): string | undefined {
  const value = getValue(header, keyword);
  if (value === undefined || typeof value === "string") return value;
  throw wrong(header, getCard(header, keyword), "a string in quotes");
}

/** A real or an integer; one beyond 2^53 - 1 is rounded. @throws FitsError `KEYWORD_INVALID` where the value is neither */
export function getNumber(header: Header, keyword: string): number | undefined {
  const value = getValue(header, keyword);
  const number = typeof value === "bigint" ? Number(value) : value;
  if (number === undefined || (typeof number === "number" && Number.isFinite(number))) return number;
  throw wrong(header, getCard(header, keyword), "a finite number");
}

/** @throws FitsError `KEYWORD_INVALID` where the value is no whole number up to 2^53 - 1 */
export function getInteger(header: Header, keyword: string): number | undefined {
  const value = getValue(header, keyword);
  if (value === undefined || (typeof value === "number" && Number.isSafeInteger(value))) return value;
  throw wrong(header, getCard(header, keyword), "a whole number below 2^53");
}

/** @throws FitsError `KEYWORD_INVALID` where the value is neither T nor F */
export function getBoolean(header: Header, keyword: string): boolean | undefined {
  const value = getValue(header, keyword);
  if (value === undefined || typeof value === "boolean") return value;
  throw wrong(header, getCard(header, keyword), "T or F");
}

/** The texts of all COMMENT or HISTORY cards in their order. */
export function getCommentary(header: Header, keyword: "COMMENT" | "HISTORY"): readonly string[] {
  return header.cards.filter((card) => card.kind === "commentary" && card.keyword === keyword).map((c) => c.comment);
}

/**
 * Sets the first card of a keyword in its place, or appends one. A card that has this value (and comment, where one is
 * given) already stays as it is, byte for byte; a real stays a real (`1.0`); the old comment stays without a new one.
 * @throws FitsError `WRITE_INVALID` for keywords and values that a header cannot hold
 */
export function setCard(header: Header, keyword: string, value: CardValue, comment?: string): Header {
  const old = getCard(header, keyword);
  if (old === undefined) return { ...header, cards: [...header.cards, formatCard(keyword, value, comment)] };
  if (old.kind === "value" && sameValue(old.value, value) && (comment === undefined || comment === old.comment)) {
    return header;
  }
  const real =
    typeof old.value === "number" && /[.ED]/i.test(old.raw.slice(old.raw.indexOf("=") + 1).split("/")[0] ?? "");
  const made = formatCard(keyword, value, comment ?? old.comment, { real });
  return { ...header, cards: header.cards.map((card) => (card === old ? made : card)) };
}

/** Without any card of these keywords. */
export function removeCards(header: Header, ...keywords: readonly string[]): Header {
  return { ...header, cards: header.cards.filter((card) => !keywords.includes(card.keyword)) };
}

/** Appends COMMENT or HISTORY cards, as many as the text needs. */
export function addCommentary(header: Header, keyword: "COMMENT" | "HISTORY", text: string): Header {
  return { ...header, cards: [...header.cards, ...formatCommentary(keyword, text)] };
}

/** A header of these values in their order. @example makeHeader({ OBJECT: "M 31", EXPTIME: [1.5, "[s] exposure"] }) */
export function makeHeader(values: Readonly<Record<string, CardValue | readonly [CardValue, string]>>): Header {
  const cards = Object.entries(values).map(([keyword, given]) => {
    const [value, comment] = Array.isArray(given) ? given : [given, ""];
    return formatCard(keyword, value, comment);
  });
  return { cards };
}

function sameValue(a: CardValue, b: CardValue): boolean {
  if (typeof a === "object" && typeof b === "object") return a.re === b.re && a.im === b.im;
  return Object.is(a, b);
}

function wrong(header: Header, card: Card | undefined, expected: string): FitsError {
  return new FitsError({
    code: "KEYWORD_INVALID",
    place: header.place,
    keyword: card?.keyword,
    value: card?.kind === "invalid" ? card.raw.slice(10).trim() : card?.value,
    problem: `expected ${expected}`,
    remedy: "Correct this card of the header",
  });
}
