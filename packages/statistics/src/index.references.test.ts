/** Agreement with SciPy, and with published examples. */
import { readFileSync } from "node:fs";
import { expectNear } from "@ml-mosaic/testing";
import { describe, expect, test } from "vitest";
import { correlatedT, type Posterior } from "./correlated-t.ts";
import { welchEvidence } from "./evidence.ts";
import { friedman } from "./friedman.ts";
import { middleMean } from "./many-tasks.ts";
import { tInterval } from "./mean-interval.ts";
import { signFlipTest } from "./sign-flip-test.ts";
import { signedRankPosterior } from "./signed-rank-posterior.ts";
import { wilcoxon } from "./wilcoxon.ts";
import { winProbability } from "./win-probability.ts";

interface Fixture {
  readonly samples: readonly {
    readonly values: readonly number[];
    readonly rope: number;
    readonly correlation: number;
    readonly interval: readonly [number, number];
    readonly posterior: readonly number[];
    readonly signFlip: number | null;
  }[];
  readonly wilcoxon: readonly {
    readonly values: readonly number[];
    readonly statistic: number | null;
    readonly p: number;
  }[];
  readonly friedman: readonly {
    readonly rows: readonly (readonly number[])[];
    readonly chiSquare: number;
    readonly chiSquareP: number;
    readonly f: number;
    readonly p: number;
  }[];
  readonly welch: readonly {
    readonly a: readonly number[];
    readonly b: readonly number[];
    readonly p: number;
    readonly low: number;
    readonly high: number;
  }[];
  readonly wins: readonly { readonly wins: number; readonly n: number; readonly low: number; readonly high: number }[];
  readonly signedRank: {
    readonly differences: readonly number[];
    readonly rope: number;
    readonly posterior: readonly number[];
  };
  readonly trimmed: { readonly values: readonly number[]; readonly mean: number };
}

/** Written by fixtures/statistics.py with SciPy 1.10. */
const fixture: Fixture = JSON.parse(readFileSync(new URL("../fixtures/statistics.json", import.meta.url), "utf8"));

/** Within 1e-6 of the reference, relative to its size. */
const near = { relative: 1e-6, absolute: 1e-300 };

function shares({ below, within, above }: Posterior): readonly number[] {
  return [below, within, above];
}

describe("SciPy agrees to 1e-6", () => {
  test.each(fixture.samples)("on $values.length results with correlation $correlation", (sample) => {
    const { values, rope, correlation, interval, posterior, signFlip } = sample;
    const { low, high } = tInterval(values, correlation);
    expectNear(low, interval[0], near);
    expectNear(high, interval[1], near);
    for (const [index, share] of shares(correlatedT(values, rope, correlation)).entries())
      expect(share).toBeCloseTo(posterior[index] ?? Number.NaN, 7);
    if (signFlip !== null)
      expectNear(
        signFlipTest(
          values,
          values.map(() => 0),
        ),
        signFlip,
        near,
      );
  });

  test.each(fixture.wilcoxon)("on Wilcoxon's test of $values.length differences", ({ values, statistic, p }) => {
    const found = wilcoxon(values);
    if (statistic !== null) expect(found.statistic).toBe(statistic);
    expectNear(found.p, p, near);
  });

  test.each(fixture.friedman)("on Friedman's test, ties included", ({ rows, chiSquare, chiSquareP, f, p }) => {
    const found = friedman(rows);
    expectNear(found.chiSquare, chiSquare, near);
    expectNear(found.chiSquareP, chiSquareP, near);
    expectNear(found.f, f, near);
    expectNear(found.p, p, near);
  });

  test.each(fixture.welch)("on two samples of $a.length and more results", ({ a, b, p, low, high }) => {
    const evidence = welchEvidence(a, b, 0);
    expectNear(evidence.p, p, near);
    expectNear(evidence.interval.low, low, near);
    expectNear(evidence.interval.high, high, near);
  });

  test.each(fixture.wins)("on the interval of $wins wins of $n", ({ wins, n, low, high }) => {
    const advantages = Array.from({ length: n }, (_, index) => (index < wins ? 1 : -1));
    const found = winProbability(advantages);
    expect(found.low).toBeCloseTo(low, 7);
    expect(found.high).toBeCloseTo(high, 7);
  });

  test("on the trimmed mean", () => {
    expectNear(middleMean(fixture.trimmed.values), fixture.trimmed.mean, near);
  });

  test("on the signed-rank posterior, to Monte-Carlo error", () => {
    const { differences, rope, posterior } = fixture.signedRank;
    for (const [index, share] of shares(signedRankPosterior(differences, rope)).entries())
      expect(Math.abs(share - (posterior[index] ?? Number.NaN))).toBeLessThan(0.015);
  });
});

test("Benavoli 2017: naive Bayes and AODE on anneal, 10 runs of 10-fold cross-validation", () => {
  // Right answers of each fold; the tutorial to the paper has accuracies in percent with two digits.
  const naiveBayes = [
    85, 89, 85, 89, 87, 86, 89, 87, 84, 85, 87, 88, 87, 86, 88, 86, 86, 80, 78, 89, 87, 86, 86, 85, 85, 88, 87, 88, 84,
    84, 86, 87, 87, 85, 85, 82, 88, 86, 87, 84, 87, 88, 84, 87, 86, 88, 85, 87, 89, 83, 84, 86, 88, 87, 85, 85, 87, 84,
    86, 86, 87, 88, 86, 90, 80, 86, 87, 88, 85, 87, 90, 86, 86, 87, 87, 87, 86, 89, 84, 86, 86, 83, 86, 88, 86, 88, 85,
    87, 84, 86, 86, 90, 86, 83, 86, 88, 88, 87, 84, 87,
  ];
  const aode = [
    87, 90, 87, 90, 88, 87, 90, 87, 86, 88, 88, 89, 89, 87, 89, 87, 87, 86, 84, 89, 90, 89, 88, 89, 86, 89, 88, 88, 85,
    88, 88, 89, 88, 89, 85, 87, 89, 89, 89, 86, 87, 89, 86, 88, 89, 89, 89, 87, 89, 88, 87, 89, 90, 87, 87, 88, 88, 86,
    89, 87, 88, 89, 88, 90, 85, 87, 89, 88, 87, 88, 90, 88, 87, 88, 88, 89, 87, 89, 85, 89, 87, 84, 87, 90, 89, 90, 86,
    87, 88, 88, 88, 90, 88, 89, 88, 88, 89, 89, 86, 87,
  ];
  const accuracyOf = (right: number, fold: number) =>
    Math.round((10_000 * right) / (fold % 10 < 8 ? 90 : 89)) / 100 / 100;
  const differences = aode.map((right, fold) => accuracyOf(right, fold) - accuracyOf(naiveBayes[fold] ?? 0, fold));
  const { below, within, above } = correlatedT(differences, 0.01, 1 / 10);
  expectNear(above, 0.9542966354882696, near);
  expectNear(within, 0.04570306097263277, near);
  expectNear(below, 3.0353909763469744e-7, near);
});

describe("Demšar 2006, table 6: four variants of C4.5 on 14 data sets", () => {
  // AUC of C4.5, C4.5+m, C4.5+cf, C4.5+m+cf. The paper's ranks tell 0.975 from 0.975 in the last row but one.
  const auc = [
    [0.763, 0.768, 0.771, 0.798],
    [0.599, 0.591, 0.59, 0.569],
    [0.954, 0.971, 0.968, 0.967],
    [0.628, 0.661, 0.654, 0.657],
    [0.882, 0.888, 0.886, 0.898],
    [0.936, 0.931, 0.916, 0.931],
    [0.661, 0.668, 0.609, 0.685],
    [0.583, 0.583, 0.563, 0.625],
    [0.775, 0.838, 0.866, 0.875],
    [1, 1, 1, 1],
    [0.94, 0.962, 0.965, 0.962],
    [0.619, 0.666, 0.614, 0.669],
    [0.972, 0.981, 0.97501, 0.975],
    [0.957, 0.978, 0.946, 0.97],
  ];
  const { averageRanks } = friedman(auc.map((row) => row.map((value) => -value)));

  test("has its average ranks and Friedman statistic", () => {
    expect(averageRanks.map((rank) => rank.toFixed(3))).toEqual(["3.143", "2.000", "2.893", "1.964"]);
    // The paper does not correct for ties.
    const squares = averageRanks.reduce((sum, rank) => sum + rank ** 2, 0);
    const chiSquare = ((12 * 14) / (4 * 5)) * (squares - (4 * 5 ** 2) / 4);
    expect(chiSquare.toFixed(2)).toBe("9.28");
    expect(((13 * chiSquare) / (14 * 3 - chiSquare)).toFixed(2)).toBe("3.69");
  });
});
