import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { fromArray, tensor } from "../creation.ts";
import { Generator } from "../random/generator.ts";
import { type Accumulator, compute, type Metric, MetricTotals } from "./metric.ts";
import { averagePrecision, rocAuc } from "./ranking.ts";
import {
  averagePrecisionOf,
  averagePrecisionRange,
  rocAucOf,
  rocAucRange,
  type ScoreCounts,
  ScoreHistogram,
} from "./score-histogram.ts";

function countsOf(scores: ArrayLike<number>, truth: ArrayLike<number>, maxBins = 2 ** 18): ScoreCounts {
  const histogram = new ScoreHistogram({ maxBins });
  histogram.add({ scores: Float32Array.from(scores), truth: Float32Array.from(truth) });
  return histogram.parts();
}

/** From all scores; metrics.test.ts compares them with scikit-learn. */
async function exact(scores: Float32Array, truth: Float32Array) {
  const pair = [fromArray(scores, [scores.length]), fromArray(truth, [truth.length])] as const;
  return { auc: await compute(rocAuc(), ...pair), precision: await compute(averagePrecision(), ...pair) };
}

describe.each([
  ["logits of a good model", 3, 2],
  ["logits of a poor model", 0.2, 1],
  ["logits near 0, as an untrained model gives them", 0.0001, 0.001],
  ["logits of up to some thousands", 1500, 1000],
])("%s", (_, distance, spread) => {
  const generator = new Generator(7);
  const count = 200_000;
  const truth = Float32Array.from({ length: count }, () => (generator.uniform() < 0.1 ? 1 : 0));
  const scores = Float32Array.from(truth, (label) => label * distance - 1 + generator.normal(0, spread));

  test("few different scores for the memory are exact", async () => {
    const { auc, precision } = await exact(scores, truth);
    const counts = countsOf(scores, truth);
    expect(rocAucOf(counts)).toBeCloseTo(auc, 12);
    expect(averagePrecisionOf(counts)).toBeCloseTo(precision, 12);
    const range = rocAucRange(counts);
    expect(range[1] - range[0]).toBeLessThan(1e-4);
  });

  test("too many give areas within a range, which is small and holds the exact ones", async () => {
    const { auc, precision } = await exact(scores, truth);
    const counts = countsOf(scores, truth, 2 ** 14);
    expect(counts.hits.length).toBeGreaterThan(2 ** 13);
    expect(counts.hits.length).toBeLessThanOrEqual(2 ** 14);
    const [lowest, highest] = rocAucRange(counts);
    expect(auc).toBeGreaterThanOrEqual(lowest);
    expect(auc).toBeLessThanOrEqual(highest);
    expect(highest - lowest).toBeLessThan(2e-3);
    expect(Math.abs(rocAucOf(counts) - auc)).toBeLessThan(2e-5);
    const [lower, higher] = averagePrecisionRange(counts);
    expect(precision).toBeGreaterThanOrEqual(lower);
    expect(precision).toBeLessThanOrEqual(higher);
    expect(higher - lower).toBeLessThan(5e-3);
    expect(Math.abs(averagePrecisionOf(counts) - precision)).toBeLessThan(5e-4);
  });
});

test("the order of the samples does not matter, nor how they are cut into batches", async () => {
  const sample = fc.record({ score: fc.float({ noNaN: true }), hit: fc.boolean() });
  fc.assert(
    fc.property(fc.array(sample, { minLength: 1, maxLength: 80 }), fc.nat(), fc.nat(80), (samples, seed, cut) => {
      const order = new Generator(seed).permutation(samples.length);
      const scores = Float32Array.from(samples, ({ score }) => score);
      const truth = Float32Array.from(samples, ({ hit }) => Number(hit));
      const histogram = new ScoreHistogram({ maxBins: 8 });
      for (const part of [order.slice(0, cut), order.slice(cut)]) {
        histogram.add({
          scores: Float32Array.from(part, (index) => scores[index] ?? 0),
          truth: Float32Array.from(part, (index) => truth[index] ?? 0),
        });
      }
      const counts = countsOf(scores, truth, 8);
      expect(histogram.parts()).toEqual(counts);
      const sum = (values: ArrayLike<number>) => Array.from(values).reduce((a, b) => a + b, 0);
      expect([sum(counts.hits), sum(counts.hits) + sum(counts.misses)]).toEqual([sum(truth), truth.length]);
      expect(counts.hits.length).toBeLessThanOrEqual(8);
    }),
  );
});

test("infinities are the largest and smallest scores, and -0 is 0", () => {
  const [lowest, highest] = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
  expect(rocAucOf(countsOf([lowest, -3e38, -1e-44, 1e-44, 3e38, highest], [0, 0, 0, 1, 1, 1]))).toBe(1);
  expect(rocAucOf(countsOf([lowest, -3e38, 3e38, highest], [1, 0, 0, 1]))).toBe(0.5);
  expect(rocAucOf(countsOf([-0, 0], [0, 1]))).toBe(0.5);
});

test("what is neither 0 nor 1 does not count; without samples of both kinds there is no area; NaN spoils it", () => {
  expect(rocAucOf(countsOf([1, 2, 9, Number.NaN], [0, 1, -1, -1]))).toBe(1);
  expect(rocAucOf(countsOf([1, 2], [1, 1]))).toBeNaN();
  expect(averagePrecisionOf(countsOf([1, 2], [1, 1]))).toBe(1);
  expect(averagePrecisionOf(countsOf([1, 2], [0, 0]))).toBeNaN();
  expect(rocAucOf(countsOf([], []))).toBeNaN();
  const spoilt = countsOf([1, 2, Number.NaN], [0, 1, 1]);
  for (const value of [rocAucOf(spoilt), averagePrecisionOf(spoilt), ...rocAucRange(spoilt)]) expect(value).toBeNaN();
});

/** Largest sum of a batch. */
class LargestBatch implements Accumulator<"values"> {
  #largest = Number.NEGATIVE_INFINITY;
  add({ values }: Readonly<Record<"values", Float32Array>>): void {
    this.#largest = Math.max(
      this.#largest,
      values.reduce((a, b) => a + b, 0),
    );
  }
  parts() {
    return { largest: Float64Array.of(this.#largest) };
  }
}

function largestBatch(): Metric<number> {
  return {
    name: "largestBatch",
    join: { start: () => new LargestBatch() },
    step: (prediction) => ({ values: prediction }),
    result: ({ largest }) => largest?.[0] ?? Number.NaN,
  };
}

test("a metric's own rule sees one batch after the other, in chunks of any size", async () => {
  const metric = largestBatch();
  const values = Float32Array.of(1, 2, 5, 5, 4, 0);
  const whole = new MetricTotals([metric]);
  whole.add({ "largestBatch/values": values }, 3);
  expect(whole.results()).toEqual({ largestBatch: 10 });
  const pieces = new MetricTotals([metric]);
  for (let batch = 0; batch < 3; batch++)
    pieces.add({ "largestBatch/values": values.subarray(2 * batch, 2 * batch + 2) }, 1);
  expect(pieces.results()).toEqual({ largestBatch: 10 });
  // Each epoch starts afresh.
  expect(new MetricTotals([metric]).results()).toEqual({ largestBatch: Number.NEGATIVE_INFINITY });
  expect(await compute(metric, tensor([3, 4]), tensor([0, 0]))).toBe(7);
});
