import { expect, test } from "vitest";
import { Adadelta, Adam, averaged, NAdam, type Optimizer, RAdam, RMSprop, SGD } from "../optim/index.ts";
import type { TrainingState } from "../program/layout.ts";
import { compileTraining } from "../program/training-program.ts";
import { Generator } from "../random/generator.ts";
import { Parameter } from "../variable.ts";
import { stepsUntilSettled } from "./settle.ts";

const generator = new Generator(0);
const rate = 1e-2;

async function training(optimizer: Optimizer) {
  const weight = new Parameter([5], () => new Float32Array(5).fill(2e-38));
  return compileTraining({
    fields: [{ data: new Float32Array(1), shape: [1], dtype: "float32" }],
    parameters: [weight],
    optimizer,
    batchSize: 1,
    executor: "wasm",
    // Whose gradient is 0.
    step: ([x]) => ({ loss: x === undefined ? weight.sum() : weight.mul(x).sum() }),
  });
}

const arraysOf = ({ parameters, slots }: TrainingState) => [
  ...parameters,
  ...slots.flatMap((each) => Object.values(each)),
];
const tinyOf = (state: TrainingState) =>
  arraysOf(state).reduce((sum, array) => sum + array.filter((x) => x !== 0 && Math.abs(x) < 2 ** -126).length, 0);

const optimizers: Readonly<Record<string, Optimizer>> = {
  "momentum and weight decay": SGD({ lr: rate, momentum: 0.9, weightDecay: 1e-1 }),
  Adam: Adam({ lr: rate }),
  NAdam: NAdam({ lr: rate }),
  RAdam: RAdam({ lr: rate }),
  RMSprop: RMSprop({ lr: rate, momentum: 0.9, centered: true }),
  Adadelta: Adadelta({ lr: rate }),
  averages: averaged(SGD({ lr: rate, weightDecay: 10 }), { decay: 0.9 }),
};

test.each(Object.entries(optimizers))(
  "what shrinks becomes 0 with %s, in the same steps in whatever runs",
  async (_, optimizer) => {
    const program = await training(optimizer);
    const start = program.initialState;
    for (const array of arraysOf(start)) array.fill(2e-38);
    const run = async (from: TrainingState, steps: number) => {
      const options = { rows: new Int32Array(steps), batchSize: 1, lr: rate, generator };
      return (await program.run(from, options)).state;
    };
    const steps = 4 * stepsUntilSettled;
    const before = await run(start, stepsUntilSettled - 1);
    expect(tinyOf(before)).toBeGreaterThan(0);
    const atOnce = await run(start, steps);
    expect(tinyOf(atOnce)).toBe(0);
    const inPieces = await run(await run(await run(start, 100), stepsUntilSettled), steps - 100 - stepsUntilSettled);
    expect(arraysOf(inPieces)).toEqual(arraysOf(atOnce));
    program.release();
  },
);

test("NaN, infinity and the smallest normal number stay", async () => {
  const program = await training(SGD({ lr: rate }));
  const start = program.initialState;
  const values = [Number.NaN, Number.NEGATIVE_INFINITY, 2 ** -126, -(2 ** -126), 2 ** -127];
  start.parameters[0]?.set(values);
  // A weight times 0 has no gradient, an infinite one has NaN.
  const { state } = await program.run(start, {
    rows: new Int32Array(stepsUntilSettled),
    batchSize: 1,
    lr: 0,
    generator,
  });
  expect([...(state.parameters[0] ?? [])]).toEqual([...values.slice(0, 4), 0]);
  program.release();
});
