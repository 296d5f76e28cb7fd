import { FitsError } from "../fits-error.ts";
import { CARD_LENGTH, type Card, type CardValue } from "./card.ts";
import { parseCard } from "./parse-card.ts";

const STANDARD_KEYWORD = /^[A-Z0-9_-]{1,8}$/;
const HIERARCH_KEYWORD = /^[\x21-\x3c\x3e-\x7e]+(?: [\x21-\x3c\x3e-\x7e]+)*$/;
const PRINTABLE = /^[\x20-\x7e]*$/;

/**
 * Makes a card in fixed format (FITS 4.0, section 4.2). Keywords that are longer than 8 characters or hold blanks or
 * lower case use the HIERARCH convention, strings that do not fit use CONTINUE. A comment that does not fit is cut.
 * @param real writes whole numbers as reals (`1.0`), so that other readers take them for such
 * @throws FitsError `WRITE_INVALID` for keywords and values that a header cannot hold
 * @example formatCard("EXPTIME", 1.5, "[s] exposure")
 */
export function formatCard(keyword: string, value: CardValue, comment = "", { real = false } = {}): Card {
  const start = prefix(keyword);
  if (!PRINTABLE.test(comment)) throw unprintable(keyword, comment);
  if (typeof value === "string") return parseCard(stringCards(start, keyword, value, comment));
  const text = scalarText(keyword, value, real);
  const body = start + text.padStart(start.length === 10 ? 20 : 0);
  if (body.length > CARD_LENGTH) throw tooLong(keyword, value);
  return parseCard(withComment(body, comment));
}

/** COMMENT, HISTORY or blank cards for a text of any length, 72 characters each. */
export function formatCommentary(keyword: "COMMENT" | "HISTORY" | "", text: string): readonly Card[] {
  if (!PRINTABLE.test(text)) throw unprintable(keyword, text);
  const pieces = text.match(/.{1,72}/g) ?? [""];
  return pieces.map((piece) => parseCard((keyword.padEnd(8) + piece).padEnd(CARD_LENGTH)));
}

function prefix(keyword: string): string {
  if (STANDARD_KEYWORD.test(keyword)) return `${keyword.padEnd(8)}= `;
  if (HIERARCH_KEYWORD.test(keyword) && keyword.length <= 60) return `HIERARCH ${keyword} = `;
  throw new FitsError({
    code: "WRITE_INVALID",
    keyword,
    problem: "is no keyword",
    remedy: "Use up to 8 of A-Z, 0-9, - and _, or words of printable ASCII without = for a HIERARCH keyword",
  });
}

function scalarText(keyword: string, value: Exclude<CardValue, string>, real: boolean): string {
  if (value === undefined) return "";
  if (typeof value === "boolean") return value ? "T" : "F";
  if (typeof value === "bigint") return String(value);
  if (typeof value === "number") return numberText(keyword, value, real);
  return `(${numberText(keyword, value.re, true)}, ${numberText(keyword, value.im, true)})`;
}

function numberText(keyword: string, value: number, real: boolean): string {
  if (!Number.isFinite(value)) {
    throw new FitsError({
      code: "WRITE_INVALID",
      keyword,
      value,
      problem: "a header cannot hold NaN or infinity",
      remedy: "Leave the value out (undefined) or write it as a string",
    });
  }
  if (Object.is(value, -0)) return "-0.0";
  if (Number.isSafeInteger(value) && !real) return String(value);
  const text = String(value).toUpperCase();
  if (text.includes(".")) return text;
  // A real needs its point: 1E+30 would be read as one by most, but not by all.
  return text.includes("E") ? text.replace("E", ".0E") : `${text}.0`;
}

function stringCards(start: string, keyword: string, value: string, comment: string): string {
  if (!PRINTABLE.test(value)) throw unprintable(keyword, value);
  const quoted = value.replaceAll("'", "''");
  // The empty string is not padded: one of blanks is another value, section 4.2.1.1.
  const short = `${start}'${quoted === "" ? "" : quoted.padEnd(8)}'`;
  if (short.length <= CARD_LENGTH) return withComment(short.padEnd(start.length === 10 ? 30 : 0), comment);
  const cards: string[] = [];
  let rest = quoted;
  let head = start;
  while (head.length + rest.length + 2 > CARD_LENGTH) {
    let room = CARD_LENGTH - head.length - 3;
    // A doubled quote must not be torn apart, and blanks before the & would be lost by some readers only at the end.
    if (oddQuotes(rest.slice(0, room))) room -= 1;
    cards.push(`${head}'${rest.slice(0, room)}&'`.padEnd(CARD_LENGTH));
    rest = rest.slice(room);
    head = "CONTINUE  ";
  }
  cards.push(withComment(`${head}'${rest}'`, comment));
  return cards.join("");
}

function oddQuotes(text: string): boolean {
  return (/'*$/.exec(text)?.[0].length ?? 0) % 2 === 1;
}

function withComment(body: string, comment: string): string {
  const full = comment === "" ? body : `${body} / ${comment}`;
  return full.slice(0, Math.max(CARD_LENGTH, body.length)).padEnd(CARD_LENGTH);
}

function unprintable(keyword: string, value: string): FitsError {
  return new FitsError({
    code: "WRITE_INVALID",
    keyword,
    value,
    problem: "a header holds printable ASCII only",
    remedy: "Replace other characters, line ends included",
  });
}

function tooLong(keyword: string, value: CardValue): FitsError {
  return new FitsError({
    code: "WRITE_INVALID",
    keyword,
    value,
    problem: "the card would be longer than 80 characters",
    remedy: "Shorten the keyword",
  });
}
