import { expect, test } from "vitest";
import { tensor } from "../creation.ts";
import { TensorError } from "../errors.ts";
import { evaluate } from "../runtime/evaluate.ts";
import type { Tensor } from "../tensor.ts";
import { parameter } from "../variable.ts";
import { grad } from "./gradient.ts";

const vector = () => parameter(Float32Array.of(1, 2, 3), [3]);

async function numbers(gradient: Tensor | undefined): Promise<unknown> {
  return gradient?.toArray();
}

test("what the loss does not depend on has no gradient", () => {
  const [x, y] = [vector(), vector()];
  expect(grad(x.sum(), [y])).toEqual([undefined]);
  expect(grad(x.detach().mul(y).sum(), [x])).toEqual([undefined]);
  expect(grad(x.gt(1).to("float32").sum(), [x])).toEqual([undefined]);
});

test("targets may repeat, be the loss, or be computed on the way", async () => {
  const x = vector();
  const square = x.mul(x);
  const loss = square.exp().sum().reshape([1, 1]).clone();
  const [ofLoss, again, ofSquare, ofX] = grad(loss, [loss, loss, square, x]);
  expect(await numbers(ofLoss)).toEqual([[1]]);
  expect(again).toBe(ofLoss);
  const expected = [1, 4, 9].map(Math.exp);
  const computed = await evaluate([ofSquare, ofX].filter((each) => each !== undefined));
  for (const [index, value] of expected.entries()) {
    expect(computed[0]?.[index]).toBeCloseTo(value, 2);
    expect(Number(computed[1]?.[index]) / (2 * (index + 1) * value)).toBeCloseTo(1, 5);
  }
});

test("constants may be targets, also those that change nothing", async () => {
  const x = vector();
  const [zero, one] = [tensor(0), tensor(1)];
  const gradients = grad(x.add(zero).mul(one).div(tensor(1)).sum(), [zero, one]);
  expect(await Promise.all(gradients.map(numbers))).toEqual([3, 6]);
});

test("results that may be simplified away are refused, their clones are not", async () => {
  const x = parameter(Float32Array.of(1, 2), [2, 1]);
  const makers = [() => x.reshape([1, 2]), () => x.squeeze(1), () => x.expand([2, 3]), () => x.t(), () => x.neg()];
  for (const make of makers) {
    const view = make();
    expect(() => grad(view.sum(), [view])).toThrow(TensorError);
    // Each of these uses looks through such results where it can.
    const safe = make().clone();
    const loss = safe.reshape([-1]).mul(2).sum().add(safe.neg().neg().sum());
    const [gradient, ofX] = grad(loss, [safe, x]);
    expect((await gradient?.data())?.every((value) => value === 3)).toBe(true);
    expect(ofX?.shape).toEqual([2, 1]);
  }
});

test("only scalars of float32 have gradients", () => {
  const x = vector();
  expect(() => grad(x, [x])).toThrow(/scalar, not of shape \[3\]/);
  expect(() => grad(x.argmax(), [x])).toThrow(/float32 scalar, not of int64/);
});

test("deep graphs do not exhaust the stack", () => {
  const x = vector();
  let y: Tensor = x;
  for (let depth = 0; depth < 20_000; depth++) y = y.tanh();
  expect(grad(y.sum(), [x])[0]?.shape).toEqual([3]);
});
