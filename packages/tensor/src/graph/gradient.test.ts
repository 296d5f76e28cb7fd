import { expect, test } from "vitest";
import { tensor } from "../creation.ts";
import { cat } from "../methods/movement.ts";
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

test("whatever is computed on the way may be a target, also what computing passes by", async () => {
  const x = parameter(Float32Array.of(1, 2), [2, 1]);
  const targets: Readonly<Record<string, Tensor>> = {
    itself: x,
    reshape: x.reshape([1, 2]),
    "reshape to its own shape": x.reshape([2, 1]),
    "reshape of reshape": x.reshape([2]).reshape([1, 2]),
    squeeze: x.squeeze(1),
    expand: x.expand([2, 3]),
    "expand to its own shape": x.expand([2, 1]),
    t: x.t(),
    "t of a vector": x.reshape([2]).t(),
    "permute in order": x.permute([0, 1]),
    neg: x.neg(),
    "neg of neg": x.neg().neg(),
    pow: x.pow(1),
    "mul by one": x.mul(1),
    "add of zero": x.add(0),
    "slice of all": x.slice(0),
    part: x.split(2)[0] ?? x,
    pad: x.pad(0, 0, 0),
    flip: x.flip([]),
    cat: cat([x]),
    sum: x.sum(1, true),
    max: x.max(1),
    linear: x.linear(x),
    "cumsum of a scalar": x.sum().cumsum(0),
    clone: x.clone(),
  };
  for (const [name, target] of Object.entries(targets)) {
    // Each of these uses could be computed from something before the target.
    const row = target.reshape([1, -1]);
    const loss = row.mul(2).sum().add(target.neg().neg().sum()).add(row.matmul(row.t()).sum().mul(0));
    const [gradient, again, ofX] = grad(loss, [target, target, x]);
    expect(again).toBe(gradient);
    expect(gradient?.shape, name).toEqual(target.shape);
    expect(await gradient?.data(), name).toEqual(new Float32Array(target.numel).fill(3));
    expect(ofX?.shape).toEqual([2, 1]);
    // What goes past the target has no part in its gradient.
    if (target !== x) expect(await grad(loss.add(x.sum()), [target])[0]?.data(), name).toEqual(await gradient?.data());
  }
});

test("gradients of gradients go through views", async () => {
  const x = vector();
  const view = x.reshape([1, 3]).expand([2, 3]).t();
  const [first = x] = grad(view.pow(3).sum(), [view]);
  const [second, third] = grad(first.pow(2).sum(), [view, x]);
  // 3 v^2, the sum of its squares 9 v^4, of which 36 v^3.
  expect(await numbers(second)).toEqual([1, 2, 3].map((value) => [36 * value ** 3, 36 * value ** 3]));
  expect(await numbers(third)).toEqual([1, 2, 3].map((value) => 72 * value ** 3));
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
