import { expect, test } from "vitest";
import { addToChecksum, encodeChecksum } from "./checksum.ts";

test("the encoding of the standard's appendix J", () => {
  expect(encodeChecksum(868229149)).toBe("hcHjjc9ghcEghc9g");
  expect(encodeChecksum(0)).toMatch(/^[0-9A-Za-z]{16}$/);
  expect(encodeChecksum(0xffffffff)).toBe("0000000000000000");
});

test("a card with its checksum adds up to all ones", () => {
  for (const sum of [1, 2 ** 31, 0xfffffffe, 123456789]) {
    const zeros = Buffer.from("CHECKSUM= '0000000000000000'".padEnd(80));
    const without = addToChecksum(sum, zeros);
    const card = Buffer.from(`CHECKSUM= '${encodeChecksum(without)}'`.padEnd(80));
    expect(addToChecksum(sum, card)).toBe(0xffffffff);
  }
});

test("carries over long inputs, and bytes at the end", () => {
  const bytes = new Uint8Array(1_000_001).fill(0xff);
  expect(addToChecksum(0, bytes.subarray(0, 1_000_000))).toBe(0xffffffff);
  expect(addToChecksum(1, Uint8Array.of(0xff, 0xff, 0xff, 0xff))).toBe(1);
  expect(addToChecksum(0, Uint8Array.of(1, 2))).toBe(0x01020000);
});
