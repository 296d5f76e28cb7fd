import type { EpochRecord } from "@ml-mosaic/training";
import { describe, expect, test } from "vitest";
import { overfit, resultOf, slope } from "./run-figures.ts";

describe("overfit: |test - train| at the end, as a share of the range of both curves", () => {
  test.each([
    ["a gap of 1 in a range of 4", [5, 2, 1], [4, 3, 2], 0.25],
    ["either sign", [4, 2], [4, 0], 0.5],
    ["one epoch", [1], [3], 1],
    ["curves that meet", [2, 1], [3, 1], 0],
    ["flat curves", [1, 1], [1, 1], null],
    ["one epoch and no gap", [1], [1], null],
    ["no epoch", [], [], null],
    ["NaN at the end", [1, Number.NaN], [1, 2], Number.NaN],
    ["NaN in between", [1, Number.NaN, 1], [1, 2, 3], Number.NaN],
    ["a loss without bounds", [Number.POSITIVE_INFINITY, 1], [2, 2], 0],
  ])("%s", (_, train, test, expected) => {
    expect(overfit(train, test)).toBe(expected);
  });
});

describe("slope: mean change of the train loss over the last tenth of the epochs", () => {
  test.each([
    ["no epoch", [], null],
    ["one epoch: no change", [1], null],
    ["two epochs: one change", [3, 1], -2],
    ["ten epochs: the last change", [9, 9, 9, 9, 9, 9, 9, 9, 5, 4], -1],
    ["nineteen: still one", [...new Array<number>(17).fill(9), 5, 2], -3],
    ["twenty: the last two", [...new Array<number>(17).fill(9), 6, 5, 2], -2],
    ["flat", [1, 1, 1], 0],
    ["NaN", [1, Number.NaN], Number.NaN],
  ])("%s", (_, losses, expected) => {
    expect(slope(losses)).toBe(expected);
  });
});

function record(epoch: number, trainLoss: number, validLoss: number, accuracy?: number): EpochRecord {
  return {
    epoch,
    trainLoss,
    validLoss,
    trainAccuracy: accuracy,
    validAccuracy: accuracy,
    lr: 0.1,
    metrics: {},
    seconds: 1,
  };
}

describe("the figures of a run", () => {
  test("are the last epoch's, with the mean test loss as trainability", () => {
    expect(
      resultOf({ history: [record(1, 4, 6, 50), record(2, 2, 3, 75)], parameterCount: 7, durationSeconds: 1.5 }),
    ).toEqual({
      train_loss: 2,
      test_loss: 3,
      train_acc: 75,
      test_acc: 75,
      nb_params: 7,
      "duration(s)": 1.5,
      epochs: 2,
      overfit: 0.25,
      trainability: 4.5,
      slope: -2,
    });
  });

  test("are empty where there is nothing to say", () => {
    expect(resultOf({ history: [record(1, 1, 1)], parameterCount: 7, durationSeconds: 1 })).toMatchObject({
      train_acc: null,
      test_acc: null,
      overfit: null,
      slope: null,
      trainability: 1,
    });
    expect(resultOf({ history: [], parameterCount: 7, durationSeconds: 1 })).toMatchObject({
      train_loss: null,
      epochs: 0,
      trainability: null,
    });
  });

  test("say NaN where the loss was", () => {
    const figures = resultOf({
      history: [record(1, 1, 1), record(2, Number.NaN, Number.NaN)],
      parameterCount: 7,
      durationSeconds: 1,
    });
    expect(figures).toMatchObject({
      train_loss: Number.NaN,
      overfit: Number.NaN,
      trainability: Number.NaN,
      slope: Number.NaN,
    });
  });
});
