import { readFileSync } from "node:fs";
import { processorSeconds } from "@ml-mosaic/testing";
import { expect, test } from "vitest";
import { emptyPlane, flag, type MaskPlane, placeOf } from "./mask-plane.ts";
import { thin } from "./thin.ts";

interface Fixture {
  readonly cases: readonly {
    readonly name: string;
    readonly mask: readonly string[];
    readonly thin: readonly string[];
  }[];
}

const { cases }: Fixture = JSON.parse(readFileSync(new URL("../../fixtures/thin.json", import.meta.url), "utf8"));

function planeOf(rows: readonly string[]): { plane: MaskPlane; places: Int32Array } {
  const plane = emptyPlane(rows.length, rows[0]?.length ?? 0);
  const places = rows.flatMap((row, y) =>
    Array.from(row).flatMap((pixel, x) => (pixel === "#" ? [placeOf(plane, x, y)] : [])),
  );
  for (const place of places) plane.flags[place] = flag.mask;
  return { plane, places: Int32Array.from(places) };
}

test.each(cases)("$name is thinned as scikit-image thins it", ({ mask, thin: expected }) => {
  const { plane, places } = planeOf(mask);
  const skeleton = new Set(thin(plane, places));
  const rows = mask.map((row, y) =>
    Array.from(row, (_, x) => (skeleton.has(placeOf(plane, x, y)) ? "#" : ".")).join(""),
  );
  expect(rows).toEqual(expected);
  expect(plane.flags.every((each) => (each & ~(flag.mask | flag.skeleton)) === 0)).toBe(true);
});

test("a mask of a million pixels without a hole takes no longer than its pixels", async () => {
  const side = 1000;
  const plane = emptyPlane(side, side);
  const places = Int32Array.from({ length: side * side }, (_, i) => placeOf(plane, i % side, Math.floor(i / side)));
  for (const place of places) plane.flags[place] = flag.mask;
  const seconds = await processorSeconds(() => thin(plane, places));
  // Each pixel is looked at a few times; all of them for each of 500 layers took nine seconds.
  expect(seconds).toBeLessThan(3);
});
