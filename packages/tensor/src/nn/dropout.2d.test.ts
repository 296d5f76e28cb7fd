import { expect, test } from "vitest";
import { ones } from "../creation.ts";
import { toNumbers } from "../dtype.ts";
import { TensorError } from "../errors.ts";
import { SGD } from "../optim/sgd.ts";
import { compileTraining } from "../program/training-program.ts";
import { Generator } from "../random/generator.ts";
import { parameter } from "../variable.ts";
import { Dropout2d } from "./dropout.ts";

const [batch, channels, positions] = [16, 64, 9];

test("drops whole channels, as often as p says, and scales the others", async () => {
  for (const p of [0.2, 0.5, 0.9]) {
    const values = toNumbers(await new Dropout2d(p).forward(ones([batch, channels, 3, 3])).data());
    const kept = Math.fround(1 / (1 - p));
    let count = 0;
    for (let channel = 0; channel < batch * channels; channel++) {
      const all = new Set(values.slice(channel * positions, (channel + 1) * positions));
      expect([[0], [kept]]).toContainEqual([...all]);
      if (all.has(kept)) count++;
    }
    const total = batch * channels;
    expect(Math.abs(count / total - (1 - p))).toBeLessThan(4.5 * Math.sqrt((p * (1 - p)) / total));
  }
});

test("the gradient is the mask, and the same step draws the same one", async () => {
  const weight = parameter(new Float32Array(batch * channels * positions), [batch, channels, 3, 3]);
  const layer = new Dropout2d(0.5);
  const program = await compileTraining({
    fields: [{ data: new Float32Array(1), shape: [1, 1], dtype: "float32" }],
    parameters: [weight],
    optimizer: SGD({ lr: 1 }),
    batchSize: 1,
    step: () => ({ loss: layer.forward(weight).sum() }),
  });
  const chunk = { rows: Int32Array.of(0), batchSize: 1, lr: 1, generator: new Generator(3) };
  const maskAt = async (step: number) =>
    (await program.run({ ...program.initialState, step }, chunk)).state.parameters[0];
  const mask = await maskAt(4);
  expect(new Set(mask)).toEqual(new Set([-2, 0]));
  expect(await maskAt(4)).toEqual(mask);
  expect(await maskAt(5)).not.toEqual(mask);
  program.release();
});

test("evaluation and p 0 keep everything; vectors and other p are refused", async () => {
  const x = ones([2, 3, 2, 2]);
  expect(new Dropout2d().eval().forward(x)).toBe(x);
  expect(new Dropout2d(0).forward(x)).toBe(x);
  expect(() => new Dropout2d().forward(ones([3]))).toThrow("dropout2d: input [3] must have 2 axes");
  expect(() => new Dropout2d(1.5)).toThrow(TensorError);
});
