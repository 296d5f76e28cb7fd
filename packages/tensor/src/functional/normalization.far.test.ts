/** Channels and groups that are far from 0 compared with their spread are normalised as well as others. */
import { expect, test } from "vitest";
import { fromArray } from "../creation.ts";
import { grad } from "../graph/gradient.ts";
import { Generator } from "../random/generator.ts";
import { evaluate } from "../runtime/evaluate.ts";
import { type Shape, sizeOf } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { parameter } from "../variable.ts";
import { batchNorm, groupNorm, instanceNorm, layerNorm } from "./normalization.ts";

const eps = 1e-5;

/** Whatever is normalised together has one number; and its mean and variance, where they are asked for. */
interface Kind {
  readonly shape: Shape;
  readonly groupOf: (sample: number, channel: number) => number;
  readonly normalize: (x: Tensor) => { readonly output: Tensor; readonly mean?: Tensor; readonly variance?: Tensor };
}

const kinds: Readonly<Record<string, Kind>> = {
  "batchNorm of images": { shape: [8, 3, 9, 16], groupOf: (_, channel) => channel, normalize: (x) => batchNorm(x) },
  "batchNorm of rows": { shape: [64, 3], groupOf: (_, channel) => channel, normalize: (x) => batchNorm(x) },
  groupNorm: {
    shape: [4, 6, 5, 7],
    groupOf: (sample, channel) => sample * 2 + Math.floor(channel / 3),
    normalize: (x) => ({ output: groupNorm(x, 2) }),
  },
  "layerNorm over an axis": {
    shape: [6, 5, 32],
    groupOf: (sample, channel) => sample * 5 + channel,
    normalize: (x) => ({ output: layerNorm(x, [32]) }),
  },
  "layerNorm over all axes but the first": {
    shape: [6, 5, 4],
    groupOf: (sample) => sample,
    normalize: (x) => ({ output: layerNorm(x, [5, 4]) }),
  },
  instanceNorm: {
    shape: [4, 3, 16],
    groupOf: (sample, channel) => sample * 3 + channel,
    normalize: (x) => instanceNorm(x),
  },
};

/** In float64: the normalised values, the gradient of their sum times `weights`, and mean and variance of each group. */
function expectedOf({ shape, groupOf }: Kind, values: Float32Array, weights: Float32Array) {
  const [, channels = 1, ...rest] = shape;
  const positions = sizeOf(rest);
  const group = (index: number) =>
    groupOf(Math.floor(index / positions / channels), Math.floor(index / positions) % channels);
  const members = Map.groupBy(values.keys(), group);
  const [output, gradient] = [new Float64Array(values.length), new Float64Array(values.length)];
  const statistics = [...members.values()].map((indices) => {
    const meanOf = (term: (index: number) => number) =>
      indices.reduce((sum, index) => sum + term(index), 0) / indices.length;
    const at = (array: Float32Array | Float64Array, index: number) => array[index] ?? Number.NaN;
    const mean = meanOf((index) => at(values, index));
    const variance = meanOf((index) => (at(values, index) - mean) ** 2);
    const r = 1 / Math.sqrt(variance + eps);
    for (const index of indices) output[index] = (at(values, index) - mean) * r;
    const [s, t] = [meanOf((index) => at(weights, index)), meanOf((index) => at(weights, index) * at(output, index))];
    for (const index of indices) gradient[index] = r * (at(weights, index) - s - at(output, index) * t);
    return { mean, variance };
  });
  return { output, gradient, statistics };
}

const largest = (values: ArrayLike<number>) =>
  Array.from(values).reduce((most, each) => Math.max(most, Math.abs(each)), 0);

function expectClose(
  actual: ArrayLike<number | bigint> | undefined,
  expected: ArrayLike<number>,
  tolerance: number,
): void {
  expect(actual?.length).toBe(expected.length);
  const distances = Array.from(expected, (value, index) => Number(actual?.[index]) - value);
  expect(largest(distances) / largest(expected)).toBeLessThan(tolerance);
}

test.each(
  Object.entries(kinds).flatMap(([name, kind]) =>
    [
      [0, 1],
      [1000, 0.007],
      [-1e6, 10],
      [3e-4, 2e-6],
    ].map(([mean = 0, deviation = 1]) => [name, mean, deviation, kind] as const),
  ),
)("%s of numbers around %d with deviation %d", async (_name, mean, deviation, kind) => {
  const generator = new Generator(1);
  const size = sizeOf(kind.shape);
  const values = Float32Array.from({ length: size }, () => mean + deviation * generator.normal());
  const weights = Float32Array.from({ length: size }, () => generator.normal());
  const x = parameter(values, kind.shape);
  const { output, mean: means, variance } = kind.normalize(x);
  const [gradient] = grad(output.mul(fromArray(weights, kind.shape)).sum(), [x]);
  const expected = expectedOf(kind, values, weights);
  const [y, dx] = await evaluate(gradient === undefined ? [] : [output, gradient]);
  expectClose(y, expected.output, 2e-6);
  expectClose(dx, expected.gradient, 2e-6);
  if (means !== undefined)
    expectClose(
      await means.data(),
      expected.statistics.map((each) => each.mean),
      1e-6,
    );
  if (variance !== undefined)
    expectClose(
      await variance.data(),
      expected.statistics.map((each) => each.variance),
      1e-5,
    );
});
