import { readFileSync } from "node:fs";
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
