import { CARD_LENGTH, type Card, type CardValue } from "./card.ts";

const STRING = /^ *'((?:[^']|'')*)' *(?:\/(.*))?$/s;
const PLAIN = /^ *([^/]*?) *(?:\/(.*))?$/s;
const INTEGER = /^[+-]?\d+$/;
const REAL = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[EDed][+-]?\d+)?$/;
const COMPLEX = /^\( *([^, ]+) *, *([^, )]+) *\)$/;

/**
 * Reads one card, of 80 characters, or of more where CONTINUE cards follow (FITS 4.0, sections 4.1, 4.2 and 4.2.1.2).
 * Never throws: what it cannot read becomes a card of kind `invalid`.
 */
export function parseCard(raw: string): Card {
  const first = raw.slice(0, CARD_LENGTH);
  const name = first.slice(0, 8).trimEnd();
  if (name === "HIERARCH") {
    const equals = first.indexOf("=");
    if (equals > 9) return valueCard(first.slice(9, equals).trim(), first.slice(equals + 1), raw);
  } else if (first.slice(8, 10) === "= " && !isCommentary(name)) {
    return valueCard(name, first.slice(10), raw);
  }
  return { kind: "commentary", keyword: name, value: undefined, comment: first.slice(8).trimEnd(), raw };
}

function isCommentary(name: string): boolean {
  return name === "COMMENT" || name === "HISTORY" || name === "";
}

function valueCard(keyword: string, field: string, raw: string): Card {
  const invalid: Card = { kind: "invalid", keyword, value: undefined, comment: "", raw };
  const text = STRING.exec(field);
  if (text !== null) return stringCard(keyword, text[1] ?? "", text[2], raw) ?? invalid;
  const [, written = "", comment = ""] = PLAIN.exec(field) ?? [];
  const value = parseScalar(written);
  return value === null ? invalid : { kind: "value", keyword, value, comment: comment.trim(), raw };
}

/** @returns null where a CONTINUE card does not hold a string */
function stringCard(keyword: string, first: string, firstComment: string | undefined, raw: string): Card | null {
  let value = unquote(first);
  const comments = [firstComment?.trim() ?? ""];
  for (let start = CARD_LENGTH; start < raw.length; start += CARD_LENGTH) {
    const next = STRING.exec(raw.slice(start + 8, start + CARD_LENGTH).trimEnd());
    if (next === null) return null;
    value = value.slice(0, -1) + unquote(next[1] ?? "");
    comments.push(next[2]?.trim() ?? "");
  }
  const comment = comments.filter((part) => part !== "").join(" ");
  return { kind: "value", keyword, value, comment, raw };
}

/** Trailing blanks are not significant, but a string of blanks only keeps one, section 4.2.1.1. */
function unquote(quoted: string): string {
  const text = quoted.replaceAll("''", "'");
  return text.trimEnd() === "" && text !== "" ? " " : text.trimEnd();
}

/** @returns null where the text is no value */
function parseScalar(text: string): CardValue | null {
  if (text === "") return undefined;
  if (text === "T") return true;
  if (text === "F") return false;
  if (INTEGER.test(text)) {
    const number = Number(text);
    return Number.isSafeInteger(number) ? number : BigInt(text.startsWith("+") ? text.slice(1) : text);
  }
  const parts = COMPLEX.exec(text);
  if (parts === null) return parseReal(text);
  const re = parseReal(parts[1] ?? "");
  const im = parseReal(parts[2] ?? "");
  return re === null || im === null ? null : { re, im };
}

/** Fortran's `D` marks an exponent as `E` does, section 4.2.4. */
function parseReal(text: string): number | null {
  return REAL.test(text) ? Number(text.replace(/[Dd]/, "E")) : null;
}

/** Whether a CONTINUE card after this one would carry on its string. */
export function isOpenString(raw: string): boolean {
  const field = raw.startsWith("HIERARCH")
    ? raw.slice(raw.indexOf("=") + 1)
    : raw.slice(raw.startsWith("CONTINUE") ? 8 : 10);
  const text = STRING.exec(field.trimEnd());
  return text !== null && (text[1] ?? "").trimEnd().endsWith("&");
}
