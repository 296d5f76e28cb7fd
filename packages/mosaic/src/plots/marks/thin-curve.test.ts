import { expect, test } from "vitest";
import { thinCurve } from "./thin-curve.ts";

const noisy = Array.from({ length: 10_000 }, (_, index) => ({
  epoch: index + 1,
  loss: index >= 3000 && index < 3100 ? null : Math.sin(index * 12.9898) * 43758.5453,
}));

test("few points stay, many keep ends, extremes and gaps", () => {
  expect(thinCurve(noisy.slice(0, 100), 50)).toEqual(noisy.slice(0, 100));
  const thin = thinCurve(noisy, 200);
  expect(thin.length).toBeLessThanOrEqual(4 * 203);
  const losses = (points: typeof noisy) => points.flatMap(({ loss }) => loss ?? []);
  expect(Math.min(...losses(thin))).toBe(Math.min(...losses(noisy)));
  expect(Math.max(...losses(thin))).toBe(Math.max(...losses(noisy)));
  expect([thin[0], thin.at(-1)]).toEqual([noisy[0], noisy.at(-1)]);
  const gap = thin.filter(({ loss }) => loss === null);
  expect(gap.length).toBeGreaterThan(0);
  expect(gap.every(({ epoch }) => epoch > 3000 && epoch <= 3100)).toBe(true);
  const stored = new Set(noisy.map((point) => JSON.stringify(point)));
  expect(thin.every((point) => stored.has(JSON.stringify(point)))).toBe(true);
  expect(thin.every(({ epoch }, index) => index === 0 || epoch > (thin[index - 1]?.epoch ?? 0))).toBe(true);
});

test("nothing and a single point", () => {
  expect(thinCurve([], 10)).toEqual([]);
  expect(thinCurve(noisy.slice(0, 1), 0)).toEqual(noisy.slice(0, 1));
});
