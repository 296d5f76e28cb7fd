import { expect, test } from "vitest";
import { evenly } from "./evenly.ts";

test("of many items so many stay, in their order, the first and the last among them", () => {
  const items = Array.from({ length: 1000 }, (_, index) => index);
  const kept = evenly(items, 7);
  expect(kept).toHaveLength(7);
  expect([kept[0], kept.at(-1)]).toEqual([0, 999]);
  const steps = kept.slice(1).map((item, index) => item - (kept[index] ?? 0));
  expect(Math.max(...steps) - Math.min(...steps)).toBeLessThanOrEqual(1);
  expect(evenly([1, 2, 3], 3)).toEqual([1, 2, 3]);
  expect(evenly(items, 1)).toEqual([0]);
});
