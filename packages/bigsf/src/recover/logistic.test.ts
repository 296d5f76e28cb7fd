import { expect, test } from "vitest";
import { chanceAt, fitLogistic } from "./logistic.ts";

test("of one group of n, k of which came true: Jeffreys' (k + 1/2) / (n + 1)", () => {
  for (const [k, n] of [
    [0, 6],
    [3, 10],
    [8, 8],
  ] as const) {
    const fit = fitLogistic(
      Array.from({ length: n }, () => [1]),
      Array.from({ length: n }, (_, i) => i < k),
    );
    const share = (k + 0.5) / (n + 1);
    expect(chanceAt(fit, [1]).value).toBeCloseTo(share, 8);
    // Wald on the logit scale.
    const half = 1.959964 / Math.sqrt(n * share * (1 - share));
    expect(chanceAt(fit, [1]).high).toBeCloseTo(1 / (1 + ((1 - share) / share) * Math.exp(-half)), 6);
  }
});

/** 2 x 2 tables with 1/2 added to each cell: what Firth's estimate is there. */
test("of two groups of which one has only hits: the odds ratio with a half in each cell", () => {
  const groups = [
    { x: 0, hits: 2, count: 9 },
    { x: 1, hits: 7, count: 7 },
  ];
  const data = groups.flatMap(({ x, hits, count }) => Array.from({ length: count }, (_, i) => ({ x, hit: i < hits })));
  const { coefficients } = fitLogistic(
    data.map(({ x }) => [1, x]),
    data.map(({ hit }) => hit),
  );
  expect(coefficients[0]).toBeCloseTo(Math.log(2.5 / 7.5), 6);
  expect(coefficients[1]).toBeCloseTo(Math.log((7.5 / 0.5) * (7.5 / 2.5)), 6);
});
