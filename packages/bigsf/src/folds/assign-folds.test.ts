import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { openFits } from "@ml-mosaic/fits";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { assignFolds, type FoldAssignment } from "./assign-folds.ts";
import type { FoldOptions } from "./fold-options.ts";
import { foldIndices, partIndices } from "./part-indices.ts";
import { foldSplits, parts } from "./splits.ts";

const folder = resolve(import.meta.dirname, "../../fixtures/crop");

const options: FoldOptions = {
  type: "random",
  k: 4,
  k_train: 2,
  area_size: 64,
  patch_size: 32,
  overlap: 0,
};

const foldSizes = (assignment: FoldAssignment) =>
  Array.from({ length: assignment.folds }, (_, index) => foldIndices(assignment, [index + 1]).length);

/** All positions on a grid, row by row. */
function grid(height: number, width: number, patchSize: number, stride: number): Int32Array {
  const positions: number[] = [];
  for (let y = 0; y + patchSize <= height; y += stride)
    for (let x = 0; x + patchSize <= width; x += stride) positions.push(y, x);
  return Int32Array.from(positions);
}

describe("the real crop", () => {
  /** Positions of the patches that are kept, straight from the rules, at stride 1. */
  async function kept(patchSize: number): Promise<Int32Array> {
    const read = async (name: string) => {
      await using file = await openFits(resolve(folder, `${name}.fits.gz`));
      return file.image().as("float32").read();
    };
    const [image, target, missing, background] = await Promise.all(
      ["image", "target", "missing", "background"].map(read),
    );
    const [height = 0, width = 0] = image?.shape ?? [];
    const bright = Array.from(image?.data ?? [], (value) => value > 0);
    const labelled = Array.from(
      target?.data ?? [],
      (value, at) => (value + (background?.data[at] ?? 0)) * (missing?.data[at] ?? 0) > 0,
    );
    const some = (pixels: readonly boolean[], y: number, x: number) => {
      for (let row = y; row < y + patchSize; row++)
        for (let column = x; column < x + patchSize; column++) if (pixels[row * width + column]) return true;
      return false;
    };
    const all = grid(height, width, patchSize, 1);
    const positions: number[] = [];
    for (let at = 0; at < all.length; at += 2) {
      const [y = 0, x = 0] = all.subarray(at, at + 2);
      if (some(bright, y, x) && some(labelled, y, x)) positions.push(y, x);
    }
    return Int32Array.from(positions);
  }

  const expected: Record<string, Record<string, number | number[]>> = JSON.parse(
    readFileSync(resolve(folder, "expected.json"), "utf8"),
  );

  test("there are three settings", () => {
    expect(Object.keys(expected)).toHaveLength(3);
  });

  test.each(Object.keys(expected))("%s", async (name) => {
    const [, patchSize, areaSize, overlap] = (/P(\d+)_A(\d+)_overlap(\d+)/.exec(name) ?? []).map(Number);
    if (patchSize === undefined || areaSize === undefined || overlap === undefined) return expect.fail(name);
    const positions = await kept(patchSize);
    const given = { ...options, patch_size: patchSize, area_size: areaSize, overlap };
    const random = assignFolds(positions, given);
    const naive = assignFolds(positions, { ...given, type: "naive" });
    const perArea = new Array<number>(random.areas.length / 2).fill(0);
    for (const area of random.areaOf) if (area >= 0) perArea[area] = (perArea[area] ?? 0) + 1;
    expect({
      candidates: grid(200, 200, patchSize, 1).length / 2,
      kept: positions.length / 2,
      areas: perArea.length,
      assigned: perArea.reduce((a, b) => a + b, 0),
      round_robin_k4: foldSizes(random),
      naive_k4: foldSizes(naive),
      max_area: Math.max(...perArea),
      min_area: Math.min(...perArea),
    }).toEqual(expected[name]);
  });
});

const setting = fc
  .record({
    patch_size: fc.integer({ min: 1, max: 12 }),
    extra: fc.integer({ min: 0, max: 12 }),
    overlap: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 8 })),
    stride: fc.integer({ min: 1, max: 4 }),
    height: fc.integer({ min: 1, max: 60 }),
    width: fc.integer({ min: 1, max: 60 }),
    type: fc.constantFrom("random" as const, "naive" as const),
    split: fc.constantFrom({ k: 1, k_train: 0.6 }, { k: 3, k_train: 1 }, { k: 4, k_train: 2 }, { k: 5, k_train: 0.6 }),
    lost: fc.integer({ min: 0, max: 3 }),
    seed: fc.nat(),
  })
  .map(({ extra, split, ...rest }) => ({
    ...rest,
    ...split,
    area_size: Math.max(rest.patch_size - rest.overlap, rest.overlap + 1) + extra,
  }));

/** What each part's patches cover, by brute force: one bit for each part in every pixel. */
function coverage(
  positions: Int32Array,
  assignment: FoldAssignment,
  split: ReturnType<typeof foldSplits>[number],
  { patch_size: size, height, width }: { patch_size: number; height: number; width: number },
): Uint8Array {
  const covered = new Uint8Array(height * width);
  for (const [bit, part] of parts.entries()) {
    for (const patch of partIndices(assignment, split, part)) {
      const [y = 0, x = 0] = positions.subarray(2 * patch, 2 * patch + 2);
      for (let row = y; row < y + size; row++)
        for (let column = x; column < x + size; column++)
          covered[row * width + column] = (covered[row * width + column] ?? 0) | (1 << bit);
    }
  }
  return covered;
}

test("no pixel of one part lies in another at overlap 0, above it only within `overlap` of an area's edge", () => {
  let [shared, splitsSeen] = [0, 0];
  fc.assert(
    fc.property(setting, (given) => {
      const { area_size: area, overlap, height, width, patch_size: size, stride, lost, seed } = given;
      const all = grid(height, width, size, stride);
      // Some patches are missing, as empty ones are.
      const positions = all.filter((_, at) => lost === 0 || (Math.floor(at / 2) * 7 + seed) % 5 >= lost);
      let assignment: FoldAssignment;
      try {
        assignment = assignFolds(positions, given);
      } catch (error) {
        expect(error).toHaveProperty("message", expect.stringMatching(/folds, which need an area each/));
        return;
      }
      for (const split of foldSplits(given)) {
        splitsSeen++;
        const covered = coverage(positions, assignment, split, given);
        for (const [pixel, bits] of covered.entries()) {
          if ((bits & (bits - 1)) === 0) continue;
          shared++;
          // Distance to the nearest line between areas above or to the left: patches reach over far edges only.
          const inside = Math.min(Math.floor(pixel / width) % area, (pixel % width) % area);
          expect(inside).toBeLessThan(overlap);
        }
      }
      const fold = (patch: number) => assignment.foldOfArea[assignment.areaOf[patch] ?? -1] ?? 0;
      for (let patch = 0; patch < positions.length / 2; patch++) {
        const [y = 0, x = 0] = positions.subarray(2 * patch, 2 * patch + 2);
        const crosses = [y, x].some((start) => (start % area) + size > area + overlap);
        expect(fold(patch) === 0).toBe(crosses);
      }
    }),
    { numRuns: 300, seed: 1 },
  );
  // The property would be empty if hardly any setting got here.
  expect(splitsSeen).toBeGreaterThan(150);
  expect(shared).toBeGreaterThan(1000);
});

test("the parts of a split have every assigned patch once", () => {
  const positions = grid(200, 150, 8, 3);
  const assignment = assignFolds(positions, { ...options, area_size: 20, patch_size: 8 });
  const assigned = Array.from(assignment.areaOf.keys()).filter((patch) => (assignment.areaOf[patch] ?? -1) >= 0);
  expect(assigned.length).toBeLessThan(positions.length / 2);
  for (const split of foldSplits(options)) {
    const indices = parts.flatMap((part) => Array.from(partIndices(assignment, split, part)));
    expect(indices.toSorted((a, b) => a - b)).toEqual(assigned);
  }
});

test("areas have their order of appearance for round robin, that of the image for naive", () => {
  // Column 1 comes before column 0, and the second row of areas before the third.
  const positions = Int32Array.of(0, 10, 1, 0, 10, 10, 11, 0, 20, 0, 20, 10);
  const given = { ...options, k: 3, k_train: 1, area_size: 10, patch_size: 2 };
  const random = assignFolds(positions, given);
  expect(Array.from(random.areas)).toEqual([0, 1, 0, 0, 1, 1, 1, 0, 2, 0, 2, 1]);
  expect(Array.from(random.foldOfArea)).toEqual([1, 2, 3, 1, 2, 3]);
  expect(Array.from(assignFolds(positions, { ...given, type: "naive" }).foldOfArea)).toEqual([1, 1, 2, 2, 3, 3]);
});

describe("refused, with what works", () => {
  test("all wrong options at once", () => {
    expect(() =>
      assignFolds(grid(100, 100, 8, 4), { ...options, k: 2, area_size: 0, patch_size: -3, overlap: 70 }),
    ).toThrow(
      "3 problems:\n  folds.area_size: expected a whole number of pixels above 0, got 0\n  folds.patch_size: expected a whole number of pixels above 0, got -3\n  folds.k: 2 folds are too few, as train, valid and test need one each; set it to 3 or more, or to 1",
    );
    expect(() => assignFolds(grid(100, 100, 8, 4), { ...options, overlap: 64 })).toThrow(
      "folds.overlap: expected a whole number of pixels from 0 to 63, below area_size, got 64",
    );
    expect(() => assignFolds(grid(100, 100, 8, 4), { ...options, area_size: 25, overlap: 3 })).toThrow(
      "folds.area_size: no patch of 32 x 32 pixels fits into an area of 25 x 25 with overlap 3; set it to 29 or more, several times that if you can",
    );
  });

  test("fewer areas than folds", () => {
    const positions = grid(200, 200, 32, 1);
    expect(() => assignFolds(positions, { ...options, k: 1 })).toThrow(
      "folds: the patches lie in only 9 areas of 64 x 64 pixels; k 1 stands for 10 folds, which need an area each. What works: area_size 56",
    );
    expect(assignFolds(positions, { ...options, k: 1, area_size: 56 }).foldOfArea.length).toBeGreaterThanOrEqual(10);
    expect(() => assignFolds(positions, { ...options, k: 12, k_train: 6 })).toThrow(
      /there are 12 folds, which need an area each. What works: area_size \d+, or k 9 or less/,
    );
    expect(() => assignFolds(grid(32, 40, 32, 1), options)).toThrow(
      /lie in only 1 area .* Take a larger map, or smaller patches than 32 x 32 \(or an overlap\)/,
    );
    expect(() => assignFolds(new Int32Array(), options)).toThrow(/lie in no area of/);
  });
});

describe("shuffled", () => {
  const positions = Int32Array.from(
    Array.from({ length: 8 * 10 }, (_, i) => [16 * Math.floor(i / 10), 16 * (i % 10)]).flat(),
  );
  const assign = (seed: number, type: "shuffled" | "random" = "shuffled") =>
    assignFolds(positions, { type, k: 5, k_train: 0.6, area_size: 16, patch_size: 16, overlap: 0, seed });

  test("folds have as many areas as by turns, are no stripes, and come from the seed", () => {
    const { foldOfArea, areas } = assign(1);
    for (let fold = 1; fold <= 5; fold++) expect(foldOfArea.filter((each) => each === fold)).toHaveLength(16);
    const columnsOf = (folds: Int32Array) =>
      new Set([...folds].flatMap((fold, area) => (fold === 1 ? [areas[2 * area + 1]] : [])));
    expect(columnsOf(assign(1, "random").foldOfArea).size).toBe(2);
    expect(columnsOf(foldOfArea).size).toBeGreaterThan(4);
    expect(assign(1).foldOfArea).toEqual(foldOfArea);
    expect(assign(2).foldOfArea).not.toEqual(foldOfArea);
  });
});
