import { expect, test } from "vitest";
import { estimateNoise } from "./noise.ts";

/** Sums of uniform numbers are nearly normal. */
function normal(count: number, sigma: number): Float64Array {
  let state = 12345;
  const uniform = () => {
    state = (16807 * state) % 2147483647;
    return state / 2147483647;
  };
  return Float64Array.from({ length: count }, () => {
    let sum = -6;
    for (let i = 0; i < 12; i++) sum += uniform();
    return sum * sigma;
  });
}

test("the noise on a slope, with undefined pixels", () => {
  const values = normal(20_000, 3).map((noise, i) => noise + i / 10);
  values[77] = Number.NaN;
  values[78] = Number.POSITIVE_INFINITY;
  expect(estimateNoise(values, 200)).toBeGreaterThan(2.85);
  expect(estimateNoise(values, 200)).toBeLessThan(3.1);
});

test("no noise, no pixels, none that count", () => {
  expect(estimateNoise(new Float32Array(100).fill(2), 10)).toBe(0);
  expect(estimateNoise(new Float32Array(2), 2)).toBe(0);
  expect(estimateNoise(new Float32Array(100).fill(Number.NaN), 10)).toBe(0);
});
