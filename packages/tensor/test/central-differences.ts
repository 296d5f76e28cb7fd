import { expectNear } from "@ml-mosaic/testing";
import { expect } from "vitest";
import { toNumbers } from "../src/dtype.ts";
import { grad } from "../src/graph/gradient.ts";
import { evaluate } from "../src/runtime/evaluate.ts";
import { type Shape, sizeOf } from "../src/shape.ts";
import type { Tensor } from "../src/tensor.ts";
import { Buffer } from "../src/variable.ts";
import { required } from "./fixtures.ts";

const step = 1 / 64;

interface Inputs {
  readonly shape: Shape;
  readonly data: readonly number[];
}

/** Multiples of the step, spread by the golden ratio so that no two are near: exact in float32, and without ties. */
export function spreadInputs(shapes: readonly Shape[], [low, high]: readonly [number, number]): readonly Inputs[] {
  let drawn = 0;
  const next = () => Math.round((low + (high - low) * ((++drawn * 0.6180339887) % 1)) / step) * step;
  return shapes.map((shape) => ({ shape, data: Array.from({ length: sizeOf(shape) }, next) }));
}

/**
 * The gradients of a function are near (f(x + h) - f(x - h)) / 2h, which errs by h^2 / 6 f''' and by the roundings of f,
 * 1e-7, over h; together below 2e-3.
 */
export async function expectCentralDifferences(
  inputs: readonly Inputs[],
  build: (leaves: readonly Tensor[]) => Tensor,
): Promise<void> {
  // Variables, so that what is moved is computed by one compiled program.
  const leavesOf = (each: readonly Inputs[]) =>
    each.map(({ shape, data }) => new Buffer(shape, "float32", () => Float32Array.from(data)));
  const leaves = leavesOf(inputs);
  const y = build(leaves);
  const weights = Array.from({ length: y.numel }, (_, at) => Math.fround(Math.cos(3 * at + 1)));
  const gradients = grad(y.mul(y.newTensor(weights, y.shape)).sum(), leaves).map(required);
  const analytic = (await evaluate(gradients)).flatMap(toNumbers);
  // In double: only the function itself is rounded to float32.
  const lossAt = async (at: number, element: number, by: number) => {
    const nudge = (value: number, position: number) => (position === element ? value + by : value);
    const moved = inputs.map((each, other) => (other === at ? { ...each, data: each.data.map(nudge) } : each));
    const [values] = await evaluate([build(leavesOf(moved))]);
    return toNumbers(required(values)).reduce((sum, value, index) => sum + value * required(weights[index]), 0);
  };
  const numeric: number[] = [];
  for (const [at, { data }] of inputs.entries()) {
    for (const element of data.keys())
      numeric.push(((await lossAt(at, element, step)) - (await lossAt(at, element, -step))) / (2 * step));
  }
  expect(analytic.length).toBeGreaterThan(0);
  expectNear(analytic, numeric, { relative: 2e-3, absolute: 2e-3 });
}
