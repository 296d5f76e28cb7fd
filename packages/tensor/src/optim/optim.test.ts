import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { bitsOf, relativeDistance } from "../../test/states.ts";
import { TensorError } from "../errors.ts";
import { type ExecutorName, executorNames } from "../program/executor.ts";
import type { TrainingState } from "../program/layout.ts";
import { compileTraining, type TrainingProgram } from "../program/training-program.ts";
import { Generator } from "../random/generator.ts";
import { type Shape, sizeOf } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { type Parameter, parameter } from "../variable.ts";
import { Adadelta } from "./adadelta.ts";
import { Adagrad } from "./adagrad.ts";
import { Adam, AdamW } from "./adam.ts";
import { NAdam } from "./nadam.ts";
import type { Optimizer } from "./optimizer.ts";
import { RAdam } from "./radam.ts";
import { RMSprop } from "./rmsprop.ts";
import { SGD } from "./sgd.ts";

const optimizers = { SGD, Adam, AdamW, NAdam, RAdam, RMSprop, Adagrad, Adadelta };

type Problem = "joined" | "separate" | "single";

interface FixtureCase {
  readonly optimizer: keyof typeof optimizers;
  readonly options: Readonly<Record<string, number>>;
  readonly problem: Problem;
  readonly lr: number;
  readonly losses: readonly number[];
  /** After some steps, the parameters' elements: of the large ones every 1601st. */
  readonly recorded: Readonly<Record<string, readonly (readonly number[])[]>>;
}

/** Written by fixtures/optimizers.py with PyTorch in float64. */
const cases: readonly FixtureCase[] = JSON.parse(
  readFileSync(new URL("../../fixtures/optimizers.json", import.meta.url), "utf8"),
);

const [samples, batchSize, steps] = [12, 4, 50];

/** As the fixture's script computes it: every number is exact in float32. */
function spread(count: number, seed: number, scale: number): Float32Array {
  return Float32Array.from(
    { length: count },
    (_, index) => (((((index + 1) * 7919 + seed * 104729) % 2048) - 1024) / 1024) * scale,
  );
}

const shapes: Readonly<Record<Problem, readonly Shape[]>> = {
  joined: [[5, 3], [5], [], [2, 5]],
  separate: [[5, 3], [5], [], [2, 5], [96, 100], [8300]],
  single: [[2, 3]],
};
const fields = [
  { data: spread(samples * 3, 1, 2), shape: [samples, 3], dtype: "float32" as const },
  { data: spread(samples * 2, 2, 1), shape: [samples, 2], dtype: "float32" as const },
  { data: spread(samples * 100, 3, 0.25), shape: [samples, 100], dtype: "float32" as const },
];

function at<T>(items: readonly T[], index: number): T {
  const item = items[index];
  if (item === undefined) throw new Error(`nothing at ${index}`);
  return item;
}

function forward(problem: Problem, parameters: readonly Parameter[], x: Tensor, z: Tensor): Tensor {
  if (problem === "single") return x.matmul(at(parameters, 0).t()).tanh();
  const y = x.linear(at(parameters, 0), at(parameters, 1)).tanh().matmul(at(parameters, 3).t()).mul(at(parameters, 2));
  if (problem === "joined") return y;
  const tanhs = z.matmul(at(parameters, 4).t()).tanh().mean(1, true);
  const sigmoids = z
    .matmul(at(parameters, 5).reshape([83, 100]).t())
    .sigmoid()
    .mean(1, true);
  return y.add(tanhs).add(sigmoids);
}

async function compile(
  problem: Problem,
  optimizer: Optimizer,
  executor: ExecutorName,
): Promise<{ program: TrainingProgram; parameters: readonly Parameter[] }> {
  const parameters = shapes[problem].map((shape, index) =>
    parameter(spread(sizeOf(shape), 10 + index, index === 2 ? 1 : 0.5), shape),
  );
  const program = await compileTraining({
    fields,
    parameters,
    optimizer,
    batchSize,
    executor,
    step(batch) {
      const [x, t, z] = [at(batch, 0), at(batch, 1), at(batch, 2)];
      return { loss: forward(problem, parameters, x, z).sub(t).pow(2).mean() };
    },
  });
  return { program, parameters };
}

/** Steps [from, to) of the run. */
function rows(from: number, to: number): Int32Array {
  return Int32Array.from({ length: (to - from) * batchSize }, (_, index) => ((from * batchSize + index) * 5) % samples);
}

async function train(program: TrainingProgram, ends: readonly number[], lr: (step: number) => number) {
  let state = program.initialState;
  const losses: number[] = [];
  const states = new Map<number, TrainingState>();
  for (const end of ends) {
    const chunk = { rows: rows(state.step, end), batchSize, lr: lr(state.step), generator: new Generator(0) };
    const result = await program.run(state, chunk);
    state = result.state;
    losses.push(...at([result.values.loss ?? new Float32Array()], 0));
    states.set(state.step, state);
  }
  return { state, losses, states };
}

describe.each(
  [...new Set(cases.map(({ optimizer }) => optimizer))].flatMap((name) =>
    executorNames.map((executor) => [name, executor] as const),
  ),
)("%s on %s", (name, executor) => {
  test.each(
    cases
      .filter(({ optimizer }) => optimizer === name)
      .map((each) => [each.problem, JSON.stringify(each.options), each] as const),
  )(
    "%s parameters, %s: 50 steps as PyTorch's, in chunks of any size",
    async (problem, _, { options, lr, losses, recorded }) => {
      const { program, parameters } = await compile(problem, optimizers[name](options), executor);
      expect(program.layout.segments.length).toBe(problem === "separate" ? 3 : 1);
      const rate = (step: number) => (step < 20 ? lr : step < 35 ? 0.25 * lr : 0.5 * lr);
      const run = await train(program, [1, 5, 20, 35, 50], rate);
      expect(relativeDistance(run.losses, losses), "losses").toBeLessThan(1e-5);
      // Centered, RMSprop divides by the root of a difference of nearly equal squares: its last bits are anybody's.
      const allowed = "centered" in options && options.centered ? 2e-5 : 1e-5;
      for (const [step, expected] of Object.entries(recorded)) {
        program.store(at([run.states.get(Number(step)) ?? program.initialState], 0));
        for (const [index, { value }] of parameters.entries()) {
          const stride = value.length > 100 ? 1601 : 1;
          const found = Array.from(value, Number).filter((__, element) => element % stride === 0);
          expect(relativeDistance(found, at(expected, index)), `parameter ${index} after ${step} steps`).toBeLessThan(
            allowed,
          );
        }
      }
      const whole = await train(program, [steps], () => lr);
      const tens = await train(program, [10, 20, 30, 40, 50], () => lr);
      const uneven = await train(program, [1, 3, 10, 50], () => lr);
      expect(bitsOf(tens.state)).toBe(bitsOf(whole.state));
      expect(bitsOf(uneven.state)).toBe(bitsOf(whole.state));
      expect(tens.losses).toEqual(whole.losses);
      program.release();
    },
  );
});

test.each(executorNames)("a rate of 0 moves nothing, and a call may give another, on %s", async (executor) => {
  const still = await compile("single", SGD({ lr: 0 }), executor);
  const moving = await compile("single", SGD({ lr: 0.1 }), executor);
  const run = ({ program }: typeof still, lr?: number) =>
    program.run(program.initialState, {
      rows: rows(0, 3),
      batchSize,
      generator: new Generator(0),
      ...(lr === undefined ? {} : { lr }),
    });
  const [none, given, own] = [await run(still), await run(still, 0.1), await run(moving)];
  expect(none.state.parameters).toEqual(still.program.initialState.parameters);
  expect(given.state.parameters).toEqual(own.state.parameters);
  await expect(run(still, -1)).rejects.toThrow("run: lr is -1; it must be 0 or more");
  await expect(run(still, Number.NaN)).rejects.toThrow("run: lr is NaN");
});

test.each<[string, () => Optimizer, RegExp]>([
  ["a negative rate", () => SGD({ lr: -1 }), /SGD: lr is -1; it must be 0 or more/],
  ["an infinite rate", () => Adam({ lr: Number.POSITIVE_INFINITY }), /Adam: lr is Infinity/],
  ["a rate that is no number", () => RMSprop({ lr: Number.NaN }), /RMSprop: lr is NaN/],
  ["negative weight decay", () => AdamW({ weightDecay: -1 }), /AdamW: weightDecay is -1/],
  ["negative momentum", () => SGD({ momentum: -0.1 }), /SGD: momentum is -0.1/],
  ["dampening that is no number", () => SGD({ momentum: 0.9, dampening: Number.NaN }), /SGD: dampening is NaN/],
  ["nesterov without momentum", () => SGD({ nesterov: true }), /above 0, with dampening 0, for nesterov/],
  ["nesterov with dampening", () => SGD({ nesterov: true, momentum: 0.9, dampening: 0.1 }), /for nesterov/],
  ["a beta of 1", () => Adam({ betas: [0.9, 1] }), /Adam: betas\[1\] is 1; it must be in \[0, 1\)/],
  ["negative eps", () => Adagrad({ eps: -1 }), /Adagrad: eps is -1/],
  ["a negative accumulator", () => Adagrad({ initialAccumulatorValue: -1 }), /initialAccumulatorValue/],
  ["a rho above 1", () => Adadelta({ rho: 1.1 }), /Adadelta: rho is 1.1; it must be in \[0, 1\]/],
  ["a beta of 1 of NAdam", () => NAdam({ betas: [1, 0.9] }), /NAdam: betas\[0\] is 1/],
  ["a negative momentum decay", () => NAdam({ momentumDecay: -1 }), /momentumDecay is -1/],
  ["a negative rate of RAdam", () => RAdam({ lr: -1e-9 }), /RAdam: lr is -1e-9/],
  ["negative alpha", () => RMSprop({ alpha: -0.5 }), /alpha/],
])("%s is refused", (_, build, message) => {
  expect(build).toThrow(message);
  expect(build).toThrow(TensorError);
});
