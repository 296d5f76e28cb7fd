import fc from "fast-check";
import { expect, test } from "vitest";
import { patchStarts } from "./patch-starts.ts";

test("patches follow one another by the stride, the last one ends where the axis ends", () => {
  expect(patchStarts(10, 4, 2)).toEqual([0, 2, 4, 6]);
  expect(patchStarts(11, 4, 2)).toEqual([0, 2, 4, 6, 7]);
  expect(patchStarts(4, 4, 4)).toEqual([0]);
  expect(patchStarts(5, 4, 4)).toEqual([0, 1]);
});

test("every pixel of an axis is in a patch, whatever its length", () => {
  const sizes = fc.record({ patchSize: fc.integer({ min: 1, max: 40 }), extra: fc.nat(200), overlap: fc.nat(39) });
  fc.assert(
    fc.property(sizes, ({ patchSize, extra, overlap }) => {
      const length = patchSize + extra;
      const starts = patchStarts(length, patchSize, patchSize - (overlap % patchSize));
      const covered = new Set(starts.flatMap((start) => Array.from({ length: patchSize }, (_, i) => start + i)));
      expect([...covered].sort((a, b) => a - b)).toEqual(Array.from({ length }, (_, i) => i));
      expect(new Set(starts).size).toBe(starts.length);
    }),
  );
});

test("an axis shorter than a patch is refused", () => {
  expect(() => patchStarts(31, 32, 16)).toThrow(/31 pixels has no room for patches of 32/);
});
