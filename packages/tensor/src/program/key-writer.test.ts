import { expect, test } from "vitest";
import { type KeyWriter, keyOf } from "./key-writer.ts";

const writings: readonly (readonly [string, (writer: KeyWriter) => void])[] = [
  ["nothing", () => undefined],
  ["zero", (writer) => writer.number(0)],
  ["negative zero", (writer) => writer.number(-0)],
  ["NaN", (writer) => writer.number(Number.NaN)],
  ["the least number", (writer) => writer.number(Number.MIN_VALUE)],
  ["a tenth", (writer) => writer.number(0.1)],
  ["the number behind it", (writer) => writer.number(0.1 + 2 ** -56)],
  ["a list", (writer) => writer.numbers([0.1])],
  ["two lists", (writer) => writer.numbers([0.1]).numbers([])],
  ["a text", (writer) => writer.text("a")],
  ["another text", (writer) => writer.text("b")],
  ["bytes", (writer) => writer.bytes(Uint8Array.of(1, 2, 3, 4, 5))],
  ["other bytes", (writer) => writer.bytes(Uint8Array.of(1, 2, 3, 4, 6))],
  ["many numbers", (writer) => writer.numbers(Array.from({ length: 5000 }, (_, index) => index))],
  ["as many others", (writer) => writer.numbers(Array.from({ length: 5000 }, (_, index) => index % 4999))],
];

test("a key is the same for what is the same, and for nothing else", () => {
  const keys = new Map(writings.map(([name, write]) => [keyOf(write), name]));
  expect([...keys.values()]).toEqual(writings.map(([name]) => name));
  for (const [name, write] of writings) expect(keys.get(keyOf(write))).toBe(name);
});

test("a key may be made while another one is", () => {
  const inner = (writer: KeyWriter) => writer.text("inner").whole(1);
  const expected = keyOf(inner);
  let found = "";
  const outer = keyOf((writer) => {
    writer.whole(7);
    found = keyOf(inner);
    writer.whole(8);
  });
  expect(found).toBe(expected);
  expect(outer).toBe(keyOf((writer) => writer.whole(7).whole(8)));
});
