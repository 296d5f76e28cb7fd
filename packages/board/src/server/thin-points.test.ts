import { expect, test } from "vitest";
import { thinPoints } from "./thin-points.ts";

test("of each column of pixels the first, last, lowest and highest stay, and gaps", () => {
  const y = Float64Array.from({ length: 1000 }, (_, index) => Math.sin(index * 12.9898) * 100);
  y[400] = Number.NaN;
  const x = Float64Array.from(y, (_, index) => index + 1);
  const kept = thinPoints(x, y, 20);
  expect(kept).toEqual([...new Set(kept)].sort((one, other) => one - other));
  expect(kept.length).toBeLessThanOrEqual(4 * 22 + 1);
  expect([kept[0], kept.at(-1), kept.includes(400)]).toEqual([0, 999, true]);
  const column = (place: number) => Math.floor((place / 999) * 20);
  for (let each = 0; each < 20; each++) {
    const of = Array.from(y, (value, place) => ({ value, place })).filter(
      ({ place, value }) => column(place) === each && !Number.isNaN(value),
    );
    const highest = Math.max(...of.map(({ value }) => value));
    const lowest = Math.min(...of.map(({ value }) => value));
    const values = kept.filter((place) => column(place) === each).map((place) => y[place]);
    expect(values).toContain(highest);
    expect(values).toContain(lowest);
  }
});

test("one point, none, and points at one place", () => {
  expect(thinPoints(new Float64Array(0), new Float64Array(0), 10)).toEqual([]);
  expect(thinPoints(Float64Array.of(3), Float64Array.of(1), 10)).toEqual([0]);
  expect(thinPoints(Float64Array.of(3, 3, 3), Float64Array.of(1, 5, 2), 10)).toEqual([0, 1, 2]);
});
