import { describe, expect, test } from "vitest";
import { effectSize } from "./effect-size.ts";
import { interquartileMean, performanceProfile, profileBand } from "./many-tasks.ts";
import { comparePair, type PairSettings } from "./pair.ts";
import { repetitionsNeeded } from "./repetitions-needed.ts";
import { quantileOf } from "./sample.ts";
import { judge } from "./verdict.ts";

const settings: PairSettings = { direction: "lower", rope: () => 0.01, correlation: 0, isFixed: false };
const zeros = (n: number) => new Array<number>(n).fill(0);
const pairOf = (b: readonly number[], changes: Partial<PairSettings> = {}) =>
  comparePair({ a: zeros(b.length), b }, { ...settings, ...changes });
const verdictOn = (b: readonly number[], changes: Partial<PairSettings> = {}) => judge([pairOf(b, changes)])[0];

describe("the verdict", () => {
  test("is none after one repetition, or none in common", () => {
    expect(verdictOn([])?.verdict).toBe("unknown");
    expect(verdictOn([1])?.verdict).toBe("unknown");
    expect(pairOf([1]).interval).toBeUndefined();
  });

  test("goes by the posterior", () => {
    expect(verdictOn([1, 1.1, 0.9, 1.05])?.verdict).toBe("better");
    expect(verdictOn([-1, -1.1, -0.9, -1.05])?.verdict).toBe("worse");
    expect(verdictOn([0.001, -0.002, 0.001, 0])?.verdict).toBe("equivalent");
    expect(verdictOn([1, -1, 3, 0.5])?.verdict).toBe("undecided");
    expect(verdictOn([1, 1.1, 0.9, 1.05], { direction: "higher" })?.verdict).toBe("worse");
  });

  test("is harder to reach for one of many pairs", () => {
    const clear = pairOf([1, 1.6, 0.6, 1.4]);
    const unclear = pairOf([1, -1, 3, 0.5]);
    expect(judge([clear])[0]?.verdict).toBe("better");
    const among = judge([clear, ...new Array(14).fill(unclear)])[0];
    expect(among).toMatchObject({ verdict: "undecided", verdictAlone: "better" });
    expect(among?.neededProbability).toBeCloseTo(1 - 0.025 / 15, 12);
    expect(judge([clear], 0, 15)[0]?.verdict).toBe("undecided");
    // A pair without a verdict cannot be wrong, and makes the others no harder.
    expect(judge([clear, pairOf([1])])[0]?.verdict).toBe("better");
  });

  test("counts signs where all differences are equal, which a t-test would take for certain", () => {
    expect(verdictOn([2.5, 2.5])?.verdict).toBe("undecided");
    expect(verdictOn(new Array(5).fill(2.5))?.verdict).toBe("undecided");
    expect(verdictOn(new Array(6).fill(2.5))?.verdict).toBe("better");
    expect(verdictOn([0, 0])?.verdict).toBe("equivalent");
  });

  test("leaves nothing to chance where the criterion is a fixed number", () => {
    expect(verdictOn([35], { isFixed: true })?.verdict).toBe("better");
    expect(verdictOn([35, 35], { isFixed: true })?.verdict).toBe("better");
  });

  test("is more careful with folds, which are correlated", () => {
    const folds = [0.2, 1, 0.5, -0.1, 0.9, 0.4, 0.7, 0.1, 0.3, 0.6];
    expect(verdictOn(folds)?.verdict).toBe("better");
    expect(pairOf(folds, { correlation: 0.5 }).permutationP).toBeUndefined();
    expect(judge([pairOf(folds, { correlation: 0.5 })], 0.5)[0]).toMatchObject({
      verdict: "undecided",
      repetitionsNeeded: undefined,
    });
  });
});

describe("repetitions that would decide", () => {
  test("are more for a smaller difference, and for one of many pairs", () => {
    const differences = [0.5, 2, -0.7, 1.5, 0.3, -0.2];
    const needed = repetitionsNeeded(differences, 0) ?? 0;
    expect(needed).toBeGreaterThan(differences.length);
    expect(repetitionsNeeded(differences, 0, 15)).toBeGreaterThan(needed);
    expect(repetitionsNeeded(differences, 0.3)).toBeGreaterThan(needed);
    expect(
      repetitionsNeeded(
        differences.map((difference) => -difference),
        0,
      ),
    ).toBe(needed);
  });

  test("are counted for equivalence too, and given up where nothing would help", () => {
    expect(repetitionsNeeded([0.5, -0.4, 0.3, -0.5], 0.4)).toBeLessThan(40);
    expect(repetitionsNeeded([1, -1, 1, -1], 0)).toBeUndefined();
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
});
