import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { normalQuantile } from "./distributions.ts";
import { detectableEffect, planFor } from "./plan.ts";
import { seededRandom } from "./random.ts";
import { signFlipTest } from "./sign-flip-test.ts";
import { anytimeP, capitals, confidenceSequence, SignBettor } from "./sign-prediction.ts";
import { subsetMeanInterval } from "./subset-means.ts";

const random = seededRandom(11);
const normal = () => normalQuantile((random() + 2 ** -33) / (1 + 2 ** -32), 0, 1);
const many = (n: number, draw: () => number) => Array.from({ length: n }, draw);
const differences = fc.array(fc.integer({ min: -1000, max: 1000 }), { minLength: 1, maxLength: 24 });
const runs = { numRuns: 60 };

describe("capital from signs", () => {
  test("is on the average what it was, over all signs that differences of any sizes can have", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 50 }), { minLength: 1, maxLength: 9 }), (sizes) => {
        const ways = 2 ** sizes.length;
        let total = 0;
        for (let signs = 0; signs < ways; signs++)
          total += capitals(sizes.map((size, bit) => ((signs >> bit) & 1 ? size : -size))).at(-1) ?? 0;
        expect(total / ways).toBeCloseTo(1, 9);
      }),
      runs,
    );
  });

  test("does not depend on the scale, nor on which side is called positive", () => {
    fc.assert(
      fc.property(differences, fc.integer({ min: -40, max: 40 }), (values, exponent) => {
        const p = anytimeP(values);
        expect(anytimeP(values.map((value) => value * 2 ** exponent))).toBeCloseTo(p, 12);
        expect(anytimeP(values.map((value) => -value))).toBeCloseTo(p, 12);
        expect(p).toBeGreaterThanOrEqual(2 ** (1 - values.length) - 1e-12);
        expect(p).toBeLessThanOrEqual(1);
      }),
      runs,
    );
  });

  const laws = {
    normal,
    "Student, 3 degrees of freedom": () => normal() / Math.sqrt((normal() ** 2 + normal() ** 2 + normal() ** 2) / 3),
    "two lognormals": () => Math.exp(normal()) - Math.exp(normal()),
    "two peaks": () => Math.sign(normal()) * 3 + 0.2 * normal(),
    "accuracies of 40 samples": () => Math.round(40 * (random() - random())) / 40,
  };
  test.for(Object.entries(laws))("rules out 0 in at most 5 %% of experiments that look 50 times: %s", ([, draw]) => {
    let wrong = 0;
    for (let trial = 0; trial < 1000; trial++) if (anytimeP(many(50, draw)) <= 0.05) wrong++;
    // Three standard errors above 0.05.
    expect(wrong).toBeLessThanOrEqual(70);
  });

  test("finds a difference with at most twice the repetitions of a fixed number", () => {
    // Student's t takes 6, 10, 13 for effects of one standard deviation with 50, 80, 90 % power.
    const counts = many(400, () => capitals(many(60, () => normal() + 1)).findIndex((capital) => capital >= 20) + 1);
    counts.sort((one, other) => one - other);
    expect(counts.every((count) => count > 0)).toBe(true);
    expect(counts[200]).toBeLessThanOrEqual(12);
    expect(counts[320]).toBeLessThanOrEqual(20);
    expect(counts[360]).toBeLessThanOrEqual(26);
  });

  test("is not lost by one outlier", () => {
    const clear = [1, 1.2, 0.8, 1.1, 0.9, 1.3, 0.7, 1, 1.1, 0.95, 1.05, 0.9];
    expect(anytimeP([...clear, -200])).toBeLessThan(0.05);
  });
});

describe("confidence sequences", () => {
  test("exclude 0 where the p-value says so, turn round and move with the differences", () => {
    fc.assert(
      fc.property(differences, fc.integer({ min: -500, max: 500 }), (values, shift) => {
        const { low, high } = confidenceSequence(values);
        expect(low <= 0 && high >= 0 ? "holds 0" : "excludes 0").toBe(
          anytimeP(values) > 0.05 || low === 0 || high === 0 ? "holds 0" : "excludes 0",
        );
        expect(high).toBeGreaterThanOrEqual(low);
        const moved = confidenceSequence(values.map((value) => value + shift));
        const tolerance = 1e-4 * (Math.max(...values) - Math.min(...values)) + 1e-9;
        if (Number.isFinite(low)) expect(Math.abs(moved.low - low - shift)).toBeLessThanOrEqual(tolerance);
      }),
      runs,
    );
  });

  test("say nothing below six differences", () => {
    expect(confidenceSequence([1, 1, 1, 1, 1])).toEqual({ low: -Infinity, high: Infinity });
    expect(confidenceSequence(many(12, () => normal() + 5)).low).toBeGreaterThan(0);
  });

  test("hold the centre", () => {
    let held = 0;
    for (let trial = 0; trial < 200; trial++) {
      const { low, high } = confidenceSequence(many(15, () => normal() + 0.7));
      if (low <= 0.7 && high >= 0.7) held++;
    }
    expect(held).toBeGreaterThanOrEqual(185);
  });
});

describe("intervals of subset means", () => {
  test("exclude 0 exactly where the sign-flip test does", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -60, max: 100 }), { minLength: 2, maxLength: 12 }), (values) => {
        const none = values.map(() => 0);
        const { low, high } = subsetMeanInterval(values, none);
        expect(low > 0 || high < 0).toBe(signFlipTest(values, none) <= 0.05);
      }),
      { numRuns: 200 },
    );
  });

  test("hold the centre of any symmetric law", () => {
    for (const n of [7, 12, 20]) {
      let held = 0;
      for (let trial = 0; trial < 300; trial++) {
        const values = many(n, () => Math.sign(normal()) + 0.3 * normal() + 2);
        const { low, high } = subsetMeanInterval(
          values,
          values.map(() => 0),
        );
        if (low <= 2 && high >= 2) held++;
      }
      expect(held).toBeGreaterThanOrEqual(274);
    }
  });
});

describe("plans", () => {
  test("come true as often as they say, over effects drawn from their prior", () => {
    let [even, planned] = [0, 0];
    for (let trial = 0; trial < 120; trial++) {
      const effect = normal();
      const pilot = many(5, () => normal() + effect);
      const plan = planFor(pilot, 0);
      if (plan?.even === undefined || anytimeP(pilot) <= 0.05) continue;
      planned++;
      if (anytimeP([...pilot, ...many(plan.even, () => normal() + effect)]) <= 0.05) even++;
    }
    // 50 % ± three standard errors.
    expect(planned).toBeGreaterThan(60);
    expect(Math.abs(even / planned - 0.5)).toBeLessThan(0.1 + 1.5 / Math.sqrt(planned));
  });

  test("ask for more for a smaller difference and for one of many pairs, and give up where nothing would help", () => {
    const some = [0.5, 2, -0.7, 1.5, 0.3, -0.2];
    const plan = planFor(some, 0);
    expect(plan?.even).toBeGreaterThan(0);
    expect(planFor(some, 0, 15)?.even ?? 201).toBeGreaterThan(plan?.even ?? 0);
    expect(
      planFor(
        some.map((value) => -value),
        0,
      )?.even,
    ).toBe(plan?.even);
    expect(planFor([1, -1, 1, -1, 1, -1, 1, -1], 0)?.likely).toBeUndefined();
    expect(planFor([1, -1, 1, -1, 1, -1, 1, -1], 1.5)?.even).toBeLessThan(60);
    expect(planFor([1, 2], 0)).toBeUndefined();
  });

  test("know what can be shown at all", () => {
    expect(detectableEffect(5)).toBe(Infinity);
    expect(detectableEffect(20)).toBeLessThan(detectableEffect(10));
    expect(detectableEffect(20, 15)).toBeGreaterThan(detectableEffect(20));
  });
});

test("a bettor who has seen more differences than a call has room for can be copied", () => {
  const bettor = new SignBettor();
  for (let index = 0; index < 150_000; index++) bettor.see(index % 2 === 0 ? 1 : -1);
  expect(bettor.copy().see(1)).toBe(bettor.see(1));
});
