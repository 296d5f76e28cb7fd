/** Derivatives of functions against torch.autograd.functional in float64 (fixtures/derivatives.py). */
import { expectNear } from "@ml-mosaic/testing";
import { expect, test } from "vitest";
import { type Given, readFixture, required, tensorOf } from "../../test/fixtures.ts";
import { ones, zeros } from "../creation.ts";
import { toNumbers } from "../dtype.ts";
import { evaluate } from "../runtime/evaluate.ts";
import type { Tensor } from "../tensor.ts";
import { type Differentiable, hessian, hvp, jacobian, jvp, vjp } from "./functional.ts";

interface Case {
  readonly name: string;
  readonly function: string;
  readonly inputs: readonly Given[];
  readonly v?: readonly Given[];
  readonly results: readonly Given[];
}

const cases: readonly Case[] = readFixture("derivatives");
const x2 = (x: Tensor | undefined, y: Tensor | undefined) => required(x).matmul(required(y));

const functions: Readonly<Record<string, Differentiable>> = {
  product: (x, y) => x2(x, y).tanh(),
  scalar: (x, y) => x2(x, y).exp().add(required(x).sum().pow(2)).sum(),
  single: (x) => required(x).pow(3).sum().mul(required(x).prod()),
  first: (x) => required(x).sin(),
};

const derivatives: Readonly<
  Record<string, (f: Differentiable, inputs: readonly Tensor[], v: readonly Tensor[]) => readonly Tensor[]>
> = {
  jacobian,
  hessian: (f, inputs) => hessian(f, inputs).flat(),
  vjp: (f, inputs, [v]) => vjp(f, inputs, v),
  jvp: (f, inputs, v) => [jvp(f, inputs, v)],
  hvp,
};

test.each(cases.map((each) => [each.name, each.function, each] as const))("%s of %s", async (name, f, each) => {
  const tensors = (given: readonly Given[] = []) => given.map((one) => tensorOf(one));
  const found = required(derivatives[name])(required(functions[f]), tensors(each.inputs), tensors(each.v));
  expect(found.map(({ shape }) => shape)).toEqual(each.results.map(({ shape }) => shape));
  for (const [index, data] of (await evaluate(found)).entries())
    expectNear(toNumbers(data), required(each.results[index]).data, { relative: 1e-4, absolute: 1e-5 });
});

test("what does not fit is refused", () => {
  const square: Differentiable = (x) => required(x).pow(2);
  expect(() => hessian(square, [ones([2])])).toThrow(/hessian: the function gives \[2\]; it must be one number/);
  expect(() => vjp(square, [ones([2])])).toThrow(/vjp: the function gives \[2\]/);
  expect(() => vjp(square, [ones([2])], zeros([3]))).toThrow(/vjp: v \[3\] must have the shapes \[2\]/);
  expect(() => jvp(square, [ones([2])], [zeros([3])])).toThrow(/jvp: v \[3\] must have the shapes \[2\]/);
  expect(() => hvp((x) => required(x).sum(), [ones([2])], [])).toThrow(/hvp: v {2}must have the shapes \[2\]/);
});
