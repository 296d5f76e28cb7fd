import { expect, test } from "vitest";
import { textWidth } from "../write/fonts.ts";
import { shortenMiddle, shortLabels, wrapText } from "./fit-text.ts";

const room = (width: number) => ({ width, measure: textWidth });

test("long text is broken at spaces, into no more lines than there is room for", () => {
  expect(wrapText("short", room(100), 10, 2)).toEqual(["short"]);
  const lines = wrapText("Data(1,200,0.8) | Mlp(2) | ".repeat(20), room(200), 10, 2);
  expect(lines).toHaveLength(2);
  expect(lines[1]).toMatch(/…$/);
  for (const line of lines) expect(textWidth(line, "10px 'Source Sans 3'")).toBeLessThan(212);
  expect(wrapText("x".repeat(1000), room(100), 10, 3)).toHaveLength(3);
  expect(wrapText("a\nb\u2028c\td", room(500), 10, 2)).toEqual(["a b c d"]);
  expect(wrapText("", room(500), 10, 2)).toEqual([]);
});

test("shortened names stay apart", () => {
  expect(shortenMiddle("🧩".repeat(20), 5)).toBe("🧩🧩…🧩🧩");
  const names = [`${"a".repeat(50)}1${"b".repeat(50)}`, `${"a".repeat(50)}2${"b".repeat(50)}`];
  expect(new Set(shortLabels(names, 20).values()).size).toBe(2);
});

test("a name written from right to left is kept to itself, others stay as they are", () => {
  expect(shortenMiddle("\u05e9\u05dc(3)", 10)).toBe("\u2068\u05e9\u05dc(3)\u2069");
  expect(shortLabels(["\u0645\u0631", "Brück Ω"], 10)).toEqual(
    new Map([
      ["\u0645\u0631", "\u2068\u0645\u0631\u2069"],
      ["Brück Ω", "Brück Ω"],
    ]),
  );
});
