/** Convolutions against PyTorch in float64 (fixtures/convolution.py) and against central finite differences. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { expectCentralDifferences, spreadInputs } from "../../test/central-differences.ts";
import { readFixture, required } from "../../test/fixtures.ts";
import { type Calls, torchCases } from "../../test/torch-cases.ts";
import { TensorError } from "../errors.ts";
import { grad } from "../graph/gradient.ts";
import { cat } from "../methods/movement.ts";
import { evaluate } from "../runtime/evaluate.ts";
import { sizeOf } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { parameter } from "../variable.ts";
import {
  type Conv1dOptions,
  type Conv2dOptions,
  type ConvTranspose1dOptions,
  conv1d,
  conv2d,
  convTranspose1d,
  convTranspose2d,
} from "./convolution.ts";
import { conv3d } from "./convolution-3d.ts";

/** Options that suit all of them; the fixture's may be wrong on purpose. */
type Options = Conv1dOptions & ConvTranspose1dOptions;

const functions = { conv1d, conv2d, conv3d, convTranspose1d, convTranspose2d };
const calls: Calls<Options> = Object.fromEntries(
  Object.entries(functions).map(([name, compute]) => [
    name,
    ([x, weight, bias]: readonly Tensor[], options: Partial<Options>) =>
      compute(required(x), required(weight), bias, options),
  ]),
);

// Sums of up to some hundred products in float32, of numbers up to 2: relative to the largest element.
torchCases<Options>(readFixture("convolution"), calls, { usual: { ofLargest: 2e-6, leastLargest: 1 } });

test.each([{ padding: 1 }, { stride: 2, padding: 1 }, { dilation: 2, padding: 2 }])(
  "central differences agree with every gradient: %o",
  async (options) => {
    const inputs = spreadInputs([[1, 2, 4, 5], [2, 2, 3, 3], [2]], [-1, 1]);
    await expectCentralDifferences(inputs, ([x, weight, bias]) => {
      const output = conv2d(required(x), required(weight), bias, options);
      return output.mul(output);
    });
  },
);

const leavesOf = (inputs: readonly { readonly shape: readonly number[]; readonly data: readonly number[] }[]) =>
  inputs.map(({ data, shape }) => parameter(Float32Array.from(data), shape));

const convolve = (transposed: boolean, [x, weight, bias]: readonly Tensor[], options: Conv2dOptions): Tensor =>
  (transposed ? convTranspose2d : conv2d)(required(x), required(weight), bias, Object(options));

test("whatever the shape rule accepts is computed, with gradients of the inputs' shapes", async () => {
  const whole = (min: number, max: number) => fc.integer({ min, max });
  const pair = (min: number, max: number) => fc.tuple(whole(min, max), whole(min, max));
  const call = fc.record({
    batch: whole(1, 2),
    channels: whole(1, 3),
    out: whole(1, 3),
    groups: whole(1, 2),
    size: pair(1, 7),
    kernel: pair(1, 3),
    stride: pair(1, 3),
    padding: pair(0, 2),
    dilation: pair(1, 2),
    transposed: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(
      call,
      async ({ batch, channels, out, groups, size, kernel, stride, padding, dilation, transposed }) => {
        const [inputs, outputs] = [channels * groups, out * groups];
        const fill = (shape: readonly number[]) => ({
          shape,
          data: Array.from({ length: sizeOf(shape) }, (_, index) => Math.sin(index)),
        });
        const leaves = leavesOf([
          fill([batch, inputs, ...size]),
          fill(transposed ? [inputs, out, ...kernel] : [outputs, channels, ...kernel]),
          fill([outputs]),
        ]);
        const options = { stride, padding, dilation, groups };
        let output: Tensor;
        try {
          output = convolve(transposed, leaves, options);
        } catch (error) {
          if (error instanceof TensorError && error.code === "TENSOR_SHAPE") return;
          throw error;
        }
        const gradients = grad(output.sum(), leaves);
        const [values, ...computed] = await evaluate([output, ...gradients.map((gradient) => gradient ?? output)]);
        expect(values?.length).toBe(output.numel);
        expect(computed.map((data) => data.length)).toEqual(leaves.map((leaf) => leaf.numel));
      },
    ),
    { numRuns: 60 },
  );
});

test("a batch gives what its halves give, whichever way each is computed", async () => {
  const whole = (min: number, max: number) => fc.integer({ min, max });
  const call = fc.record({
    channels: whole(1, 4),
    out: whole(1, 4),
    size: fc.tuple(fc.constantFrom(1, 2, 5, 7, 8, 12, 24), fc.constantFrom(1, 3, 7, 9, 24, 33)),
    kernel: fc.tuple(whole(1, 3), whole(1, 3)),
    stride: whole(1, 2),
    padding: whole(0, 2),
    dilation: whole(1, 2),
    transposed: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(call, async ({ channels, out, size, kernel, stride, padding, dilation, transposed }) => {
      // Small whole numbers: sums are exact, in whatever order they are taken.
      const fill = (shape: readonly number[]) => ({
        shape,
        data: Array.from({ length: sizeOf(shape) }, (_, index) => ((index * 37) % 9) - 4),
      });
      const leaves = leavesOf([
        fill([11, channels, ...size]),
        fill(transposed ? [channels, out, ...kernel] : [out, channels, ...kernel]),
        fill([out]),
      ]);
      const [images, ...weights] = leaves;
      const options = transposed ? { stride: kernel } : { stride, padding, dilation };
      if (images === undefined) throw new Error("there are images");
      let together: Tensor;
      try {
        together = convolve(transposed, leaves, options);
      } catch (error) {
        if (error instanceof TensorError && error.code === "TENSOR_SHAPE") return;
        throw error;
      }
      // Batches of fewer than 8 are computed another way.
      const apart = cat(images.split([5, 6]).map((half) => convolve(transposed, [half, ...weights], options)));
      const factors = fill(together.shape);
      const results = [together, apart].map((output) =>
        evaluate([
          output,
          ...grad(output.mul(output.newTensor(factors.data, factors.shape)).sum(), leaves).map(
            (each) => each ?? output,
          ),
        ]),
      );
      const [one, other] = await Promise.all(results);
      expect(one).toEqual(other);
    }),
    { numRuns: 150 },
  );
});
