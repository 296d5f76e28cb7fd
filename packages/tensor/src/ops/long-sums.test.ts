/** Sums of many float32 are as right as sums of few, whatever the axes and the lengths, forwards and backwards. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { fromArray, zeros } from "../creation.ts";
import { grad } from "../graph/gradient.ts";
import { unknownOf } from "../graph/known-value.ts";
import { MSELoss } from "../losses/regression.ts";
import { Generator } from "../random/generator.ts";
import { evaluateOnWasm } from "../runtime/evaluate-wasm.ts";
import { type Shape, sizeOf } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { parameter } from "../variable.ts";

/** What sums of equal terms, whose roundings all go one way, may lose. One after the other 1e5 of them lose 1e-4. */
const tolerance = 3e-6;
/** Each element of a block is one addition more. */
const cumulativeTolerance = 1e-5;

const tenths = (...shape: readonly number[]) => parameter(new Float32Array(sizeOf(shape)).fill(0.1), shape);
const tenth = Math.fround(0.1);

async function expectEach(tensor: Tensor | undefined, expected: number): Promise<void> {
  for (const value of (await tensor?.data()) ?? [Number.NaN])
    if (!(Math.abs(Number(value) / expected - 1) <= tolerance)) expect(value).toBe(expected);
}

describe.each([1_000_000, 999_983, 2 ** 17, 100_000, 1025])("%i elements", (n) => {
  const x = tenths(n);
  test("sum, mean and what is made of them", async () => {
    await expectEach(x.sum(), n * tenth);
    await expectEach(x.mean(), tenth);
    await expectEach(x.mul(x).sum().sqrt(), Math.sqrt(n) * tenth);
    await expectEach(new MSELoss().forward(x, zeros([n])), tenth ** 2);
  });
  test("cumsum to each element, and from each one on in its gradient", async () => {
    const sums = await x.cumsum(0).data();
    const [gradient] = grad(x.cumsum(0).mul(x.detach()).sum(), [x]);
    const sumsFrom = (await gradient?.data()) ?? [];
    for (let index = 0; index < n; index += 1 + Math.floor(n / 1000)) {
      expect(Math.abs(Number(sums[index]) / ((index + 1) * tenth) - 1)).toBeLessThan(cumulativeTolerance);
      expect(Math.abs(Number(sumsFrom[index]) / ((n - index) * tenth) - 1)).toBeLessThan(cumulativeTolerance);
    }
  });
  test("sums over one of two axes, and gradients of what was repeated", async () => {
    await expectEach(x.reshape([n, 1]).expand([n, 3]).sum(0), n * tenth);
    await expectEach(x.reshape([1, n]).expand([2, n]).mean(1), tenth);
    const bias = parameter(Float32Array.of(1, 2), [2]);
    await expectEach(grad(x.reshape([n, 1]).mul(bias).sum(), [bias])[0], n * tenth);
  });
});

test("1e7 elements, of which one after the other would make 1,010,791", async () => {
  await expectEach(tenths(10_000_000).sum(), 10_000_000 * tenth);
});

/** Of lengths that are cut into blocks, that are not, and of more blocks than one. */
test.each([
  [[2048], [0]],
  [[3, 5000], [1]],
  [[5000, 3], [0]],
  [
    [4, 300, 7],
    [0, 1, 2],
  ],
  [[1031, 2], [0]],
  [
    [2, 40, 16, 16],
    [0, 2, 3],
  ],
  [[1, 8, 8192], [2]],
] as const)("on WebAssembly, of %j over %j", async (shape, axes) => {
  const generator = new Generator(7);
  const data = Float32Array.from({ length: sizeOf(shape) }, () => generator.uniform(0.5, 1));
  const [sums = []] = await onWasm([fromArray(data, shape).clone().sum(axes)]);
  const expected = summed(data, shape, axes);
  expect(sums.length).toBe(expected.length);
  for (const [index, value] of expected.entries()) expect(Math.abs(Number(sums[index]) / value - 1)).toBeLessThan(1e-6);
});

const onWasm = (tensors: readonly Tensor[]) => evaluateOnWasm(tensors, unknownOf(tensors), new Generator(0));

test("whatever the shape and the axes", async () => {
  const generator = new Generator(3);
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.constantFrom(1, 2, 3, 5, 11, 31, 64, 67), { minLength: 1, maxLength: 4 }),
      fc.array(fc.nat(3), { minLength: 1, maxLength: 4 }),
      fc.boolean(),
      fc.constantFrom("sum", "mean"),
      fc.constantFrom("onnx", "wasm"),
      async (shape, picked, keepdim, kind, executor) => {
        fc.pre(sizeOf(shape) < 500_000);
        const axes = [...new Set(picked.map((axis) => axis % shape.length))];
        const data = Float32Array.from({ length: sizeOf(shape) }, () => generator.uniform());
        const result = fromArray(data, shape).clone()[kind](axes, keepdim);
        const expected = summed(data, shape, axes);
        const count = data.length / expected.length;
        const actual = executor === "onnx" ? await result.data() : ((await onWasm([result]))[0] ?? []);
        expect(actual.length).toBe(expected.length);
        for (const [index, value] of expected.entries())
          expect(Math.abs((Number(actual[index]) * (kind === "mean" ? count : 1)) / value - 1)).toBeLessThan(tolerance);
      },
    ),
    { numRuns: 60 },
  );
});

/** In float64, row-major. */
function summed(data: Float32Array, shape: Shape, axes: readonly number[]): Float64Array {
  const kept = shape.map((length, axis) => (axes.includes(axis) ? 1 : length));
  const sums = new Float64Array(sizeOf(kept));
  for (const [index, value] of data.entries()) {
    let [rest, place, stride] = [index, 0, 1];
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const [length, size] = [shape[axis] ?? 1, kept[axis] ?? 1];
      place += (rest % length) % size === rest % length ? (rest % length) * stride : 0;
      rest = Math.floor(rest / length);
      stride *= size;
    }
    sums[place] = (sums[place] ?? 0) + value;
  }
  return sums;
}
