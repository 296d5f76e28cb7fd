import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { healpixOf, healpixSide, mergedPixels } from "./healpix.ts";

interface Fixture {
  readonly longitude: readonly number[];
  readonly latitude: readonly number[];
  readonly cases: readonly { readonly order: number; readonly pixels: readonly number[] }[];
}

const fixture: Fixture = JSON.parse(readFileSync(new URL("../../fixtures/healpix.json", import.meta.url), "utf8"));

test.each(fixture.cases)("pixels of order $order are those of astropy-healpix", ({ order, pixels }) => {
  const found = fixture.longitude.map((longitude, i) => healpixOf(order, longitude, fixture.latitude[i] ?? 0));
  expect(found).toEqual(pixels);
});

test("a pixel of order 13 has a side of 25.8 arc seconds", () => {
  expect(healpixSide(13) * 3600).toBeCloseTo(25.76, 1);
});

test("four that are one pixel of the order before are that", () => {
  const pixels = [3, ...Array.from({ length: 16 }, (_, i) => 32 + i), 52, 53, 54, 55, 57];
  expect([...mergedPixels(3, Float64Array.from(pixels))]).toEqual([2 + 16, 13 + 64, 3 + 256, 57 + 256]);
  const all = Float64Array.from({ length: 12 * 16 }, (_, i) => i);
  expect([...mergedPixels(2, all)]).toEqual(Array.from({ length: 12 }, (_, i) => 4 + i));
});
