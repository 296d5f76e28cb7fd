import fc from "fast-check";
import { expect, test } from "vitest";
import { assignFolds } from "./assign-folds.ts";
import { coverCells, foldOverlay } from "./fold-map.ts";
import { foldSplits } from "./splits.ts";

const setting = fc.record({
  height: fc.integer({ min: 8, max: 40 }),
  width: fc.integer({ min: 8, max: 40 }),
  patchSize: fc.integer({ min: 1, max: 8 }),
  stride: fc.integer({ min: 1, max: 9 }),
  factor: fc.integer({ min: 1, max: 4 }),
  classOfArea: fc.array(fc.nat(3), { minLength: 1, maxLength: 5 }),
  seed: fc.nat(),
});

test("cells have the classes of the patches that cover their middle", () => {
  fc.assert(
    fc.property(setting, ({ height, width, patchSize, stride, factor, classOfArea, seed }) => {
      const places: number[] = [];
      for (let y = 0; y + patchSize <= height; y += stride)
        for (let x = 0; x + patchSize <= width; x += stride) if ((y * 7 + x * 3 + seed) % 4 > 0) places.push(y, x);
      const positions = Int32Array.from(places);
      const areaOf = Int32Array.from({ length: places.length / 2 }, (_, patch) => {
        const area = ((places[2 * patch] ?? 0) * 5 + Math.floor((places[2 * patch + 1] ?? 0) / 7) + seed) % 6;
        return area === 5 ? -1 : area % classOfArea.length;
      });
      const layout = { factor, rows: Math.ceil(height / factor), columns: Math.ceil(width / factor) };
      const cells = coverCells({ positions, patchSize, areaOf, classOfArea, layout, shared: 4 });
      for (const [cell, found] of cells.entries()) {
        const y = Math.floor(cell / layout.columns) * factor + Math.floor(factor / 2);
        const x = (cell % layout.columns) * factor + Math.floor(factor / 2);
        const classes = new Set<number>();
        for (const [patch, area] of areaOf.entries()) {
          const [y0 = 0, x0 = 0] = positions.subarray(2 * patch, 2 * patch + 2);
          const covers = y >= y0 && y < y0 + patchSize && x >= x0 && x < x0 + patchSize;
          if (area >= 0 && covers) classes.add(classOfArea[area] ?? 0);
        }
        classes.delete(0);
        const [only = 0] = classes;
        expect(found).toBe(classes.size > 1 ? 4 : only);
      }
    }),
  );
});

function overlayOf({ k, overlap, split }: { k: number; overlap: number; split?: number }) {
  const options = { type: "random", k, k_train: 1, area_size: 10, patch_size: 4, overlap } as const;
  const places: number[] = [];
  for (let y = 0; y <= 56; y++) for (let x = 0; x <= 56; x++) places.push(y, x);
  const positions = Int32Array.from(places);
  const overlay = foldOverlay(
    assignFolds(positions, options),
    split === undefined ? undefined : foldSplits(options)[split],
    { positions, patchSize: 4, layout: { factor: 1, rows: 60, columns: 60 } },
  );
  if (overlay.kind !== "areas") return expect.fail();
  const counts = new Map<number, number>();
  for (const cell of overlay.cells) counts.set(cell, (counts.get(cell) ?? 0) + 1);
  return { ...overlay, counts, labels: overlay.classes.map(({ label }) => label) };
}

test("folds have a colour each, and no pixel is in two of them at overlap 0", () => {
  const { counts, labels, classes } = overlayOf({ k: 4, overlap: 0 });
  expect(labels).toEqual(["fold 1", "fold 2", "fold 3", "fold 4"]);
  expect(new Set(classes.map(({ colour }) => colour)).size).toBe(4);
  // 36 areas of 10 x 10, nine for each fold.
  expect(counts).toEqual(new Map([1, 2, 3, 4].map((fold) => [fold, 900])));
});

test("what several folds see is said", () => {
  const { counts, labels } = overlayOf({ k: 4, overlap: 2 });
  expect(labels.at(-1)).toBe("in several folds");
  expect(counts.get(5)).toBeGreaterThan(200);
});

test("the sets of a split have a colour each", () => {
  const { counts, labels } = overlayOf({ k: 4, overlap: 0, split: 1 });
  expect(labels).toEqual(["train (fold 2)", "valid (fold 3)", "test (folds 4, 1)"]);
  expect(counts).toEqual(
    new Map([
      [1, 900],
      [2, 900],
      [3, 1800],
    ]),
  );
});

test("more folds than colours share them", () => {
  expect(overlayOf({ k: 12, overlap: 0 }).labels.slice(0, 3)).toEqual(["folds 1, 11", "folds 2, 12", "fold 3"]);
  expect(overlayOf({ k: 25, overlap: 0 }).labels.slice(0, 6)).toEqual([
    "folds 1, 11, …",
    "folds 2, 12, …",
    "folds 3, 13, …",
    "folds 4, 14, …",
    "folds 5, 15, …",
    "folds 6, 16",
  ]);
});
