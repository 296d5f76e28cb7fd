import { describe, expect, test } from "vitest";
import { ones } from "../creation.ts";
import { TensorError } from "../errors.ts";
import { SGD } from "../optim/sgd.ts";
import { compileEvaluation } from "../program/evaluation-program.ts";
import { compileTraining } from "../program/training-program.ts";
import { Generator } from "../random/generator.ts";
import type { Tensor } from "../tensor.ts";
import { parameter } from "../variable.ts";
import { Dropout } from "./dropout.ts";

const fields = [{ data: new Float32Array(1), shape: [1, 1], dtype: "float32" as const }];
const n = 16_384;

/**
 * A program whose parameters become minus the masks: each goes through a dropout of its own, the loss is their sum, and
 * SGD subtracts the gradient, which is the mask, from zeros.
 */
async function maskProgram(probabilities: readonly number[]) {
  const weights = probabilities.map(() => parameter(new Float32Array(n), [n]));
  const layers = probabilities.map((p) => new Dropout(p));
  const program = await compileTraining({
    fields,
    parameters: weights,
    optimizer: SGD({ lr: 1 }),
    batchSize: 1,
    step: () => ({
      loss: weights
        .map((weight, index) => layers[index]?.forward(weight).sum() ?? weight.sum())
        .reduce((a, b) => a.add(b)),
    }),
  });
  return {
    release: () => program.release(),
    async masks(seed: number, step: number): Promise<number[][]> {
      const { state } = await program.run(
        { ...program.initialState, step },
        { rows: Int32Array.of(0), batchSize: 1, lr: 1, generator: new Generator(seed) },
      );
      return state.parameters.map((values) => Array.from(values, (value) => Math.abs(value)));
    },
  };
}

/** Pearson's; of independent masks it has the standard deviation 1 / sqrt(n). */
function correlation(a: readonly number[], b: readonly number[]): number {
  const length = Math.min(a.length, b.length);
  const mean = (values: readonly number[]) => values.slice(0, length).reduce((sum, value) => sum + value, 0) / length;
  const [meanA, meanB] = [mean(a), mean(b)];
  let [product, squareA, squareB] = [0, 0, 0];
  for (let index = 0; index < length; index++) {
    const [x, y] = [(a[index] ?? 0) - meanA, (b[index] ?? 0) - meanB];
    product += x * y;
    squareA += x * x;
    squareB += y * y;
  }
  return product / Math.sqrt(squareA * squareB);
}

describe("masks", () => {
  test("keep and scale as often and as much as p says", async () => {
    const probabilities = [0.05, 0.2, 0.5, 0.9];
    const program = await maskProgram(probabilities);
    for (const seed of [0, 1, 2]) {
      for (const step of [0, 1, 1000]) {
        for (const [index, mask] of (await program.masks(seed, step)).entries()) {
          const p = probabilities[index] ?? 0;
          const kept = mask.filter((value) => value !== 0);
          expect(new Set(kept)).toEqual(new Set([Math.fround(1 / (1 - p))]));
          expect(Math.abs(kept.length / n - (1 - p))).toBeLessThan(4 * Math.sqrt((p * (1 - p)) / n));
        }
      }
    }
    program.release();
  });

  test("are independent of their neighbours, of other steps, ops and seeds", async () => {
    const program = await maskProgram([0.5, 0.5, 0.5]);
    const limit = 4 / Math.sqrt(n);
    const masks = new Map<string, readonly number[]>();
    for (const seed of [0, 1, 7])
      for (const step of [0, 1, 2, 3, 64])
        for (const [op, mask] of (await program.masks(seed, step)).entries())
          masks.set(`seed ${seed}, step ${step}, op ${op}`, mask);
    const entries = [...masks];
    // 45 masks in 990 pairs: beyond 4 standard deviations lie 0.06 of them, beyond 4.9 one in a thousand such tests.
    const worst = { pair: "", value: 0 };
    for (const [index, [name, mask]] of entries.entries()) {
      for (const distance of [1, 2, 3, 32, 128, 1024]) {
        expect(Math.abs(correlation(mask, mask.slice(distance))), `${name}, distance ${distance}`).toBeLessThan(
          4.3 / Math.sqrt(n - distance),
        );
      }
      for (const [other, another] of entries.slice(index + 1)) {
        const value = Math.abs(correlation(mask, another));
        if (value > worst.value) Object.assign(worst, { pair: `${name} and ${other}`, value });
      }
    }
    expect(worst.value, worst.pair).toBeLessThan(1.23 * limit);
    program.release();
  });

  test("of one position are as random over steps as over elements", async () => {
    const program = await maskProgram([0.5]);
    const counts = new Float64Array(64);
    const steps = 400;
    for (let step = 0; step < steps; step++) {
      const [mask = []] = await program.masks(5, step);
      for (let position = 0; position < counts.length; position++)
        counts[position] = (counts[position] ?? 0) + Number(mask[position] !== 0);
    }
    // Chi square with 64 degrees of freedom: 115 is exceeded once in 10,000.
    expect(counts.reduce((sum, count) => sum + (count - steps / 2) ** 2 / (steps / 4), 0)).toBeLessThan(115);
    program.release();
  });
});

test("the same seed and step give the same masks in chunks of any size, for another size of batch too", async () => {
  const samples = [
    {
      data: Float32Array.from({ length: 60 }, (_, index) => Math.sin(index)),
      shape: [12, 5],
      dtype: "float32" as const,
    },
  ];
  const weight = parameter(
    Float32Array.from({ length: 25 }, (_, index) => Math.cos(index)),
    [5, 5],
  );
  const [first, second] = [new Dropout(0.3), new Dropout(0.6)];
  const program = await compileTraining({
    fields: samples,
    parameters: [weight],
    optimizer: SGD({ lr: 0.1 }),
    batchSize: 3,
    step: ([x]) => ({
      loss: second
        .forward(
          first
            .forward(x ?? ones([3, 5]))
            .linear(weight)
            .tanh(),
        )
        .pow(2)
        .mean(),
    }),
  });
  const rows = Int32Array.from({ length: 36 }, (_, index) => (index * 5) % 12);
  const run = async (ends: readonly number[], seed = 4) => {
    let state = program.initialState;
    for (const end of ends)
      ({ state } = await program.run(state, {
        rows: rows.subarray(state.step * 3, end * 3),
        batchSize: 3,
        lr: 0.1,
        generator: new Generator(seed),
      }));
    return state.parameters;
  };
  const whole = await run([12]);
  expect(await run([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12])).toEqual(whole);
  expect(await run([5, 12])).toEqual(whole);
  expect(await run([12], 5)).not.toEqual(whole);
  program.release();
});

test("the gradient goes through the mask of the forward pass", async () => {
  // Whole numbers, so that float32 is exact: the loss is the sum of what the update subtracts.
  const factors = Float32Array.from({ length: 512 }, (_, index) => (index % 7) + 1);
  const weight = parameter(new Float32Array(512).fill(1), [512]);
  const dropout = new Dropout(0.5);
  const factor = parameter(factors, [512]);
  const program = await compileTraining({
    fields,
    parameters: [weight],
    optimizer: SGD({ lr: 1 }),
    batchSize: 1,
    step: () => ({ loss: dropout.forward(weight).mul(factor).sum() }),
  });
  const { state, values } = await program.run(program.initialState, {
    rows: Int32Array.of(0),
    batchSize: 1,
    lr: 1,
    generator: new Generator(0),
  });
  const gradient = Array.from(state.parameters[0] ?? [], (value) => 1 - value);
  expect(gradient.every((value, index) => value === 0 || value === 2 * (factors[index] ?? 0))).toBe(true);
  expect(gradient.reduce((a, b) => a + b, 0)).toBe(values.loss?.[0]);
  program.release();
});

test("a dropout whose result is not used does not disturb the others", async () => {
  const weight = parameter(new Float32Array(64), [64]);
  const dropout = new Dropout(0.5);
  const program = await compileTraining({
    fields,
    parameters: [weight],
    optimizer: SGD({ lr: 1 }),
    batchSize: 1,
    step: () => {
      dropout.forward(weight);
      return { loss: dropout.forward(weight).sum() };
    },
  });
  const { state } = await program.run(program.initialState, {
    rows: Int32Array.of(0),
    batchSize: 1,
    lr: 1,
    generator: new Generator(0),
  });
  expect(new Set(state.parameters[0])).toEqual(new Set([0, -2]));
  program.release();
});

describe("evaluation", () => {
  const x: Tensor = ones([4]);

  test("is the identity, alone and in a program", async () => {
    const dropout = new Dropout(0.5).eval();
    expect(dropout.forward(x)).toBe(x);
    const samples = [{ data: Float32Array.of(1, 2, 3, 4), shape: [4], dtype: "float32" as const }];
    const program = compileEvaluation({
      fields: samples,
      layout: { segments: [], buffers: [] },
      step: ([batch]) => ({ loss: dropout.forward(batch ?? x).sum() }),
    });
    const empty = { step: 0, parameters: [], slots: [], buffers: [] };
    const { loss } = await program.run(empty, {
      rows: Int32Array.of(0, 1, 2, 3),
      batchSize: 2,
      generator: new Generator(0),
    });
    expect(loss).toEqual(Float32Array.of(3, 7));
    program.release();
  });

  test("p 0 keeps and p 1 drops everything; others are refused", async () => {
    expect(new Dropout(0).forward(x)).toBe(x);
    expect(await new Dropout(1).forward(x).toArray()).toEqual([0, 0, 0, 0]);
    for (const p of [-0.1, 1.1, Number.NaN]) expect(() => new Dropout(p)).toThrow(TensorError);
  });

  test("outside of programs masks come from the default generator", async () => {
    const dropped = await new Dropout(0.5).forward(ones([1000])).toArray();
    expect(new Set(Array.isArray(dropped) ? dropped : [])).toEqual(new Set([0, 2]));
  });
});
