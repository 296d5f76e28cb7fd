import { describe, expect, test } from "vitest";
import { effectSize } from "./effect-size.ts";
import { interquartileMean, performanceProfile, profileBand } from "./many-tasks.ts";
import { comparePair, type PairSettings } from "./pair.ts";
import { meanOf, medianOf, quantileOf } from "./sample.ts";
import { judge } from "./verdict.ts";

const settings: PairSettings = {
  direction: "lower",
  rope: () => 0.01,
  correlation: 0,
  isFixed: false,
  isPlanned: true,
};
/** Losses of A are 1, so that B is worse by the numbers given. */
const pairOf = (worse: readonly number[], changes: Partial<PairSettings> = {}) =>
  comparePair({ a: worse.map(() => 1), b: worse.map((value) => 1 + value) }, { ...settings, ...changes });
const judged = (worse: readonly number[], changes: Partial<PairSettings> = {}) =>
  judge([pairOf(worse, changes)], changes.direction ?? "lower")[0];
const verdictOn = (worse: readonly number[], changes: Partial<PairSettings> = {}) => judged(worse, changes)?.verdict;
const clear = [1, 1.1, 0.9, 1.05, 1.2, 0.95];
const anytime = { isPlanned: false };

describe("the verdict", () => {
  test("is none after one repetition, or none in common", () => {
    expect(verdictOn([])).toBe("unknown");
    expect(verdictOn([1])).toBe("unknown");
    expect(pairOf([1]).evidence).toBeUndefined();
  });

  test("takes six repetitions at least, whatever they say: fewer decide nothing without assuming a law", () => {
    expect(verdictOn(clear.slice(1))).toBe("undecided");
    expect(verdictOn(clear)).toBe("better");
    expect(verdictOn(clear.map((value) => -value))).toBe("worse");
    expect(verdictOn(clear, { direction: "higher" })).toBe("worse");
    expect(verdictOn([1, -1, 3, 0.5, 1, -2])).toBe("undecided");
    expect(verdictOn(new Array(6).fill(2.5))).toBe("better");
    expect(verdictOn(new Array(5).fill(2.5))).toBe("undecided");
  });

  test("of equal results needs their number too", () => {
    expect(verdictOn([0, 0])).toBe("undecided");
    expect(verdictOn(new Array(5).fill(0))).toBe("equivalent");
    expect(verdictOn([0.001, -0.002, 0.001, 0, 0.002, -0.001])).toBe("equivalent");
    expect(verdictOn([0, 0], anytime)).toBe("undecided");
    expect(verdictOn(new Array(8).fill(0), anytime)).toBe("equivalent");
  });

  test("takes results that are equal but for rounding as equal", () => {
    const [a, b] = [new Array<number>(6).fill(0.1 + 0.2), new Array<number>(6).fill(0.3)];
    const pair = comparePair({ a, b }, { ...settings, rope: () => 0 });
    expect(pair).toMatchObject({ difference: 0, win: { wins: 0, ties: 6 } });
    expect(judge([pair], "lower")[0]?.verdict).not.toBe("worse");
  });

  test("holds sums that are too large for a number", () => {
    const huge = [1.7e308, 1.6e308, 1.75e308, 1.7e308, 1.65e308, 1.7e308];
    const pair = comparePair({ a: huge.map(() => 1e307), b: huge }, settings);
    expect(Number.isFinite(pair.difference)).toBe(true);
    expect(judge([pair], "lower")[0]?.verdict).toBe("better");
  });

  test("is harder to reach for one of many pairs", () => {
    const [strong, weak] = [pairOf(clear), pairOf([1, -1, 3, 0.5])];
    const among = judge([strong, ...new Array(14).fill(weak)], "lower")[0];
    expect(among).toMatchObject({ verdict: "undecided", verdictAlone: "better", factor: 15 });
    expect(among?.pCorrected).toBeCloseTo(15 * (among?.p ?? 0), 12);
    expect(judge([strong], "lower", 15)[0]?.verdict).toBe("undecided");
    // A pair without a verdict cannot be wrong, and makes the others no harder.
    expect(judge([strong, pairOf([1])], "lower")[0]?.verdict).toBe("better");
  });

  test("that holds at every look takes more repetitions than one that was planned", () => {
    expect(verdictOn(clear, anytime)).toBe("undecided");
    expect(verdictOn([...clear, 1.1, 0.9, 1], anytime)).toBe("better");
    expect(pairOf(clear, anytime).evidence?.method).toBe("sign-prediction");
  });

  test("leaves nothing to chance where the criterion is a fixed number", () => {
    expect(verdictOn([35], { isFixed: true })).toBe("better");
    expect(verdictOn([35, 35], { isFixed: true })).toBe("better");
    expect(verdictOn([0], { isFixed: true })).toBe("equivalent");
  });

  test("is more careful with folds, which are correlated", () => {
    const folds = [0.2, 1, 0.5, -0.1, 0.9, 0.4, 0.7, 0.1, 0.3, 0.6];
    expect(verdictOn(folds)).toBe("better");
    expect(verdictOn(folds, { correlation: 0.5 })).toBe("undecided");
  });

  test("compares models without a common repetition as two samples", () => {
    const alone = { a: [1, 1.1, 0.9, 1.05], b: [3, 3.1, 2.9, 3.05, 3] };
    const pair = comparePair({ a: [], b: [], alone }, settings);
    expect(pair).toMatchObject({ n: 0, evidence: { method: "welch" } });
    expect(judge([pair], "lower")[0]?.verdict).toBe("better");
    const looked = comparePair({ a: [], b: [], alone }, { ...settings, isPlanned: false });
    expect(judge([looked], "lower")[0]?.verdict).toBe("undecided");
  });
});

describe("a training that failed", () => {
  const failing = {
    a: Array.from({ length: 12 }, (_, index) => (index % 2 === 1 ? Number.NaN : 0.29 + index / 1e4)),
    b: new Array(12).fill(0.3),
  };

  test("makes no model better", () => {
    const pair = comparePair(failing, { ...settings, rope: () => 0 });
    expect(pair.failures).toEqual({ a: 6, b: 0, both: 0, of: 12 });
    expect(judge([pair], "lower")[0]).toMatchObject({ verdict: "undecided", verdictWhenTrained: "better" });
  });

  test("counts against a model as much as the worst result", () => {
    const a = [0.5, 0.4, 0.45, 0.42, 0.41, 0.46, 0.44, 0.43].map((value, index) => (index < 2 ? Infinity : value));
    const pair = comparePair({ a, b: a.map(() => 0.3) }, settings);
    expect(judge([pair], "lower")[0]).toMatchObject({ verdict: "worse", verdictWhenTrained: "worse" });
  });

  test("in both models is a tie, and where one model never trains the other is better", () => {
    const never = new Array<number>(8).fill(Number.NaN);
    const both = comparePair({ a: never, b: never }, settings);
    expect(judge([both], "lower")[0]?.verdict).not.toBe("better");
    const one = comparePair({ a: never.map(() => 0.3), b: never }, settings);
    expect(judge([one], "lower")[0]).toMatchObject({ verdict: "better" });
    expect(judge([one], "higher")[0]).toMatchObject({ verdict: "better" });
  });
});

test("the effect of few results is corrected", () => {
  expect(effectSize([1, 2, 3])).toBeCloseTo((1 - 3 / 7) * 2, 12);
  expect(effectSize([1, 2])).toBeUndefined();
  expect(effectSize([1, 1, 1])).toBeUndefined();
});

test("the interquartile mean forgets outliers, and a profile falls", () => {
  const scores = [
    [0.9, 1, 1.1, -50],
    [1, 0.8, 1.2, 1],
  ];
  const { mean, low, high } = interquartileMean(scores);
  expect(mean).toBeCloseTo(0.975, 9);
  expect(low).toBeLessThanOrEqual(mean);
  expect(high).toBeGreaterThanOrEqual(mean);
  expect(performanceProfile(scores, [0, 0.95, 2])).toEqual([0.875, 0.625, 0]);
});

test("a profile's band is as wide as chance makes the shares", () => {
  const half = Array.from({ length: 400 }, (_, index) => index % 2);
  const [sure, even, never] = profileBand([half], [-1, 0.5, 2]);
  expect(sure?.low).toBeCloseTo(1, 12);
  expect(sure?.high).toBeCloseTo(1, 12);
  expect(never).toEqual({ low: 0, high: 0 });
  // Of a share of one half in 400 results.
  expect(even?.low).toBeCloseTo(0.5 - 1.96 / 40, 1);
  expect(even?.high).toBeCloseTo(0.5 + 1.96 / 40, 1);
  expect((even?.high ?? 0) - (even?.low ?? 0)).toBeCloseTo(1.96 / 20, 1);
  // Each data set counts the same, and one with a single result does not vary.
  const [both] = profileBand([half, [1]], [0.5]);
  expect(both?.low).toBeCloseTo(0.75 - 1.96 / 80, 1);
});

test("a quantile is that of the sorted values", () => {
  const values = Float64Array.from({ length: 50 }, (_, index) => (index * 37) % 50);
  for (const q of [0, 0.021, 0.5, 0.777, 1]) expect(quantileOf(values, q)).toBeCloseTo(q * 49, 12);
  expect(quantileOf(new Float64Array(9).fill(3), 0.4)).toBe(3);
  expect(medianOf([3, 1, 2, 10])).toBe(2.5);
  expect(meanOf([1.7e308, 1.7e308])).toBe(1.7e308);
});
