import { expect, test } from "vitest";
import { seededRandom } from "./random.ts";
import { largestOf, select, smallestOf } from "./sample.ts";

test.each([1, 2, 3, 10, 599, 601, 602, 5000, 9999])("selection among %d values, with ties, is sorting", (count) => {
  const random = seededRandom(count);
  const laws = [() => random(), () => Math.floor(random() * 7), () => Math.floor(random() * 3) / 0, () => 1];
  for (const law of laws) {
    const values = Float64Array.from({ length: count }, law).map((value) => (Number.isNaN(value) ? -Infinity : value));
    const sorted = values.toSorted();
    for (const share of [0, 0.004, 0.025, 0.25, 0.5, 0.75, 0.975, 1]) {
      const place = Math.round(share * (count - 1));
      // Also where another one was selected before.
      select(values, place);
      expect(values[place]).toBe(sorted[place]);
      expect(values.slice(0, place).every((value) => value <= (sorted[place] ?? NaN))).toBe(true);
      expect(values.slice(place).every((value) => value >= (sorted[place] ?? NaN))).toBe(true);
    }
    expect(values.toSorted()).toEqual(sorted);
  }
});

test("the largest and the smallest of more values than a call has room for", () => {
  const values = Array.from({ length: 200_000 }, (_, index) => index);
  expect([smallestOf(values), largestOf(values), smallestOf([]), largestOf([])]).toEqual([
    0,
    199_999,
    Infinity,
    -Infinity,
  ]);
});
