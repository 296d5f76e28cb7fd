import { expect, test } from "vitest";
import { boundsWithin, cutNote, intervals } from "./intervals.ts";

const domain = [0, 10] as const;
const inside = boundsWithin({ low: 1, high: 2 }, domain);
const below = boundsWithin({ low: -1, high: 2 }, domain);
const both = boundsWithin({ low: -1, high: 20 }, domain);
const unknown = boundsWithin({ low: null, high: null }, domain);

test("an interval ends at the frame, with an arrow head where it goes on", () => {
  const layers = JSON.parse(JSON.stringify(intervals([inside, below, both, unknown], "y", {})));
  expect(layers).toMatchObject([
    { mark: { type: "rule" }, data: { values: [inside, below, both] } },
    { mark: { shape: "triangle-down" }, data: { values: [{ drawnLow: 0 }, { drawnLow: 0 }] } },
    { mark: { shape: "triangle-up" }, data: { values: [{ drawnHigh: 10 }] } },
  ]);
  expect(layers[2].encoding.y.field).toBe("drawnHigh");
  expect(intervals([both], "x", {})).toMatchObject([
    {},
    { mark: { shape: "triangle-left" } },
    { mark: { shape: "triangle-right" } },
  ]);
  expect(intervals([inside], "y", {})).toHaveLength(1);
  expect(intervals([unknown], "y", {})).toEqual([]);
});

test("arrow heads are explained where there are any", () => {
  expect(cutNote([inside, unknown])).toBe("");
  expect(cutNote([inside, below])).toBe("arrow heads: an interval goes on beyond the frame");
  expect(cutNote([both, below])).toBe("arrow heads: 2 intervals go on beyond the frame");
});
