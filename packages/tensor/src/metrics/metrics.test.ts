import { expectNear } from "@ml-mosaic/testing";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readFixture } from "../../test/fixtures.ts";
import { fromArray, tensor } from "../creation.ts";
import { TensorError } from "../errors.ts";
import { compileEvaluation } from "../program/evaluation-program.ts";
import { Generator } from "../random/generator.ts";
import type { Tensor } from "../tensor.ts";
import * as metrics from "./index.ts";
import { compute, type Metric, MetricTotals, type MetricValue, metricStep } from "./index.ts";

const { accuracy, topKAccuracy, confusionMatrix, precision, recall, f1, rocAuc, averagePrecision } = metrics;
const scores = [precision, recall, f1];
const all: readonly Metric[] = [
  accuracy(),
  topKAccuracy({ k: 1 }),
  topKAccuracy({ k: 2 }),
  confusionMatrix(),
  ...scores.flatMap((score) => [
    score(),
    score({ average: "macro" }),
    score({ average: "micro" }),
    score({ average: "none" }),
  ]),
  rocAuc(),
  rocAuc({ average: "none" }),
  averagePrecision(),
  averagePrecision({ average: "none" }),
  metrics.meanAbsoluteError(),
  metrics.r2Score(),
];
const byName = new Map(all.map((metric) => [metric.name, metric]));

interface Given {
  readonly data: readonly number[];
  readonly shape: readonly number[];
}
interface FixtureCase {
  readonly prediction: Given;
  readonly target: Given;
  readonly expected: Readonly<Record<string, MetricValue | "NaN">>;
}

/** Written by fixtures/metrics.py with scikit-learn. */
const cases: readonly FixtureCase[] = readFixture("metrics");

const numbers = (value: unknown): number[] => (Array.isArray(value) ? value.flatMap(numbers) : [Number(value)]);
const isRegression = ({ expected }: FixtureCase) => "r2Score" in expected;

function tensorsOf(each: FixtureCase): [Tensor, Tensor] {
  const { prediction, target } = each;
  return [
    fromArray(Float32Array.from(prediction.data), prediction.shape),
    isRegression(each)
      ? fromArray(Float32Array.from(target.data), target.shape)
      : fromArray(BigInt64Array.from(target.data, BigInt), target.shape),
  ];
}

function expectClose(actual: MetricValue | undefined, expected: unknown, name: string): void {
  expectNear(numbers(actual), numbers(expected), { absolute: 1e-5 }, name);
}

describe("as scikit-learn", () => {
  test.each(cases.map((each, at) => [`${at}: [${each.prediction.shape}] and [${each.target.shape}]`, each] as const))(
    "%s",
    async (_, each) => {
      const [prediction, target] = tensorsOf(each);
      for (const [name, expected] of Object.entries(each.expected)) {
        const metric = byName.get(name);
        if (metric === undefined) throw new Error(`the fixture has ${name}`);
        expectClose(await compute(metric, prediction, target), expected, name);
      }
    },
  );

  test("in an evaluation program, batch by batch, with the same bits in chunks of any size", async () => {
    for (const each of cases.slice(0, 4).concat(cases.slice(-8))) {
      const [prediction, target] = tensorsOf(each);
      const chosen = Object.keys(each.expected)
        .map((name) => byName.get(name))
        .filter((metric) => metric !== undefined);
      const samples = prediction.size(0);
      const fields = await Promise.all(
        [prediction, target].map(async (field) => ({
          shape: field.shape,
          dtype: field.dtype,
          data: await field.data(),
        })),
      );
      const program = compileEvaluation({
        fields,
        layout: { segments: [], buffers: [] },
        step([p = prediction, t = target]) {
          return { loss: p.mean(), collected: metricStep(chosen, p, t) };
        },
      });
      const state = { step: 0, parameters: [], slots: [], buffers: [] };
      const epoch = async (chunkSteps: number) => {
        const totals = new MetricTotals(chosen);
        const batchSize = 2;
        const rows = Int32Array.from({ length: samples - (samples % batchSize) }, (_, index) => index);
        for (let start = 0; start < rows.length; start += chunkSteps * batchSize) {
          const part = rows.subarray(start, start + chunkSteps * batchSize);
          const chunk = { rows: part, batchSize, generator: new Generator(0) };
          totals.add(await program.run(state, chunk), part.length / batchSize);
        }
        const rest = Int32Array.from({ length: samples % batchSize }, (_, index) => rows.length + index);
        if (rest.length > 0)
          totals.add(await program.run(state, { rows: rest, batchSize: rest.length, generator: new Generator(0) }), 1);
        return totals.results();
      };
      const [whole, single] = [await epoch(1000), await epoch(1)];
      expect(single).toEqual(whole);
      for (const [name, expected] of Object.entries(each.expected)) expectClose(whole[name], expected, name);
      program.release();
    }
  });
});

describe("properties", () => {
  const sample = fc.record({ score: fc.integer({ min: 0, max: 8 }).map((eighths) => eighths / 8), label: fc.nat(1) });
  const mixed = fc
    .array(sample, { minLength: 2, maxLength: 40 })
    .filter((list) => new Set(list.map(({ label }) => label)).size === 2);
  const tensors = (list: readonly { score: number; label: number }[]): [Tensor, Tensor] => [
    tensor(list.map(({ score }) => score)),
    tensor(list.map(({ label }) => label)),
  ];

  test("the area of reversed scores is what is missing to 1; of exchanged classes too", async () => {
    await fc.assert(
      fc.asyncProperty(mixed, async (list) => {
        const [prediction, target] = tensors(list);
        const area = await compute(rocAuc(), prediction, target);
        expect(await compute(rocAuc(), prediction.neg(), target)).toBeCloseTo(1 - area, 12);
        expect(await compute(rocAuc(), prediction, target.neg().add(1))).toBeCloseTo(1 - area, 12);
      }),
    );
  });

  test("areas depend on the order of the scores alone, not on the order of the samples", async () => {
    await fc.assert(
      fc.asyncProperty(mixed, fc.nat(), async (list, seed) => {
        const order = new Generator(seed).permutation(list.length);
        const shuffled = Array.from(order, (index) => list[index] ?? { score: 0, label: 0 });
        for (const metric of [rocAuc(), averagePrecision()]) {
          const value = await compute(metric, ...tensors(list));
          expect(await compute(metric, ...tensors(shuffled))).toBe(value);
          const [prediction, target] = tensors(list);
          expect(await compute(metric, prediction.mul(16).add(3), target)).toBe(value);
          expect(value >= 0 && value <= 1).toBe(true);
        }
      }),
    );
  });

  test("the matrix holds the others: its diagonal the accuracy, its rows and columns recall and precision", async () => {
    const list = fc.array(fc.tuple(fc.nat(3), fc.nat(3)), { minLength: 1, maxLength: 30 });
    await fc.assert(
      fc.asyncProperty(list, async (pairs) => {
        const prediction = tensor(pairs.map(([found]) => [0, 1, 2, 3].map((index) => Number(index === found))));
        const target = tensor(
          pairs.map(([, wanted]) => wanted),
          { dtype: "int64" },
        );
        const matrix = await compute(confusionMatrix(), prediction, target);
        const diagonal = matrix.map((row, index) => row[index] ?? 0);
        const sum = (list: readonly number[]) => list.reduce((a, b) => a + b, 0);
        expect(sum(matrix.flat())).toBe(pairs.length);
        expect(await compute(accuracy(), prediction, target)).toBeCloseTo(sum(diagonal) / pairs.length, 12);
        expect(await compute(topKAccuracy({ k: 1 }), prediction, target)).toBeCloseTo(sum(diagonal) / pairs.length, 12);
        expect(await compute(topKAccuracy({ k: 4 }), prediction, target)).toBe(1);
        const rows = matrix.map(sum);
        const columns = matrix.map((_, column) => sum(matrix.map((row) => row[column] ?? 0)));
        expect(await compute(recall({ average: "none" }), prediction, target)).toEqual(
          diagonal.map((hits, index) => hits / (rows[index] || 1)),
        );
        expect(await compute(precision({ average: "none" }), prediction, target)).toEqual(
          diagonal.map((hits, index) => hits / (columns[index] || 1)),
        );
      }),
      { numRuns: 50 },
    );
  });

  test("r2Score is that of the whole however it is cut into batches, far from 0 too", async () => {
    const list = fc.array(fc.tuple(fc.integer({ min: -64, max: 64 }), fc.integer({ min: -64, max: 64 })), {
      minLength: 3,
      maxLength: 20,
    });
    await fc.assert(
      fc.asyncProperty(list, fc.integer({ min: 1, max: 2 }), async (pairs, cut) => {
        const metric = metrics.r2Score();
        const columns = [0, 1].map((side) => tensor(pairs.map((pair) => 70_000 + (pair[side] ?? 0) / 8)));
        const [prediction, target] = columns;
        if (prediction === undefined || target === undefined) throw new Error("two columns are needed");
        const totals = new MetricTotals([metric]);
        for (const [from, to] of [
          [0, cut],
          [cut, pairs.length],
        ] as const) {
          const parts = metricStep([metric], prediction.slice(0, from, to), target.slice(0, from, to));
          const values = await Promise.all(
            Object.entries(parts).map(async ([name, part]) => [name, Float32Array.from(numbers(await part.toArray()))]),
          );
          totals.add(Object.fromEntries(values), 1);
        }
        const whole = await compute(metric, prediction, target);
        expectNear(numbers(totals.results().r2Score), [whole], { absolute: 1e-5, relative: 1e-6 }, "r2Score");
        const targets = pairs.map(([, value]) => value / 8);
        const mean = targets.reduce((a, b) => a + b, 0) / targets.length;
        const spread = targets.reduce((sum, value) => sum + (value - mean) ** 2, 0);
        const residual = pairs.reduce((sum, [p, t]) => sum + ((p - t) / 8) ** 2, 0);
        if (spread > 0) expect(Math.abs(whole - (1 - residual / spread))).toBeLessThan(1e-4 * (1 + residual / spread));
      }),
      { numRuns: 50 },
    );
  });
});

describe("what is no ordinary case", () => {
  const two = tensor([0.2, 0.9]);
  test("logits have the threshold 0", async () => {
    const logits = tensor([-1, 0.2, 3]);
    expect(await compute(accuracy({ threshold: 0 }), logits, tensor([0, 1, 1]))).toBe(1);
    expect(await compute(accuracy(), logits, tensor([0, 1, 1]))).toBeCloseTo(2 / 3);
  });
  test("one class alone has no area", async () => {
    expect(await compute(rocAuc(), two, tensor([1, 1]))).toBeNaN();
    expect(await compute(averagePrecision(), two, tensor([0, 0]))).toBeNaN();
  });
  test("NaN is no good score", async () => {
    const nan = tensor([[Number.NaN, Number.NaN]]);
    expect(await compute(rocAuc(), tensor([Number.NaN, 1]), tensor([0, 1]))).toBeNaN();
    expect(await compute(topKAccuracy({ k: 2 }), nan, tensor([0], { dtype: "int64" }))).toBe(0);
    expect(await compute(metrics.meanAbsoluteError(), tensor([Number.NaN]), tensor([0]))).toBeNaN();
  });
  test("of equal scores the first class goes ahead, as in argmax", async () => {
    const target = tensor([0, 1], { dtype: "int64" });
    const tied = tensor([
      [1, 1],
      [1, 1],
    ]);
    expect(await compute(topKAccuracy({ k: 1 }), tied, target)).toBe(0.5);
    expect(await compute(accuracy(), tied, target)).toBe(0.5);
  });
  test("one sample has no r2", async () => {
    expect(await compute(metrics.r2Score(), tensor([1]), tensor([1]))).toBeNaN();
  });

  const five = tensor([[1, 2, 3, 4, 5]]);
  const label = (index: number) => tensor([index], { dtype: "int64" });
  test.each<[string, () => Promise<unknown>, RegExp]>([
    [
      "binary f1 of five classes",
      () => compute(f1(), five, label(1)),
      /f1: average "binary" is for two classes, there are 5/,
    ],
    ["shapes that do not fit", () => compute(accuracy(), five, tensor([[1], [2]])), /\[1, 5\] and target \[2, 1\]/],
    [
      "a column for indices",
      () => compute(accuracy(), tensor([[1], [2]]), tensor([1, 1])),
      /targets of their own shape/,
    ],
    ["k above the classes", () => compute(topKAccuracy({ k: 6 }), five, label(1)), /k is 6, but there are scores of 5/],
    ["a target that is no class", () => compute(confusionMatrix(), five, label(5)), /1 of 1 targets are none of the 5/],
    ["a negative target", () => compute(recall({ average: "macro" }), five, label(-1)), /targets are none of the 5/],
    ["other shapes", () => compute(metrics.r2Score(), five, tensor([1])), /r2Score: prediction \[1, 5\]/],
  ])("refused: %s", async (_, run, message) => {
    await expect(run()).rejects.toThrow(message);
    await expect(run()).rejects.toThrow(TensorError);
  });
  test("refused: a k that is no count, and two metrics of one name", () => {
    expect(() => topKAccuracy({ k: 0 })).toThrow(/k is 0/);
    expect(() => new MetricTotals([accuracy(), accuracy({ threshold: 0 })])).toThrow(/two metrics are called accuracy/);
    expect(() => new MetricTotals([accuracy(), { ...accuracy(), name: "other" }])).not.toThrow();
  });
});
