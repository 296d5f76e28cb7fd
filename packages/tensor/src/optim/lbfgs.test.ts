/** Steps of LBFGS against PyTorch's in float64 (fixtures/lbfgs.py). */
import { expect, test } from "vitest";
import { readFixture, required } from "../../test/fixtures.ts";
import { fromArray } from "../creation.ts";
import { TensorError } from "../errors.ts";
import { type Shape, sizeOf } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { type Parameter, parameter } from "../variable.ts";
import { LBFGS, type LBFGSOptions } from "./lbfgs.ts";

interface Case {
  readonly problem: string;
  readonly options: LBFGSOptions;
  /** Before each of three steps, and after the last. */
  readonly losses: readonly number[];
}

/** As the fixture's script has it. */
function spread(shape: Shape, seed: number, scale: number): Float32Array {
  return Float32Array.from(
    { length: sizeOf(shape) },
    (_, index) => ((((index + 1) * 7919 + seed * 104729) % 2048) / 1024) * scale - scale,
  );
}

const problems: Readonly<
  Record<string, () => { readonly parameters: readonly Parameter[]; readonly loss: () => Tensor }>
> = {
  rosenbrock() {
    const point = parameter(Float32Array.of(-1.5, 2), [2]);
    const loss = () => {
      const [x, y] = [point.select(0, 0), point.select(0, 1)];
      return x
        .sub(1)
        .pow(2)
        .add(y.sub(x.mul(x)).pow(2).mul(10));
    };
    return { parameters: [point], loss };
  },
  regression() {
    const given = (shape: Shape, seed: number) => fromArray(spread(shape, seed, 1), shape);
    const [x, y] = [given([12, 3], 1), given([12, 1], 2)];
    const trained = (shape: Shape, seed: number) => parameter(spread(shape, seed, 0.5), shape);
    const [w, b, v] = [trained([4, 3], 3), trained([4], 4), trained([1, 4], 5)];
    return { parameters: [w, b, v], loss: () => x.linear(w, b).tanh().linear(v).sub(y).pow(2).mean() };
  },
};

const cases: readonly Case[] = readFixture("lbfgs");

test.each(cases.map((each) => [each.problem, JSON.stringify(each.options), each] as const))(
  "%s with %s",
  async (problem, _, { options, losses }) => {
    const { parameters, loss } = required(problems[problem])();
    const optimizer = new LBFGS(parameters, options);
    const found: number[] = [];
    for (let step = 0; step < losses.length - 1; step++) found.push(await optimizer.step(loss));
    found.push(await loss().item());
    // float32 rounds what is squared at the minimum.
    for (const [step, expected] of losses.entries())
      expect(Math.abs(required(found[step]) - expected), `step ${step}`).toBeLessThan(2e-3 * expected + 1e-7);
  },
);

test("options that are none are refused, and a loss that is no number", async () => {
  const { parameters } = required(problems.rosenbrock)();
  expect(() => new LBFGS(parameters, { lr: 0 })).toThrow(/LBFGS: lr is 0/);
  expect(() => new LBFGS(parameters, { maxIter: 0 })).toThrow(/LBFGS: maxIter is 0/);
  expect(() => new LBFGS(parameters, { toleranceGrad: -1 })).toThrow(TensorError);
  expect(() => new LBFGS(parameters, Object({ lineSearchFn: "armijo" }))).toThrow(/lineSearchFn is armijo/);
  await expect(new LBFGS(parameters).step(() => required(parameters[0]))).rejects.toThrow(/must be one number/);
});
