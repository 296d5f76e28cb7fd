import { expect, test } from "vitest";
import { logTicks, scaleOf } from "./scales.ts";

test.each([
  [[0.5, 0.1], "linear"],
  [[1, 1e-4], "log"],
  [[1, 1e-4, 0], "linear"],
  [[1e30, -1], "linear"],
  [[3, 3], "linear"],
  [[], "linear"],
] as const)("%j are shown on a %s scale that holds them", (values, type) => {
  const scale = scaleOf(values);
  expect(scale.type).toBe(type);
  const [least, most] = scale.domain;
  expect(least).toBeLessThan(most);
  for (const value of values) expect(value >= least && value <= most).toBe(true);
});

test("logarithmic ticks are few, round and inside", () => {
  expect(logTicks(0.5, 2000)).toEqual([1, 10, 100, 1000]);
  expect(logTicks(0.8, 30)).toEqual([1, 2, 5, 10, 20]);
  for (const [low, high] of [
    [1e-12, 1e12],
    [3, 4],
    [0.011, 0.013],
    [1e-300, 1e300],
  ] as const) {
    const ticks = logTicks(low, high);
    expect(ticks.length).toBeGreaterThan(1);
    expect(ticks.length).toBeLessThan(9);
    expect(ticks.every((tick) => tick >= low && tick <= high)).toBe(true);
  }
});
