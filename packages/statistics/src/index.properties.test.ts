import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { correlatedT } from "./correlated-t.ts";
import { friedman } from "./friedman.ts";
import { holm } from "./holm.ts";
import { meanInterval } from "./mean-interval.ts";
import { comparePair, type PairSettings } from "./pair.ts";
import { seededRandom } from "./random.ts";
import { signFlipTest, smallestSignFlipP } from "./sign-flip-test.ts";
import { signedRankPosterior } from "./signed-rank-posterior.ts";
import { judge } from "./verdict.ts";
import { wilcoxon } from "./wilcoxon.ts";

const settings: PairSettings = {
  direction: "lower",
  rope: (one, other) => 0.01 * Math.abs(Math.min(one, other)),
  correlation: 0,
  isFixed: false,
  isPlanned: true,
};

const result = fc.integer({ min: -1000, max: 1000 });
const pairs = fc
  .array(fc.tuple(result, result), { minLength: 1, maxLength: 14 })
  .map((rows) => ({ a: rows.map(([one]) => one), b: rows.map(([, other]) => other) }));
const samples = fc.array(result, { minLength: 2, maxLength: 14 });
const runs = { numRuns: 60 };
const flip = (values: readonly number[]) =>
  signFlipTest(
    values,
    values.map(() => 0),
  );

const opposite = {
  better: "worse",
  worse: "better",
  equivalent: "equivalent",
  undecided: "undecided",
  unknown: "unknown",
};
const negated = (values: readonly number[]) => values.map((value) => -value);

describe("a pair", () => {
  const verdictOf = (
    one: readonly number[],
    other: readonly number[],
    { direction = "lower", ...changes }: Partial<PairSettings> = {},
  ) =>
    judge([comparePair({ a: one, b: other }, { ...settings, direction, ...changes })], direction)[0]?.verdict ??
    "unknown";

  test.for([true, false])("is judged the other way round when it is turned round (planned: %s)", (isPlanned) => {
    fc.assert(
      fc.property(pairs, ({ a, b }) => {
        const [one, other] = [
          comparePair({ a, b }, { ...settings, isPlanned }),
          comparePair({ a: b, b: a }, { ...settings, isPlanned }),
        ];
        expect(verdictOf(a, b, { isPlanned })).toBe(opposite[verdictOf(b, a, { isPlanned })]);
        expect(one.evidence?.p ?? 0).toBeCloseTo(other.evidence?.p ?? 0, 12);
        expect(one.evidence?.equivalenceP ?? 0).toBeCloseTo(other.evidence?.equivalenceP ?? 0, 12);
        expect(one.difference).toBeCloseTo(-other.difference, 9);
        expect((one.win?.probability ?? 0) + (other.win?.probability ?? 1)).toBeCloseTo(1, 12);
      }),
      runs,
    );
  });

  test("is judged the same at any scale, and the other way round where higher is better", () => {
    fc.assert(
      fc.property(pairs, fc.integer({ min: -60, max: 60 }), ({ a, b }, exponent) => {
        const scaled = (values: readonly number[]) => values.map((value) => value * 2 ** exponent);
        expect(verdictOf(scaled(a), scaled(b))).toBe(verdictOf(a, b));
        const rope = { rope: () => 1 };
        expect(verdictOf(a, b, { ...rope, direction: "higher" })).toBe(opposite[verdictOf(a, b, rope)]);
      }),
      runs,
    );
  });

  test("is never better for failing", () => {
    fc.assert(
      fc.property(
        pairs,
        fc.array(fc.boolean(), { minLength: 14, maxLength: 14 }),
        fc.boolean(),
        (pair, fails, isPlanned) => {
          const a = pair.a.map((value, index) => (fails[index] ? Number.NaN : value));
          const worst = Math.max(...pair.a, ...pair.b) + 1;
          const counted = pair.a.map((value, index) => (fails[index] ? worst : value));
          // Better with failures left out is better only where it does not hang on them.
          if (verdictOf(a, pair.b, { isPlanned }) === "better" && fails.slice(0, a.length).includes(true))
            expect(verdictOf(counted, pair.b, { isPlanned, rope: () => 0 })).not.toBe("worse");
        },
      ),
      { numRuns: 200 },
    );
  });
});

describe("p-values", () => {
  test("lie in (0, 1], do not depend on the sign, and reach the smallest where all differences agree", () => {
    fc.assert(
      fc.property(samples, (values) => {
        for (const p of [flip(values), wilcoxon(values).p]) {
          expect(p).toBeGreaterThan(0);
          expect(p).toBeLessThanOrEqual(1);
        }
        expect(flip(negated(values))).toBe(flip(values));
        expect(wilcoxon(negated(values)).p).toBe(wilcoxon(values).p);
        expect(flip(values.map((value) => Math.abs(value) + 1))).toBe(smallestSignFlipP(values.length));
      }),
      runs,
    );
  });

  test("of the permutation test are those of counting all signs", () => {
    fc.assert(
      fc.property(fc.array(result, { minLength: 2, maxLength: 9 }), (values) => {
        const total = Math.abs(values.reduce((sum, value) => sum + value, 0));
        const ways = 2 ** values.length;
        const hits = Array.from({ length: ways }, (_, signs) =>
          Math.abs(values.reduce((sum, value, bit) => sum + ((signs >> bit) & 1 ? value : -value), 0)),
        ).filter((sum) => sum >= total).length;
        expect(flip(values)).toBe(hits / ways);
      }),
      runs,
    );
  });

  test("that are drawn are near those that are counted", () => {
    const random = seededRandom(3);
    const values = Array.from({ length: 30 }, () => random() - 0.42);
    // A 31st difference of nothing changes no sum, and makes the test draw.
    expect(Math.abs(flip([...values, 0]) - flip(values))).toBeLessThan(0.02);
  });

  test("are not smaller after Holm's correction, keep their order, and are Bonferroni's for the smallest", () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 20 }), (values) => {
        const corrected = holm(values);
        for (const [index, { p }] of corrected.entries()) {
          expect(p).toBeGreaterThanOrEqual(values[index] ?? 0);
          expect(p).toBeLessThanOrEqual(1);
          expect(p).toBeLessThanOrEqual((holm(values, 100)[index]?.p ?? 0) + 1e-12);
        }
        const smallest = Math.min(...values);
        expect(corrected[values.indexOf(smallest)]?.p).toBeCloseTo(Math.min(1, smallest * values.length), 12);
      }),
      runs,
    );
    // Holm (1979): 0.01, 0.04, 0.03 become 0.03, 0.06, 0.06.
    expect(holm([0.01, 0.04, 0.03]).map(({ p }) => p.toFixed(3))).toEqual(["0.030", "0.060", "0.060"]);
  });
});

describe("intervals", () => {
  test("hold the mean, and go with the values when those are moved", () => {
    fc.assert(
      fc.property(fc.array(result, { minLength: 2, maxLength: 25 }), (values) => {
        const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
        const { low, high } = meanInterval(values) ?? { low: Number.NaN, high: Number.NaN };
        expect(low).toBeLessThanOrEqual(mean + 1e-9);
        expect(high).toBeGreaterThanOrEqual(mean - 1e-9);
        const moved = meanInterval(values.map((value) => value + 512));
        expect(moved?.low).toBeCloseTo(low + 512, 6);
      }),
      runs,
    );
  });

  test("of the bootstrap follow the skewness", () => {
    const values = [1, 1, 1, 1, 1, 1, 1, 2, 3, 30];
    const { low, high } = meanInterval(values) ?? { low: 0, high: 0 };
    expect(high - 4.2).toBeGreaterThan(1.5 * (4.2 - low));
  });
});

describe("posteriors", () => {
  test("turn round with the differences, and a wider region holds more", () => {
    fc.assert(
      fc.property(samples, fc.integer({ min: 0, max: 50 }), (values, rope) => {
        const [one, other] = [correlatedT(values, rope), correlatedT(negated(values), rope)];
        expect(one.above).toBe(other.below);
        expect(correlatedT(values, rope + 10).within).toBeGreaterThanOrEqual(one.within - 1e-12);
        expect(correlatedT(values, rope, 0.2).within).toBeLessThanOrEqual(1);
      }),
      runs,
    );
  });

  test("of signed ranks turn round with the differences", () => {
    const values = [0.3, -0.1, 0.22, 0.05, 0.4, -0.02];
    const [one, other] = [signedRankPosterior(values, 0.01), signedRankPosterior(negated(values), 0.01)];
    expect(one).toEqual({ below: other.above, within: other.within, above: other.below });
    expect(signedRankPosterior([0, 0, 0], 0).within).toBe(1);
  });
});

describe("ranks over data sets", () => {
  test("sum to what they must, and the order of data sets counts for nothing", () => {
    const rows = fc.array(fc.tuple(result, result, result), { minLength: 2, maxLength: 8 });
    fc.assert(
      fc.property(rows, (table) => {
        const { averageRanks, p } = friedman(table);
        expect(averageRanks.reduce((sum, rank) => sum + rank, 0)).toBeCloseTo(6, 9);
        expect(p).toBeGreaterThanOrEqual(0);
        expect(p).toBeLessThanOrEqual(1);
        expect(friedman(table.toReversed()).p).toBeCloseTo(p, 9);
      }),
      runs,
    );
    // Three orders that agree on two data sets: one in six.
    const agreed = friedman([
      [1, 2, 3],
      [4, 5, 6],
    ]);
    expect(agreed).toMatchObject({ f: Infinity, p: 1 / 6 });
    expect(
      friedman([
        [1, 1, 1],
        [2, 2, 2],
      ]).p,
    ).toBe(1);
  });
});
