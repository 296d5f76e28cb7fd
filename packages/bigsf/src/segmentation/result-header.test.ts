import { addCommentary, getCommentary, makeHeader } from "@ml-mosaic/fits";
import { expect, test } from "vitest";
import { resultHeader } from "./result-header.ts";

const text = { meaning: "mask", history: ["made"], date: new Date("2026-02-03T04:05:06Z") };

test("says when and by what it was made, and nothing of the source's pixels", () => {
  const source = makeHeader({
    OBJECT: "M 31",
    BUNIT: "K",
    DATAMAX: 3,
    CHECKSUM: ["x", "updated 1999"],
    DATE: "1999-01-01",
  });
  const { cards } = resultHeader(source, text);
  expect(cards.map(({ keyword, value }) => [keyword, value])).toEqual([
    ["OBJECT", "M 31"],
    ["BUNIT", ""],
    ["DATE", "2026-02-03T04:05:06"],
    ["CREATOR", "bigsf"],
    ["HISTORY", undefined],
  ]);
});

test("distortions whose tables are in extensions are left out, which HISTORY says; polynomials stay", () => {
  const source = addCommentary(
    makeHeader({
      CTYPE1: "RA---TAN-SIP",
      A_ORDER: 2,
      CPDIS1: "LOOKUP",
      DP1: "EXTVER: 1.0",
      D2IMDIS2: "LOOKUP",
      D2IM2: "EXTVER: 2.0",
      AXISCORR: 1,
      DPC: 3,
    }),
    "HISTORY",
    "before",
  );
  const { cards } = resultHeader(source, text);
  const keywords = cards.map(({ keyword }) => keyword);
  expect(keywords.slice(0, 3)).toEqual(["CTYPE1", "A_ORDER", "DPC"]);
  expect(keywords.some((keyword) => /CPDIS|D2IM|AXISCORR|DP1/.test(keyword))).toBe(false);
  expect(getCommentary({ cards }, "HISTORY").join("")).toMatch(
    /before.*made.*distortions by a table \(CPDIS1, DP1, D2IMDIS2, D2IM2, AXISCORR\) were left out/,
  );
});

test("names of files that are no ASCII are escaped in HISTORY", () => {
  const { cards } = resultHeader(makeHeader({}), { ...text, history: ["made of Öriön α\n.fits"] });
  expect(getCommentary({ cards }, "HISTORY").join("")).toBe("made of \\u00d6ri\\u00f6n \\u03b1\\u000a.fits");
});
