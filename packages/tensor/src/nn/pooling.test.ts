/** Pooling, padding and resizing against PyTorch in float64 (fixtures/pooling.py) and against central differences. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readFixture } from "../../test/fixtures.ts";
import { expectSameAsFile, type LayerFixture, layerCases, makersOf, uncovered } from "../../test/layer-cases.ts";
import { TensorError } from "../errors.ts";
import { grad } from "../graph/gradient.ts";
import * as paddingOps from "../ops/padding.ts";
import * as poolingOps from "../ops/pooling.ts";
import { evaluate } from "../runtime/evaluate.ts";
import { type Shape, sizeOf } from "../shape.ts";
import { constant, type Tensor } from "../tensor.ts";
import * as nn from "./index.ts";

const fixture: LayerFixture = readFixture("pooling");
const makers = makersOf({
  AdaptiveAvgPool1d: nn.AdaptiveAvgPool1d,
  AdaptiveAvgPool2d: nn.AdaptiveAvgPool2d,
  AdaptiveMaxPool1d: nn.AdaptiveMaxPool1d,
  AdaptiveMaxPool2d: nn.AdaptiveMaxPool2d,
  AvgPool1d: nn.AvgPool1d,
  AvgPool2d: nn.AvgPool2d,
  ConstantPad1d: nn.ConstantPad1d,
  ConstantPad2d: nn.ConstantPad2d,
  MaxPool1d: nn.MaxPool1d,
  MaxPool2d: nn.MaxPool2d,
  ReflectionPad1d: nn.ReflectionPad1d,
  ReflectionPad2d: nn.ReflectionPad2d,
  ReplicationPad1d: nn.ReplicationPad1d,
  ReplicationPad2d: nn.ReplicationPad2d,
  Upsample: nn.Upsample,
  ZeroPad2d: nn.ZeroPad2d,
});

layerCases(fixture, makers, () => 2e-6);

test("the fixture covers every op", () => {
  expect(uncovered([...Object.values(paddingOps), ...Object.values(poolingOps)], fixture, makers)).toEqual([]);
});

/** Values without ties and without two that a step of the differences would exchange. */
function spread(shape: Shape): Float32Array {
  return Float32Array.from({ length: sizeOf(shape) }, (_, index) => (((index * 37) % 101) - 50) / 16);
}

/** The gradient of a weighted sum, computed both ways. */
async function differences(layer: nn.Layer, shape: Shape): Promise<readonly [analytic: number[], numeric: number[]]> {
  const values = spread(shape);
  const step = 1 / 64;
  const loss = (input: Tensor) => {
    const output = layer.forward(input);
    return output
      .mul(
        output.newTensor(
          Array.from({ length: output.numel }, (_, at) => Math.cos(at)),
          output.shape,
        ),
      )
      .sum();
  };
  const input = constant(values, shape, "float32");
  const [gradient = input] = grad(loss(input), [input]);
  const moved = Array.from(values).flatMap((_, at) =>
    [step, -step].map((by) =>
      loss(
        constant(
          values.map((value, each) => (each === at ? value + by : value)),
          shape,
          "float32",
        ),
      ),
    ),
  );
  const [analytic, ...losses] = await evaluate([gradient, ...moved]);
  const numbers = losses.map((data) => Number(data[0]));
  return [
    Array.from(analytic ?? [], Number),
    Array.from(values, (_, at) => ((numbers[2 * at] ?? 0) - (numbers[2 * at + 1] ?? 0)) / (2 * step)),
  ];
}

describe("central differences", () => {
  const layers: readonly (readonly [string, nn.Layer, Shape])[] = [
    ["max pool, side by side", new nn.MaxPool2d(2), [1, 2, 5, 4]],
    ["max pool, overlapping", new nn.MaxPool2d(3, { stride: 2, padding: 1 }), [1, 2, 5, 4]],
    ["max pool, a row", new nn.MaxPool1d(3), [1, 2, 7]],
    ["average pool, side by side", new nn.AvgPool2d([2, 3]), [1, 2, 5, 6]],
    ["average pool, overlapping", new nn.AvgPool2d(3, { stride: 2, padding: 1, ceilMode: true }), [1, 1, 6, 5]],
    ["adaptive average", new nn.AdaptiveAvgPool2d([2, 3]), [1, 2, 5, 4]],
    ["adaptive maximum", new nn.AdaptiveMaxPool2d([2, 3]), [1, 2, 5, 4]],
    ["nearest", new nn.Upsample({ scaleFactor: 2 }), [1, 2, 2, 3]],
    ["bilinear", new nn.Upsample({ size: [5, 4], mode: "bilinear" }), [1, 1, 3, 3]],
    ["constant padding", new nn.ConstantPad2d([1, -1, 0, 2], 1), [1, 2, 3, 3]],
    ["reflection", new nn.ReflectionPad2d([1, 2, 2, 0]), [1, 1, 3, 4]],
    ["replication", new nn.ReplicationPad2d([1, 2, 2, 0]), [1, 1, 3, 4]],
  ];
  test.each(layers)("%s", async (_name, layer, shape) => {
    const [analytic, numeric] = await differences(layer, shape);
    expect(analytic.length).toBe(sizeOf(shape));
    // All are piecewise linear: what differs is float32's rounding of losses up to 50, over 2 / 64.
    for (const [at, value] of analytic.entries())
      expect(Math.abs(value - (numeric[at] ?? Number.NaN))).toBeLessThan(2e-3);
  });
});

const whole = (min: number, max: number) => fc.integer({ min, max });
const pair = (min: number, max: number) => fc.tuple(whole(min, max), whole(min, max));
const layers: fc.Arbitrary<nn.Layer> = fc.oneof(
  fc
    .record({ kernel: pair(1, 4), stride: pair(1, 4), half: pair(0, 2), dilation: pair(1, 3), ceilMode: fc.boolean() })
    .map(({ kernel, half, ...options }) => {
      const padding: [number, number] = [Math.min(half[0], kernel[0] >> 1), Math.min(half[1], kernel[1] >> 1)];
      return new nn.MaxPool2d(kernel, { ...options, padding });
    }),
  fc
    .record({
      kernel: pair(1, 4),
      stride: pair(1, 4),
      half: pair(0, 2),
      ceilMode: fc.boolean(),
      countIncludePad: fc.boolean(),
    })
    .map(({ kernel, half, ...options }) => {
      const padding: [number, number] = [Math.min(half[0], kernel[0] >> 1), Math.min(half[1], kernel[1] >> 1)];
      return new nn.AvgPool2d(kernel, { ...options, padding });
    }),
  pair(0, 5).map((size) => new nn.AdaptiveAvgPool2d(size)),
  pair(0, 5).map((size) => new nn.AdaptiveMaxPool2d(size)),
  fc
    .record({ size: pair(1, 9), mode: fc.constantFrom("nearest", "bilinear") })
    .map((options) => new nn.Upsample(options)),
  fc
    .record({ scaleFactor: fc.double({ min: 0.1, max: 4, noNaN: true }), mode: fc.constantFrom("nearest", "bilinear") })
    .map((options) => new nn.Upsample(options)),
  fc.tuple(whole(-2, 4), whole(-2, 4), whole(-2, 4), whole(-2, 4)).map((amounts) => new nn.ConstantPad2d(amounts, 3)),
  fc.tuple(whole(-2, 4), whole(-2, 4), whole(-2, 4), whole(-2, 4)).map((amounts) => new nn.ReflectionPad2d(amounts)),
  fc.tuple(whole(-2, 4), whole(-2, 4), whole(-2, 4), whole(-2, 4)).map((amounts) => new nn.ReplicationPad2d(amounts)),
);

test("whatever the shape rules accept is computed, with a gradient of the input's shape", async () => {
  let computed = 0;
  await fc.assert(
    fc.asyncProperty(layers, fc.tuple(whole(0, 2), whole(1, 2), whole(1, 7), whole(1, 7)), async (layer, shape) => {
      const input = constant(spread(shape), shape, "float32");
      let output: Tensor;
      try {
        output = layer.forward(input);
      } catch (error) {
        // What is refused here PyTorch refuses too: the fixture's refusals.
        expect(error).toBeInstanceOf(TensorError);
        return;
      }
      const [gradient] = grad(output.mul(output).sum(), [input]);
      const [values, slopes] = await evaluate([output, gradient ?? input]);
      expect(values?.length).toBe(output.numel);
      expect(slopes?.length).toBe(input.numel);
      expect(values?.every((value) => Number.isFinite(Number(value)) || Number(value) <= -3e38)).toBe(true);
      expect(slopes?.every((value) => !Number.isNaN(Number(value)))).toBe(true);
      computed++;
    }),
    { numRuns: 400, seed: 5 },
  );
  expect(computed).toBeGreaterThan(200);
});

test.each<[string, nn.Layer]>([
  ["MaxPool2d", new nn.MaxPool2d(3, { stride: 2, padding: 1 })],
  ["MaxPool2d, dilated", new nn.MaxPool2d(2, { dilation: 2, padding: 1 })],
  ["AvgPool2d", new nn.AvgPool2d(2, { padding: 1, countIncludePad: false })],
  ["AdaptiveAvgPool2d, whole", new nn.AdaptiveAvgPool2d(1)],
  ["AdaptiveAvgPool2d", new nn.AdaptiveAvgPool2d([3, 4])],
  ["AdaptiveMaxPool2d", new nn.AdaptiveMaxPool2d([3, 4])],
  ["Upsample", new nn.Upsample({ scaleFactor: 2 })],
  ["Upsample, bilinear", new nn.Upsample({ scaleFactor: 2, mode: "bilinear" })],
  ["ConstantPad2d", new nn.ConstantPad2d(1, 2)],
  ["ReflectionPad2d", new nn.ReflectionPad2d(1)],
  ["ReplicationPad2d", new nn.ReplicationPad2d(1)],
])("%s exports with an open batch", async (_name, layer) => {
  await expectSameAsFile(layer, [3, 8, 9]);
});
