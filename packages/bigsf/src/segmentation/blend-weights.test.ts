import { expect, test } from "vitest";
import { blendWeights } from "./blend-weights.ts";
import { patchStarts } from "./patch-starts.ts";

test.each(["mean", "gaussian"] as const)("the weights of a pixel by %s are positive and sum to 1", (blend) => {
  for (const [length, patchSize, stride] of [
    [100, 32, 16],
    [101, 32, 7],
    [16, 16, 16],
    [70, 15, 15],
    [40, 1, 1],
  ] as const) {
    const starts = patchStarts(length, patchSize, stride);
    const sums = new Float64Array(length);
    for (const [patch, weights] of blendWeights(blend, starts, patchSize).entries()) {
      expect(Math.min(...weights)).toBeGreaterThan(0);
      for (const [i, weight] of weights.entries()) {
        const pixel = (starts[patch] ?? 0) + i;
        sums[pixel] = (sums[pixel] ?? 0) + weight;
      }
    }
    for (const sum of sums) expect(sum).toBeCloseTo(1, 12);
  }
});

test("mean counts patches, gaussian the distance from a patch's centre", () => {
  // Pixel 5 is in the patches from 0 and 4.
  expect(blendWeights("mean", [0, 4], 8)[0]?.[5]).toBe(0.5);
  const [first, second] = blendWeights("gaussian", [0, 4], 8);
  // Standard deviation 1; pixel 5 lies 1.5 from one centre and 2.5 from the other.
  const [near, far] = [Math.exp(-(1.5 ** 2) / 2), Math.exp(-(2.5 ** 2) / 2)];
  expect(first?.[5]).toBeCloseTo(near / (near + far), 12);
  expect(second?.[1]).toBeCloseTo(far / (near + far), 12);
});
