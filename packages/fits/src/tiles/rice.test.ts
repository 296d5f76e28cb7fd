import fc from "fast-check";
import { expect, test } from "vitest";
import { decodeRice, encodeRice, mostRicePixels } from "./rice.ts";

const cases = [
  [1, fc.integer({ min: 0, max: 255 })],
  [2, fc.integer({ min: -(2 ** 15), max: 2 ** 15 - 1 })],
  [4, fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })],
] as const;

test.each(cases)("%s bytes: integers come back", (bytePix, integer) => {
  const smooth = fc.tuple(integer, fc.integer({ min: 0, max: 12 }), fc.array(fc.nat(4095), { maxLength: 200 }));
  const walk = smooth.map(([start, shift, steps]) => steps.map((step) => wrapped(start + (step >> shift), bytePix)));
  fc.assert(
    fc.property(fc.oneof(fc.array(integer, { maxLength: 200 }), walk), fc.constantFrom(16, 32), (values, blockSize) => {
      const bytes = encodeRice(values, bytePix, blockSize);
      expect(values.length).toBeLessThanOrEqual(mostRicePixels(bytes.length, bytePix, blockSize));
      expect(Array.from(decodeRice(bytes, values.length, bytePix, blockSize) ?? [])).toEqual(values);
    }),
    { numRuns: 300 },
  );
});

function wrapped(value: number, bytePix: 1 | 2 | 4): number {
  if (bytePix === 1) return value & 0xff;
  return bytePix === 2 ? (value << 16) >> 16 : value | 0;
}

test("any bytes give integers or nothing", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), fc.nat(3000), fc.constantFrom(1, 2, 4), (bytes, count, bytePix) => {
      const values = decodeRice(bytes, count, bytePix, 32);
      if (values !== null) expect(values.length).toBe(count);
    }),
  );
});
