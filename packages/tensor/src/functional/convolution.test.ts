/** Convolutions against PyTorch in float64 (fixtures/convolution.py) and against central finite differences. */
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { TensorError } from "../errors.ts";
import { grad } from "../graph/gradient.ts";
import { evaluate } from "../runtime/evaluate.ts";
import { sizeOf } from "../shape.ts";
import { cat, type Tensor } from "../tensor.ts";
import { parameter } from "../variable.ts";
import {
  type Conv1dOptions,
  type ConvTranspose1dOptions,
  conv1d,
  conv2d,
  convTranspose1d,
  convTranspose2d,
} from "./convolution.ts";

interface Given {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}
interface Call {
  readonly function: string;
  readonly options: Options;
  readonly inputs: readonly Given[];
}
interface Case extends Call {
  readonly output: Given;
  readonly weights: readonly number[];
  readonly gradients: readonly (readonly number[])[];
}
interface Fixture {
  readonly cases: readonly Case[];
  readonly refusals: readonly (Call & { readonly mentions: readonly string[] })[];
}

const fixture: Fixture = JSON.parse(readFileSync(new URL("../../fixtures/convolution.json", import.meta.url), "utf8"));

/** Options that suit all four; the fixture's may be wrong on purpose. */
type Options = Conv1dOptions & ConvTranspose1dOptions;
type Compute = (x: Tensor, weight: Tensor, bias: Tensor | undefined, options: Options) => Tensor;
const functions: Readonly<Record<string, Compute>> = { conv1d, conv2d, convTranspose1d, convTranspose2d };

function build(call: Call, [x, weight, bias]: readonly Tensor[]): Tensor {
  const compute = functions[call.function];
  if (compute === undefined || x === undefined || weight === undefined)
    throw new Error(`the fixture calls ${call.function}`);
  return compute(x, weight, bias, call.options);
}

const leavesOf = (inputs: readonly Given[]) =>
  inputs.map(({ data, shape }) => parameter(Float32Array.from(data), shape));

/** Sums of up to some hundred products in float32, of numbers up to 2: relative to the largest element. */
function expectClose(actual: ArrayLike<number | bigint>, expected: readonly number[]): void {
  const largest = Math.max(1, ...expected.map(Math.abs));
  expect(actual.length).toBe(expected.length);
  for (const [index, value] of expected.entries())
    expect(Math.abs(Number(actual[index]) - value)).toBeLessThan(2e-6 * largest);
}

const title = ({ function: name, options, inputs }: Call) =>
  `${name} ${inputs.map(({ shape }) => `[${shape}]`).join(" ")} ${JSON.stringify(options)}`;

describe("as PyTorch", () => {
  test.each(fixture.cases.map((each, at) => [`${at}: ${title(each)}`, each] as const))("%s", async (_title, each) => {
    const leaves = leavesOf(each.inputs);
    const output = build(each, leaves);
    expect(output.shape).toEqual(each.output.shape);
    const gradients = grad(output.mul(output.newTensor(each.weights, output.shape)).sum(), leaves);
    const [values, ...computed] = await evaluate([output, ...gradients.map((gradient) => gradient ?? output)]);
    expectClose(values ?? [], each.output.data);
    for (const [index, expected] of each.gradients.entries()) expectClose(computed[index] ?? [], expected);
  });
});

describe("refused, as PyTorch does", () => {
  test.each(fixture.refusals.map((each, at) => [`${at}: ${title(each)}`, each] as const))("%s", (_title, each) => {
    const call = () => build(each, leavesOf(each.inputs));
    expect(call).toThrow(TensorError);
    for (const text of each.mentions) expect(call).toThrow(text);
  });
});

test("finite differences agree with every gradient", async () => {
  const step = 1 / 64;
  for (const options of [{ padding: 1 }, { stride: 2, padding: 1 }, { dilation: 2, padding: 2 }]) {
    const inputs = [[1, 2, 4, 5], [2, 2, 3, 3], [2]].map((shape, seed) => ({
      shape,
      data: Array.from({ length: sizeOf(shape) }, (_, index) => Math.fround(Math.sin(7 * index + seed))),
    }));
    const loss = (given: readonly Given[]) => {
      const leaves = leavesOf(given);
      const output = build({ function: "conv2d", options: Object(options), inputs: given }, leaves);
      return { leaves, loss: output.mul(output).sum() };
    };
    const { leaves, loss: here } = loss(inputs);
    const analytic = (await evaluate(grad(here, leaves).map((gradient) => gradient ?? here))).flatMap((data) =>
      Array.from(data, Number),
    );
    const moved = inputs.flatMap(({ data }, at) =>
      data.flatMap((_, element) =>
        [step, -step].map(
          (by) =>
            loss(
              inputs.map((each, other) =>
                other === at
                  ? { ...each, data: each.data.map((value, position) => (position === element ? value + by : value)) }
                  : each,
              ),
            ).loss,
        ),
      ),
    );
    const losses = (await evaluate(moved)).map((data) => Number(data[0]));
    for (const [index, value] of analytic.entries()) {
      const difference = ((losses[2 * index] ?? 0) - (losses[2 * index + 1] ?? 0)) / (2 * step);
      // The loss is quadratic in each number, so only float32 rounding of a sum of about 100 is left.
      expect(Math.abs(difference - value)).toBeLessThan(0.01 + 2e-3 * Math.abs(value));
    }
  }
});

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
          output = build(
            { function: transposed ? "convTranspose2d" : "conv2d", options: Object(options), inputs: [] },
            leaves,
          );
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
      const call = { function: transposed ? "convTranspose2d" : "conv2d", options: Object(options), inputs: [] };
      if (images === undefined) throw new Error("there are images");
      let together: Tensor;
      try {
        together = build(call, leaves);
      } catch (error) {
        if (error instanceof TensorError && error.code === "TENSOR_SHAPE") return;
        throw error;
      }
      // Batches of fewer than 8 are computed another way.
      const apart = cat(images.split([5, 6]).map((half) => build(call, [half, ...weights])));
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
