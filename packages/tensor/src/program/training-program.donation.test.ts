import { expect, test } from "vitest";
import { zeros } from "../creation.ts";
import { MSELoss } from "../losses/regression.ts";
import { ReLU } from "../nn/activations.ts";
import { BatchNorm1d } from "../nn/batch-norm.ts";
import { Linear } from "../nn/linear.ts";
import { Sequential } from "../nn/sequential.ts";
import { Adam } from "../optim/adam.ts";
import { Generator } from "../random/generator.ts";
import { type ExecutorName, executorNames } from "./executor.ts";
import { checkState, type TrainingState } from "./layout.ts";
import { compileTraining, type TrainingProgram } from "./training-program.ts";

const generator = new Generator(0);
const samples = 24;
const fields = [
  { data: Float32Array.from({ length: samples * 6 }, () => generator.normal()), shape: [samples, 6] },
  { data: Float32Array.from({ length: samples }, () => generator.normal()), shape: [samples, 1] },
].map((field) => ({ ...field, dtype: "float32" as const }));

/** Joined and single parameters, running statistics and their count. */
function compile(executor: ExecutorName, width = 100): Promise<TrainingProgram> {
  const model = new Sequential(
    new Linear(6, width),
    new BatchNorm1d(width),
    new ReLU(),
    new Linear(width, width),
    new Linear(width, 1),
  ).initialize(new Generator(1));
  const loss = new MSELoss();
  return compileTraining({
    fields,
    parameters: model.parameters(),
    optimizer: Adam({ lr: 0.01 }),
    batchSize: 8,
    executor,
    step: ([x = zeros([8, 6]), y = zeros([8, 1])]) => ({ loss: loss.forward(model.forward(x), y) }),
  });
}

function chunk(steps: number, donate: boolean) {
  const rows = Int32Array.from({ length: steps * 8 }, (_, index) => (index * 5) % samples);
  return { rows, batchSize: 8, lr: 0.01, generator, donate };
}

const arraysOf = ({ parameters, slots, buffers }: TrainingState) => [
  ...parameters,
  ...slots.flatMap((vectors) => Object.values(vectors)),
  ...buffers,
];

test.each(executorNames)(
  "a donated state gives the bits that a kept one gives, for any number of steps, on %s",
  async (executor) => {
    const program = await compile(executor);
    let kept = program.initialState;
    let donated = program.initialState;
    expect(kept.parameters.length).toBeGreaterThan(1);
    expect(kept.buffers.length).toBe(3);
    for (const steps of [1, 2, 3, 1, 4, 7]) {
      const before = structuredClone(kept);
      const [one, other] = [
        await program.run(kept, chunk(steps, false)),
        await program.run(donated, chunk(steps, true)),
      ];
      expect(kept).toEqual(before);
      expect(other.state).toEqual(one.state);
      expect(other.values).toEqual(one.values);
      [kept, donated] = [one.state, other.state];
    }
    program.release();
  },
);

test.each(executorNames)(
  "a donated state is empty afterwards, and refused with the reason, on %s",
  async (executor) => {
    const program = await compile(executor);
    const start = program.initialState;
    const { state } = await program.run(start, chunk(3, true));
    expect(start.parameters.every(({ length }) => length === 0)).toBe(true);
    await expect(program.run(start, chunk(3, false))).rejects.toThrow(/was donated to an earlier run, and is empty/);
    // What is refused before it runs takes nothing away.
    await expect(program.run(state, { ...chunk(3, true), batchSize: 7 })).rejects.toThrow(/not one or more batches/);
    expect(() => checkState(program.layout, state)).not.toThrow();
    const other = await compile(executor, 101);
    await expect(other.run(state, chunk(3, true))).rejects.toThrow(/belongs to another model/);
    expect(arraysOf(state).every(({ length }) => length > 0)).toBe(true);
    for (const each of [program, other]) each.release();
  },
);

test.each(executorNames)(
  "states are as they were when nobody looks before others are trained from them, on %s",
  async (executor) => {
    const program = await compile(executor);
    const ends = async (donated: ReadonlySet<number>, looked: ReadonlySet<number>) => {
      const states = [program.initialState];
      const sizes = [8, 8, 3, 8];
      for (const [index, batchSize] of sizes.entries()) {
        const state = states[index] ?? program.initialState;
        if (looked.has(index)) expect(arraysOf(state)[0]?.length).toBeGreaterThan(0);
        const donate = donated.has(index);
        const rows = Int32Array.from({ length: 2 * batchSize }, (_, row) => (row * 5 + index) % samples);
        states.push((await program.run(state, { rows, batchSize, lr: 0.01, generator, donate })).state);
      }
      return states.filter((_, index) => !donated.has(index)).map((state) => structuredClone(state));
    };
    const all = await ends(new Set(), new Set([0, 1, 2, 3]));
    expect(all.map(({ step }) => step)).toEqual([0, 2, 4, 6, 8]);
    expect(await ends(new Set(), new Set())).toEqual(all);
    for (const donated of [[1], [1, 2], [1, 2, 3], [3]])
      expect(await ends(new Set(donated), new Set())).toEqual(all.filter((_, index) => !donated.includes(index)));
    // Another training from the same state, once what came of it has been trained on.
    const [begin = program.initialState] = await ends(new Set(), new Set());
    const first = await program.run(begin, chunk(2, false));
    const second = await program.run(first.state, chunk(2, true));
    const again = await program.run(begin, chunk(2, false));
    expect(again.values).toEqual(first.values);
    expect(again.state).not.toEqual(second.state);
    await expect(program.run(first.state, chunk(1, false))).rejects.toThrow(/was donated to an earlier run/);
    program.release();
    expect(arraysOf(second.state).every(({ length }) => length > 0)).toBe(true);
  },
);

test.each(executorNames)("arrays that share their memory are copied instead of taken, on %s", async (executor) => {
  const program = await compile(executor);
  const start = program.initialState;
  const expected = await program.run(start, chunk(2, false));
  const zero = new Float32Array(start.parameters[0]?.length ?? 0);
  const large = new Float32Array(20_000);
  const values = start.parameters[1] ?? new Float32Array();
  large.set(values, 500);
  const shared: TrainingState = {
    ...start,
    parameters: [start.parameters[0] ?? zero, large.subarray(500, 500 + values.length), ...start.parameters.slice(2)],
    slots: [{ exp_avg: zero, exp_avg_sq: zero }, ...start.slots.slice(1)],
  };
  const { state } = await program.run(shared, chunk(2, true));
  expect(state).toEqual(expected.state);
  expect(large.subarray(500, 500 + values.length)).toEqual(values);
  expect(zero.every((value) => value === 0) && zero.length > 0).toBe(true);
  program.release();
});

test.each(executorNames)("runs that donate leave nothing to the garbage collector, on %s", async (executor) => {
  const program = await compile(executor, 1000);
  let { state } = await program.run(program.initialState, chunk(3, true));
  const before = process.memoryUsage().arrayBuffers;
  for (let run = 0; run < 5; run++) ({ state } = await program.run(state, chunk(3, true)));
  // A state has 12 MB.
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 ** 20);
  program.release();
});
