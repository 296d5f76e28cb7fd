import { expect, test } from "vitest";
import { assignFolds } from "./assign-folds.ts";
import type { FoldOptions } from "./fold-options.ts";
import { foldWarnings } from "./fold-warnings.ts";

const positions = Int32Array.from(
  Array.from({ length: 90 * 90 }, (_, place) => [Math.floor(place / 90), place % 90]).flat(),
);
const warnings = (given: Partial<FoldOptions>) => {
  const options: FoldOptions = { type: "random", k: 3, k_train: 1, area_size: 30, patch_size: 5, overlap: 0, ...given };
  return foldWarnings(assignFolds(positions, options), options);
};

test("nothing is said of an assignment without overlap that keeps most patches", () => {
  expect(warnings({})).toEqual([]);
});

test("overlap is said whenever it is used", () => {
  expect(warnings({ overlap: 3 })).toEqual([expect.stringMatching(/^overlap 3: patches reach up to 3 pixels into/)]);
});

test("more than half dropped is said, with how many, and what keeps more does", () => {
  // 5 of every 10 starts along both axes: a quarter is kept.
  const [warning, ...more] = warnings({ area_size: 10, patch_size: 6 });
  expect(more).toEqual([]);
  expect(warning).toMatch(
    /^6,075 of 8,100 patches \(75\.0 %\) are dropped.*by more than 0 pixels; area_size 24 keeps more$/,
  );
  const dropped = (size: number) =>
    assignFolds(positions, {
      type: "random",
      k: 3,
      k_train: 1,
      area_size: size,
      patch_size: 6,
      overlap: 0,
    }).areaOf.filter((area) => area < 0).length;
  expect(dropped(24)).toBeLessThan(dropped(10) / 1.5);
});
