/** Against scipy (fixtures/cross_validation.py). */
import { readFileSync } from "node:fs";
import type { TestResult } from "@ml-mosaic/training";
import { expect, test } from "vitest";
import { foldFigures } from "./fold-figures.ts";
import { figuresCsv, resultsCsv } from "./result-tables.ts";

interface Case {
  readonly values: readonly number[];
  readonly test: number;
  readonly train: number;
  readonly mean: number;
  readonly sd: number;
  readonly t: readonly [number, number];
  readonly corrected: readonly [number, number];
}

const fixture = new URL("../../fixtures/cross-validation.json", import.meta.url);
const { folds: cases }: { folds: readonly Case[] } = JSON.parse(readFileSync(fixture, "utf8"));

function testOf(loss: number, metrics: Readonly<Record<string, number>> = {}): TestResult {
  return { snapshot: "best", epoch: 3, loss, metrics };
}

const near = (value: number) => expect.closeTo(value, 9);

test.each(cases)("mean, t interval and Nadeau and Bengio's of $values", (each) => {
  const share = each.test / (each.test + each.train);
  const figures = foldFigures(
    each.values.map((value) => testOf(1, { dice: value })),
    share,
  );
  const [loss, dice] = figures;
  expect(figures).toHaveLength(2);
  expect(dice).toEqual({
    name: "dice",
    values: each.values,
    mean: near(each.mean),
    sd: near(each.sd),
    interval: expect.objectContaining({ low: near(each.t[0]), high: near(each.t[1]) }),
    corrected: expect.objectContaining({ low: near(each.corrected[0]), high: near(each.corrected[1]) }),
  });
  expect(loss).toMatchObject({ name: "loss", mean: 1, sd: 0, interval: { low: 1, high: 1 } });
});

test("intervals of shares stay between 0 and 1 and are those of t where there is room", () => {
  const of = (values: readonly number[], testShare: number) =>
    foldFigures(
      values.map((dice) => testOf(dice, { dice })),
      testShare,
      new Set(["dice"]),
    );
  const [loss, high] = of([0.8783, 0.8943, 0.7537, 0.9132, 0.6948], 0.25);
  // Of shares computed with scipy: expit(logit(m) ± t s √(1/5 + 1/3) / (m (1 − m))).
  expect(loss?.corrected).toEqual({ low: expect.closeTo(0.63069, 5), high: expect.closeTo(1.02303, 5) });
  expect(high?.corrected).toEqual({ low: expect.closeTo(0.548169, 6), high: expect.closeTo(0.949492, 6) });
  for (const values of [
    [0, 1],
    [0.001, 0.6, 0.01],
    [1, 1, 0.99],
    [0, 0, 0.01],
  ]) {
    const { interval, corrected, mean } = of(values, 0.5)[1] ?? {};
    for (const each of [interval, corrected]) {
      expect(each?.low).toBeGreaterThanOrEqual(0);
      expect(each?.high).toBeLessThanOrEqual(1);
      expect(each?.low).toBeLessThan(mean ?? 0);
      expect(each?.high).toBeGreaterThan(mean ?? 0);
    }
  }
  expect(of([1, 1, 1], 0.5)[1]?.corrected).toEqual({ low: 1, high: 1 });
  const [narrow, same] = of([0.5, 0.501, 0.499], 0.5);
  expect(same?.interval?.low).toBeCloseTo(narrow?.interval?.low ?? 0, 6);
});

test("splits without a value are left out; one split has no interval", () => {
  const values = cases[0]?.values ?? [];
  const whole = foldFigures(
    values.map((value) => testOf(value)),
    0.25,
  );
  const holed = foldFigures([testOf(Number.NaN), ...values.map((value) => testOf(value))], 0.25);
  expect(holed[0]).toEqual({ ...whole[0], values: [Number.NaN, ...values] });

  expect(foldFigures([testOf(0.5, { dice: Number.NaN })], 0.25)).toEqual([
    { name: "loss", values: [0.5], mean: 0.5, sd: Number.NaN, interval: undefined, corrected: undefined },
    { name: "dice", values: [Number.NaN], mean: Number.NaN, sd: Number.NaN, interval: undefined, corrected: undefined },
  ]);
});

test("tables: every metric that a split has, empty cells where there is no value", () => {
  const tests = [testOf(0.5, { dice: 0.25 }), { ...testOf(0.75, { iou: 1 }), snapshot: "last" as const, epoch: 7 }];
  expect(resultsCsv(tests)).toBe("split,snapshot,epoch,loss,dice,iou\n1,best,3,0.5,0.25,\n2,last,7,0.75,,1\n");
  const pooled = {
    pixels: 10,
    positives: 0,
    labelled: 0.25,
    unlabelled_found: 0.5,
    dice: 0.5,
    iou: 0.25,
    average_precision: Number.NaN,
    roc_auc: 0.5,
  };
  const [header, loss, dice, ...others] = figuresCsv(foldFigures(tests, 0.5), { pooled, overMaps: [] }).split("\n");
  expect(header).toBe("figure,splits,mean,sd,low,high,corrected_low,corrected_high");
  // 0.625 ± 12.706 · 0.1768 / √2, and with 1/2 + 1 under the root.
  const cells = (line: string | undefined) => line?.split(",").slice(4).map(Number) ?? [];
  expect(loss).toMatch(/^loss,2,0\.625,0\.1767\d+,/);
  expect(cells(loss)).toEqual([-0.96327, 2.21327, -2.12597, 3.37597].map((value) => expect.closeTo(value, 4)));
  expect(dice).toBe("dice,1,0.25,NaN,,,,");
  expect(others.slice(1)).toEqual([
    "out_of_fold_pixels,,10,,,,,",
    "out_of_fold_positives,,0,,,,,",
    "out_of_fold_labelled,,0.25,,,,,",
    "out_of_fold_unlabelled_found,,0.5,,,,,",
    "out_of_fold_dice,,0.5,,,,,",
    "out_of_fold_iou,,0.25,,,,,",
    "out_of_fold_average_precision,,NaN,,,,,",
    "out_of_fold_roc_auc,,0.5,,,,,",
    "",
  ]);
});
