/** Skeletons against scikit-image (fixtures/thin_structures.py). */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { skeletonize, tubedSkeleton } from "./skeletonize.ts";

interface Shape {
  readonly width: number;
  readonly mask: string;
  readonly skeleton: string;
  readonly tube: string;
}
const { shapes }: { readonly shapes: readonly Shape[] } = JSON.parse(
  readFileSync(new URL("../../fixtures/thin-structures.json", import.meta.url), "utf8"),
);

test.each(shapes.map((shape, place) => [place, shape] as const))("shape %i", (_, { width, mask, skeleton, tube }) => {
  const pixels = Array.from(mask, Number);
  expect(Array.from(skeletonize(pixels, width)).join("")).toBe(skeleton);
  expect(Array.from(tubedSkeleton(pixels, width)).join("")).toBe(tube);
});

test("nothing has no skeleton", () => {
  expect(skeletonize([], 0)).toHaveLength(0);
  expect(skeletonize([0, 0, Number.NaN, 0], 2)).toEqual(new Uint8Array(4));
});
