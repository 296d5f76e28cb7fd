import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { CardValue } from "./card.ts";
import { formatCard } from "./format-card.ts";
import {
  addCommentary,
  emptyHeader,
  getBoolean,
  getCommentary,
  getInteger,
  getNumber,
  getString,
  getValue,
  type Header,
  makeHeader,
  removeCards,
  setCard,
} from "./header.ts";
import { formatHeader, parseHeader } from "./header-bytes.ts";
import { parseCard } from "./parse-card.ts";

const card = (text: string) => parseCard(text.padEnd(80));

describe("reading cards", () => {
  test.each<[string, CardValue, string]>([
    ["SIMPLE  =                    T / conforms", true, "conforms"],
    ["FLAG    = F", false, ""],
    ["N       = -12/no blanks", -12, "no blanks"],
    ["N       = +7", 7, ""],
    ["BIG     = 9223372036854775808", 2n ** 63n, ""],
    ["BIG     = -9007199254740993", -(2n ** 53n) - 1n, ""],
    ["REAL    = 1.", 1, ""],
    ["REAL    = .5E-3", 0.0005, ""],
    ["REAL    = -1.5D+10", -1.5e10, ""],
    ["STRING  = 'it''s / no comment' / a comment", "it's / no comment", "a comment"],
    ["STRING  = ''", "", ""],
    ["STRING  = '    '", " ", ""],
    ["STRING  = ' lead  '", " lead", ""],
    ["STRING  = 'end&'", "end&", ""],
    ["COMPLEX = (1.5, -2)", { re: 1.5, im: -2 }, ""],
    ["UNDEF   =                      / nothing", undefined, "nothing"],
    ["HIERARCH ESO TEL FOCU LEN = 1.25 / [m]", 1.25, "[m]"],
  ])("%s", (text, value, comment) => {
    expect(card(text)).toMatchObject({ kind: "value", value, comment });
  });

  test.each(["N       = 12abc", "N       = 'open", "N       = 1 2", "N       = (1,)", "N       = NaN"])(
    "%s",
    (text) => {
      expect(card(text).kind).toBe("invalid");
      expect(() => getValue({ cards: [card(text)] }, "N")).toThrow(
        expect.objectContaining({ code: "KEYWORD_INVALID", keyword: "N" }),
      );
    },
  );

  test("cards without a value indicator are commentary", () => {
    expect(card("COMMENT = this is none")).toMatchObject({ kind: "commentary", comment: "= this is none" });
    expect(card("NOVALUE words")).toMatchObject({ kind: "commentary", keyword: "NOVALUE" });
    expect(card("")).toMatchObject({ kind: "commentary", keyword: "", comment: "" });
  });

  test("CONTINUE belongs to an open string only", () => {
    const text = [
      "A       = 'one &'",
      "CONTINUE  'two &' / first",
      "CONTINUE  'three' / second",
      "CONTINUE  'stray'",
      "END",
    ];
    const header = parseHeader(Buffer.from(text.map((line) => line.padEnd(80)).join("")));
    expect(header?.cards.map(({ keyword, value, comment }) => ({ keyword, value, comment }))).toEqual([
      { keyword: "A", value: "one two three", comment: "first second" },
      { keyword: "CONTINUE", value: undefined, comment: "  'stray'" },
    ]);
  });

  test("bytes that are no ASCII stay as they are", () => {
    const bytes = Buffer.from(`${"COMMENT caf\u00e9 \u0000".padEnd(80)}${"END".padEnd(80)}`.padEnd(2880), "latin1");
    const header = parseHeader(bytes);
    if (header === null) expect.fail();
    expect(Buffer.from(formatHeader(header)).equals(bytes)).toBe(true);
  });
});

const text = fc.string({
  unit: fc.integer({ min: 32, max: 126 }).map((code) => String.fromCharCode(code)),
  maxLength: 300,
});
const value: fc.Arbitrary<CardValue> = fc.oneof(
  // Blanks at the end do not count, and of nothing but blanks one stays.
  text.map((one) => (one.trimEnd() === "" && one !== "" ? " " : one.trimEnd())),
  fc.boolean(),
  fc.maxSafeInteger().map((one) => (Object.is(one, -0) ? 0 : one)),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.bigInt({ min: 2n ** 53n, max: 2n ** 64n }),
  fc.constant(undefined),
);
const keyword = fc.oneof(
  fc.stringMatching(/^[A-Z][A-Z0-9_-]{0,7}$/),
  fc.constantFrom("ESO TEL FOCU LEN", "lower", "NINELONGX"),
);

test("what is written is read again", () => {
  fc.assert(
    fc.property(keyword, value, text, (name, given, comment) => {
      fc.pre(!["COMMENT", "HISTORY", "END", "CONTINUE", "HIERARCH"].includes(name));
      const made = formatCard(name, given, comment);
      expect(made).toMatchObject({ kind: "value", keyword: name, value: given });
      expect(comment.trim().startsWith(made.comment)).toBe(true);
      const header = parseHeader(formatHeader({ cards: [made, made] }));
      expect(header?.cards).toEqual([made, made]);
    }),
  );
});

test("any bytes are cards, and stay as they are", () => {
  const bytes = fc.uint8Array({ minLength: 80, maxLength: 80 });
  const start = fc.constantFrom("A       = ", "HIERARCH A = ", "CONTINUE  ", "A       = '", "COMMENT ", "");
  fc.assert(
    fc.property(fc.array(fc.tuple(start, bytes), { maxLength: 5 }), (lines) => {
      const raw = lines.map(([head, tail]) => (head + Buffer.from(tail).toString("latin1")).slice(0, 80)).join("");
      const whole = Buffer.from((raw + "END".padEnd(80)).padEnd(2880), "latin1");
      const header = parseHeader(whole);
      expect(header).not.toBeNull();
      if (header !== null) expect(Buffer.from(formatHeader(header)).equals(whole)).toBe(true);
    }),
  );
});

describe("changing a header", () => {
  const header: Header = makeHeader({ A: [1, "first"], B: "text", C: [1.5, "real"] });

  test("in place, keeping comment and kind", () => {
    expect(setCard(header, "A", 2).cards[0]).toMatchObject({ value: 2, comment: "first" });
    expect(setCard(header, "A", 2, "new").cards[0]).toMatchObject({ value: 2, comment: "new" });
    expect(setCard(header, "C", 3).cards[2]?.raw).toContain("3.0 / real");
    expect(setCard(header, "A", 1)).toBe(header);
    expect(setCard(header, "D", true).cards.length).toBe(4);
    expect(removeCards(header, "A", "C").cards.map((one) => one.keyword)).toEqual(["B"]);
    expect(header.cards.map((one) => one.value)).toEqual([1, "text", 1.5]);
  });

  test("commentary of any length", () => {
    const long = addCommentary(addCommentary(emptyHeader, "HISTORY", "x".repeat(100)), "COMMENT", "");
    expect(getCommentary(long, "HISTORY")).toEqual(["x".repeat(72), "x".repeat(28)]);
    expect(getCommentary(long, "COMMENT")).toEqual([""]);
  });

  test("typed values", () => {
    expect(getInteger(header, "A")).toBe(1);
    expect(getString(header, "NOPE")).toBeUndefined();
    const wrong = expect.objectContaining({ code: "KEYWORD_INVALID" });
    expect(() => getInteger(header, "C")).toThrow(wrong);
    expect(() => getNumber(header, "B")).toThrow(wrong);
    expect(() => getString(header, "A")).toThrow(wrong);
    expect(() => getBoolean(header, "A")).toThrow(wrong);
  });

  test.each<[string, CardValue]>([
    ["A", Number.NaN],
    ["A", Number.POSITIVE_INFINITY],
    ["A", "two\nlines"],
    ["", 1],
    ["A=B", 1],
    ["caf\u00e9", 1],
  ])("%s = %s cannot be written", (name, given) => {
    expect(() => formatCard(name, given)).toThrow(expect.objectContaining({ code: "WRITE_INVALID" }));
  });
});
