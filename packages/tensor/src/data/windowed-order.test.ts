import fc from "fast-check";
import { expect, test } from "vitest";
import { Generator } from "../random/generator.ts";
import { windowedOrder } from "./windowed-order.ts";

const regions = fc.array(fc.nat(12), { maxLength: 80 }).map((list) => Int32Array.from(list));

test("has every sample once, and every region in one window", () => {
  fc.assert(
    fc.property(regions, fc.integer({ min: 1, max: 5 }), fc.nat(), (regionOf, regionsPerWindow, seed) => {
      const order = windowedOrder({ regionOf, regionsPerWindow, generator: new Generator(seed) });
      expect(Array.from(order).toSorted((a, b) => a - b)).toEqual(Array.from(regionOf.keys()));
      // Whichever regions were met before, no more than a window's are ever open.
      const left = new Map<number, number>();
      for (const region of regionOf) left.set(region, (left.get(region) ?? 0) + 1);
      const open = new Set<number>();
      for (const sample of order) {
        const region = regionOf[sample] ?? -1;
        open.add(region);
        expect(open.size).toBeLessThanOrEqual(regionsPerWindow);
        left.set(region, (left.get(region) ?? 0) - 1);
        if ([...open].every((each) => left.get(each) === 0)) open.clear();
      }
    }),
  );
});

test("depends on the generator alone, and mixes a window's regions", () => {
  const regionOf = Int32Array.from({ length: 400 }, (_, index) => Math.floor(index / 10));
  const order = (seed: number) => windowedOrder({ regionOf, regionsPerWindow: 20, generator: new Generator(seed) });
  expect(order(1)).toEqual(order(1));
  expect(order(1)).not.toEqual(order(2));
  const neighbours = Array.from(order(1)).filter((sample, at, all) => regionOf[sample] === regionOf[all[at + 1] ?? -1]);
  // Of 20 regions of 10 samples each, one neighbour in 22 is of the same region.
  expect(neighbours.length).toBeLessThan(50);
});

test("of one window, every sample comes as often in every place", () => {
  const counts = new Array<number>(16).fill(0);
  for (let seed = 0; seed < 2000; seed++) {
    const order = windowedOrder({
      regionOf: Int32Array.of(0, 0, 1, 2),
      regionsPerWindow: 3,
      generator: new Generator(seed),
    });
    for (const [place, sample] of order.entries()) counts[4 * sample + place] = (counts[4 * sample + place] ?? 0) + 1;
  }
  for (const count of counts) expect(Math.abs(count - 500)).toBeLessThan(5 * Math.sqrt((2000 * 3) / 16));
});
