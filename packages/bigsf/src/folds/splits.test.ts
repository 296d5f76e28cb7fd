import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { foldSplits, testsEveryFold } from "./splits.ts";

/** As the founding document writes them: [[train], [valid], [test]] for each split. */
const written = (k: number, kTrain: number) =>
  foldSplits({ k, k_train: kTrain }).map(({ train, valid, test }) => [train, valid, test]);

test("the founding document's example, literally", () => {
  expect(written(4, 2)).toEqual([
    [[1, 2], [3], [4]],
    [[3, 4], [1], [2]],
  ]);
});

test.each<[number, number, (readonly number[])[][]]>([
  [
    3,
    1,
    [
      [[1], [2], [3]],
      [[2], [3], [1]],
      [[3], [1], [2]],
    ],
  ],
  [5, 3, [[[1, 2, 3], [4], [5]]]],
  // An odd fold goes to test; fold 5 trains nobody.
  [
    5,
    2,
    [
      [[1, 2], [3], [4, 5]],
      [[3, 4], [5], [1, 2]],
    ],
  ],
  [
    5,
    0.6,
    [
      [[1, 2, 3], [4], [5]],
      [[2, 3, 4], [5], [1]],
      [[3, 4, 5], [1], [2]],
      [[4, 5, 1], [2], [3]],
      [[5, 1, 2], [3], [4]],
    ],
  ],
  [
    4,
    0.3,
    [
      [[1], [2], [3, 4]],
      [[2], [3], [4, 1]],
      [[3], [4], [1, 2]],
      [[4], [1], [2, 3]],
    ],
  ],
  // Half a fold is rounded up: 0.5 of 5 folds are 3.
  [5, 0.5, written(5, 0.6)],
  [1, 0.6, [[[1, 2, 3, 4, 5, 6, 7, 8], [9], [10]]]],
  [1, 5, [[[1, 2, 3, 4, 5, 6, 7, 8], [9], [10]]]],
])("k %d, k_train %f", (k, kTrain, expected) => {
  expect(written(k, kTrain)).toEqual(expected);
});

test("only a share always tests every fold", () => {
  expect(testsEveryFold(foldSplits({ k: 5, k_train: 0.6 }), 5)).toBe(true);
  expect(testsEveryFold(foldSplits({ k: 5, k_train: 2 }), 5)).toBe(false);
  expect(testsEveryFold(foldSplits({ k: 1, k_train: 0.6 }), 10)).toBe(false);
});

const possible = fc.integer({ min: 3, max: 40 }).chain((k) =>
  fc.record({
    k: fc.constant(k),
    k_train: fc
      .tuple(fc.integer({ min: 1, max: k - 2 }), fc.boolean())
      .map(([folds, share]) => (share ? folds / k : folds)),
  }),
);

test("every split has each fold once and no part empty; training sets of whole numbers have no fold in common", () => {
  fc.assert(
    fc.property(possible, ({ k, k_train: kTrain }) => {
      const splits = foldSplits({ k, k_train: kTrain });
      const all = Array.from({ length: k }, (_, index) => index + 1);
      for (const { train, valid, test } of splits) {
        expect([...train, ...valid, ...test].toSorted((a, b) => a - b)).toEqual(all);
        for (const part of [train, valid, test]) expect(part.length).toBeGreaterThan(0);
        expect([0, 1]).toContain(test.length - valid.length);
      }
      const trained = splits.flatMap(({ train }) => train);
      if (kTrain < 1) {
        expect(splits.length).toBe(k);
        expect(testsEveryFold(splits, k)).toBe(true);
      } else {
        expect(splits.length).toBe(Math.floor(k / kTrain));
        expect(new Set(trained).size).toBe(trained.length);
      }
    }),
  );
});

describe("what cannot be is refused, with what works", () => {
  test.each<[number, number, string]>([
    [
      4,
      3,
      "folds.k_train: 3 leaves 1 fold of 4 for valid and test, which need one each; of k 4, train 1 to 2 folds, or a share from 0.25 to 0.5",
    ],
    [
      3,
      0.9,
      "folds.k_train: 0.9 leaves 0 folds of 3 for valid and test, which need one each; of k 3, train 1 fold, or a share from 0.333 to 0.333",
    ],
    [5, 9, "folds.k_train: 9 leaves 0 folds of 5 for"],
    [
      5,
      0.05,
      "folds.k_train: 0.05 of 5 folds leaves none to train; of k 5, train 1 to 3 folds, or a share from 0.2 to 0.6",
    ],
    [5, 0, "folds.k_train: expected a number of folds, or a share of them below 1, got 0; of k 5"],
    [5, -1, "folds.k_train: expected a number of folds, or a share of them below 1, got -1; of k 5"],
    [5, 1.5, "folds.k_train: expected a number of folds, or a share of them below 1, got 1.5; of k 5"],
    [2, 1, "folds.k: 2 folds are too few, as train, valid and test need one each; set it to 3 or more, or to 1"],
    [0, 1, "folds.k: expected a whole number, 1 or from 3 to 65535, got 0"],
    [2.5, 1, "folds.k: expected a whole number, 1"],
  ])("k %f, k_train %f", (k, kTrain, message) => {
    expect(() => foldSplits({ k, k_train: kTrain })).toThrow(message);
    expect(() => foldSplits({ k, k_train: kTrain })).toThrow(expect.objectContaining({ code: "FOLDS" }));
  });
});
