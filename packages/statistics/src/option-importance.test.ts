import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { growTree, predict } from "./extra-trees.ts";
import { gridShares, treeShares } from "./functional-anova.ts";
import { type GridResults, optionImportance } from "./option-importance.ts";
import { seededRandom } from "./random.ts";

interface Case {
  readonly name: string;
  readonly levelCounts: readonly number[];
  readonly points: readonly (readonly number[])[];
  readonly values: readonly number[];
  readonly shares: readonly { readonly alone: number; readonly total: number }[];
  readonly tolerance: number;
}

/** Written by fixtures/importance.py with scikit-learn. */
const cases: readonly Case[] = JSON.parse(
  readFileSync(new URL("../fixtures/importance.json", import.meta.url), "utf8"),
);

const ordered = (levelCounts: readonly number[]) => levelCounts.map((levelCount) => ({ levelCount, isOrdered: true }));
const once = (points: Case["points"], values: readonly number[]): readonly GridResults[] =>
  points.map((point, index) => ({ point, results: new Map([["0", values[index] ?? Number.NaN]]) }));

describe("scikit-learn agrees", () => {
  test.each(cases)("on $name", ({ levelCounts, points, values, shares, tolerance }) => {
    const found = optionImportance(ordered(levelCounts), once(points, values));
    expect(found?.options).toHaveLength(shares.length);
    for (const [option, { alone, total }] of shares.entries()) {
      expect(Math.abs((found?.options[option]?.alone ?? Number.NaN) - alone)).toBeLessThanOrEqual(tolerance + 1e-12);
      expect(Math.abs((found?.options[option]?.total ?? Number.NaN) - total)).toBeLessThanOrEqual(tolerance + 1e-12);
    }
    expect(found?.leftOutR2 === null).toBe(tolerance === 0);
  });
});

test("a tree's boxes fill the grid, say what is known, and are decomposed as by counting out", () => {
  const random = seededRandom(1);
  const levelCounts = [4, 3, 5];
  const grid = Array.from({ length: 60 }, (_, index) => [index % 4, Math.floor(index / 4) % 3, Math.floor(index / 12)]);
  const points = grid.filter(() => random() < 0.4);
  const values = points.map(() => random());
  const tree = growTree({ levelCounts, points, values }, random);
  const said = grid.map((point) => predict(tree, point));
  expect(points.map((point) => predict(tree, point))).toEqual(values);
  const mean = said.reduce((sum, value) => sum + value, 0) / 60;
  const variance = (of: readonly number[]) => of.reduce((sum, value) => sum + (value - mean) ** 2, 0) / of.length;
  const meansBy = (key: (point: readonly number[]) => string) =>
    [...Map.groupBy(grid.keys(), (index) => key(grid[index] ?? [])).values()].map(
      (of) => of.reduce((sum, index) => sum + (said[index] ?? 0), 0) / of.length,
    );
  for (const [option, share] of (treeShares(tree.leaves, levelCounts) ?? []).entries()) {
    expect(share.alone).toBeCloseTo(variance(meansBy((point) => String(point[option]))) / variance(said), 10);
    const others = variance(meansBy((point) => point.filter((_, other) => other !== option).join()));
    expect(share.total).toBeCloseTo(1 - others / variance(said), 10);
  }
});

test("a whole grid is decomposed as a tree with a box for each of its points", () => {
  const random = seededRandom(2);
  const levelCounts = [4, 3, 5];
  const grid = Array.from({ length: 60 }, (_, index) => [index % 4, Math.floor(index / 4) % 3, Math.floor(index / 12)]);
  // Some points twice.
  const points = [...grid, ...grid.slice(7, 20)];
  const sample = { levelCounts, points, values: points.map(() => random()) };
  const found = gridShares(sample);
  const expected = treeShares(growTree(sample, random).leaves, levelCounts);
  expect(found).toHaveLength(3);
  for (const [option, { alone, total }] of (found ?? []).entries()) {
    expect(alone).toBeCloseTo(expected?.[option]?.alone ?? Number.NaN, 12);
    expect(total).toBeCloseTo(expected?.[option]?.total ?? Number.NaN, 12);
  }
  expect(gridShares({ ...sample, values: points.map(() => 0.1) })).toBeUndefined();
});

test("a grid of 40,000 combinations takes no time that grows with their square", () => {
  const points = Array.from({ length: 40_000 }, (_, index) => [index % 200, Math.floor(index / 200)]);
  const start = process.cpuUsage();
  const found = optionImportance(
    ordered([200, 200]),
    once(
      points,
      points.map(([one = 0, other = 0]) => one + other),
    ),
  );
  const { user } = process.cpuUsage(start);
  expect(found?.options.map(({ total }) => total)).toEqual([expect.closeTo(0.5, 6), expect.closeTo(0.5, 6)]);
  // With a box for each combination, and each against each other one, it took many times that.
  expect(user / 1e6).toBeLessThan(5);
});

test("the order of levels without one does not count", () => {
  const points = [0, 1, 2, 3, 4, 5].flatMap((one) => [0, 1, 2].map((other) => [one, other]));
  const some = points.filter((_, index) => index % 3 !== 1);
  const height = [5, 1, 4, 0, 3, 2];
  const valueAt = ([one = 0, other = 0]: readonly number[], names: readonly number[]) => (names[one] ?? 0) + other / 10;
  const sharesOf = (names: readonly number[]) => {
    const [one, other] = [
      { levelCount: 6, isOrdered: false },
      { levelCount: 3, isOrdered: true },
    ];
    const renamed = some.map(([level = 0, more = 0]) => [names.indexOf(height[level] ?? 0), more]);
    return optionImportance(
      [one, other],
      once(
        renamed,
        some.map((point) => valueAt(point, height)),
      ),
    );
  };
  expect(sharesOf([0, 1, 2, 3, 4, 5])).toEqual(sharesOf(height));
});

describe("repetitions", () => {
  const points = [0, 1, 2].flatMap((one) => [0, 1, 2, 3].map((other) => [one, other]));
  const repeated = (effect: number, noise: number, n: number, seed: number): readonly GridResults[] => {
    const random = seededRandom(seed);
    const shared = Array.from({ length: n }, () => 5 * random());
    return points.map((point) => ({
      point,
      results: new Map(
        shared.map((all, index) => [String(index), effect * (point[0] ?? 0) + all + noise * (random() - 0.5)]),
      ),
    }));
  };

  test("what a repetition does to all pipelines is no chance between them", () => {
    const found = optionImportance(ordered([3, 4]), repeated(1, 1e-9, 4, 1));
    expect(found?.options[0]?.total).toBeCloseTo(1, 6);
    expect(found?.chanceShare).toBeLessThan(1e-6);
    const { low, high } = found?.options[0]?.aloneInterval ?? { low: 0, high: 0 };
    expect(high - low).toBeLessThan(1e-6);
  });

  test("tell chance from effect", () => {
    const chanceOf = (effect: number, n: number) => {
      const shares = Array.from(
        { length: 40 },
        (_, seed) => optionImportance(ordered([3, 4]), repeated(effect, 1, n, seed))?.chanceShare ?? 0,
      );
      return shares.reduce((sum, share) => sum + share, 0) / 40;
    };
    // Without an effect the means differ by chance only; uniform noise of variance 1/12 beside levels of variance 2/3.
    expect(chanceOf(0, 4)).toBeGreaterThan(0.8);
    expect(chanceOf(1, 4)).toBeCloseTo(1 / 48 / (2 / 3 + 1 / 48), 1);
    expect(chanceOf(1, 16)).toBeLessThan(chanceOf(1, 4));
  });

  test("intervals hold the truth of clear effects, and there is none without repetitions", () => {
    const held = Array.from({ length: 200 }, (_, seed) => {
      const interval = optionImportance(ordered([3, 4]), repeated(1, 1, 5, seed))?.options[0]?.aloneInterval;
      // Of the means that such noise leaves: 2/3 of effect, and (1/12)/5 of noise, of which options alone get their part.
      return interval !== null && interval !== undefined && interval.low <= 1 && interval.high >= 0.95;
    });
    expect(held.filter(Boolean).length).toBeGreaterThan(170);
    expect(optionImportance(ordered([3, 4]), repeated(1, 1, 1, 1))).toMatchObject({
      chanceShare: null,
      options: [{ aloneInterval: null }, { totalInterval: null }],
    });
  });
});

test("nothing can be said of equal means or of one pipeline", () => {
  expect(optionImportance(ordered([2]), once([[0], [1]], [3, 3]))).toBeUndefined();
  expect(optionImportance(ordered([2]), once([[0]], [3]))).toBeUndefined();
});
