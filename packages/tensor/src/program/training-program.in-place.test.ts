/** Trainings whose state is so large that its arrays are written over. */
import { expect, test } from "vitest";
import { bitsOf } from "../../test/states.ts";
import { zeros } from "../creation.ts";
import { Embedding } from "../nn/embedding.ts";
import { Adam } from "../optim/adam.ts";
import { Generator } from "../random/generator.ts";
import { compileTraining, type TrainingProgram } from "./training-program.ts";

const generator = new Generator(0);
const samples = 8;
const [rows, width] = [7000, 128];
const bytes = 3 * 4 * rows * width;

/** Words, the last of which there is not. */
const words = Int32Array.from({ length: samples }, (_, index) => (index === samples - 1 ? rows : index * 3));

function compile(): Promise<TrainingProgram> {
  const model = new Embedding(rows, width).initialize(new Generator(1));
  return compileTraining({
    fields: [{ data: words, shape: [samples], dtype: "int32" }],
    parameters: model.parameters(),
    optimizer: Adam({ lr: 0.01 }),
    batchSize: 1,
    executor: "onnx",
    step: ([word = zeros([1])]) => ({ loss: model.forward(word).pow(2).mean() }),
  });
}

const chunk = (from: number, steps: number, donate: boolean) => ({
  rows: Int32Array.from({ length: steps }, (_, index) => from + index),
  batchSize: 1,
  generator,
  donate,
});

test("go on from any step with the bits of one run, and leave a state that is kept as it is", async () => {
  const program = await compile();
  const start = program.initialState;
  const before = bitsOf(start);
  const whole = await program.run(start, chunk(0, 5, false));
  expect(bitsOf(start)).toBe(before);
  let state = start;
  for (const [from, steps, donate] of [
    [0, 1, false],
    [1, 2, true],
    [3, 1, true],
    [4, 1, false],
  ] as const)
    ({ state } = await program.run(structuredClone(state), chunk(from, steps, donate)));
  expect(bitsOf(state)).toBe(bitsOf(whole.state));
  expect(state.step).toBe(5);
  program.release();
});

test("end in the middle of a run without a state that is half of one step and half of the next", async () => {
  const program = await compile();
  const start = program.initialState;
  const before = structuredClone(start);
  await expect(program.run(start, chunk(samples - 3, 3, false))).rejects.toThrow(/7000/);
  expect(bitsOf(start)).toBe(bitsOf(before));
  await expect(program.run(start, chunk(samples - 3, 3, true))).rejects.toThrow(/7000/);
  expect(
    [...start.parameters, ...start.slots.flatMap((each) => Object.values(each))].every((each) => each.length === 0),
  ).toBe(true);
  await expect(program.run(start, chunk(0, 1, false))).rejects.toThrow(/was donated to an earlier run/);
  const again = await program.run(before, chunk(0, 2, false));
  expect(again.values.loss).toHaveLength(2);
  program.release();
});

test("copy nothing of a state that is given away", async () => {
  const program = await compile();
  let { state } = await program.run(program.initialState, chunk(0, 1, true));
  const before = process.memoryUsage().arrayBuffers;
  ({ state } = await program.run(state, chunk(1, 5, true)));
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(bytes / 4);
  expect(state.step).toBe(6);
  program.release();
});
