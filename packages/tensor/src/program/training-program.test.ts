import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { TensorError } from "../errors.ts";
import { bufferValue, updateBuffer } from "../graph/trace.ts";
import { CrossEntropyLoss } from "../losses/classification.ts";
import { MSELoss } from "../losses/regression.ts";
import { Tanh } from "../nn/activations.ts";
import { Dropout } from "../nn/dropout.ts";
import { Embedding } from "../nn/embedding.ts";
import { filled } from "../nn/init.ts";
import { Linear } from "../nn/linear.ts";
import { Module } from "../nn/module.ts";
import { Sequential } from "../nn/sequential.ts";
import { Adam } from "../optim/adam.ts";
import type { Optimizer } from "../optim/optimizer.ts";
import { SGD } from "../optim/sgd.ts";
import { Generator } from "../random/generator.ts";
import type { Tensor } from "../tensor.ts";
import { Buffer, Parameter, parameter } from "../variable.ts";
import { compileEvaluation } from "./evaluation-program.ts";
import { executorNames } from "./executor.ts";
import type { SampleArray } from "./samples.ts";
import type { StepResult } from "./step.ts";
import { compileTraining } from "./training-program.ts";

const fixtures = fileURLToPath(new URL("../../fixtures", import.meta.url));

interface Fixture {
  readonly names: readonly (readonly [string, readonly number[]])[];
  readonly x: readonly number[];
  readonly targets: { readonly MSELoss: readonly number[]; readonly CrossEntropyLoss: readonly number[] };
  readonly order: readonly (readonly number[])[];
  readonly runs: readonly {
    readonly loss: "MSELoss" | "CrossEntropyLoss";
    readonly optimizer: "SGD" | "Adam";
    readonly losses: readonly number[];
    readonly final: number;
    readonly state: Readonly<Record<string, readonly number[]>>;
  }[];
}

/** Written by fixtures/mlp.py with PyTorch in float32. */
const fixture: Fixture = JSON.parse(readFileSync(join(fixtures, "mlp.json"), "utf8"));
const generator = new Generator(0);

class Net extends Module {
  readonly layers = [new Linear(6, 16), new Linear(16, 16)];
  readonly head = new Sequential(new Tanh(), new Linear(16, 3, { bias: false }));
  forward(x: Tensor): Tensor {
    let hidden = x;
    for (const layer of this.layers) hidden = layer.forward(hidden).relu();
    return this.head.forward(hidden);
  }
}

function two(batch: readonly Tensor[]): readonly [Tensor, Tensor] {
  const [x, y] = batch;
  if (x === undefined || y === undefined) throw new Error("a batch of two fields is needed");
  return [x, y];
}

describe("a small MLP", () => {
  const x: SampleArray = { data: Float32Array.from(fixture.x), shape: [50, 6], dtype: "float32" };
  const targets: Readonly<Record<string, SampleArray>> = {
    MSELoss: { data: Float32Array.from(fixture.targets.MSELoss), shape: [50, 3], dtype: "float32" },
    CrossEntropyLoss: {
      data: BigInt64Array.from(fixture.targets.CrossEntropyLoss, BigInt),
      shape: [50],
      dtype: "int64",
    },
  };

  test("has PyTorch's names and shapes", () => {
    expect(Array.from(new Net().namedParameters(), ([name, { shape }]) => [name, shape])).toEqual(fixture.names);
  });

  test.each(fixture.runs.flatMap((run) => executorNames.map((executor) => ({ ...run, executor }))))(
    "from PyTorch's weights in PyTorch's order: $loss and $optimizer on $executor end where PyTorch ends",
    async ({ executor, loss: lossName, optimizer: optimizerName, losses, final, state: wanted }) => {
      const model = new Net();
      await model.loadModel(join(fixtures, "mlp"));
      const loss = { MSELoss: new MSELoss(), CrossEntropyLoss: new CrossEntropyLoss() }[lossName];
      const optimizer = { SGD: SGD({ lr: 0.05, momentum: 0.9 }), Adam: Adam({ lr: 0.01 }) }[optimizerName];
      const fields = [x, targets[lossName] ?? x];
      const step = (batch: readonly Tensor[]): StepResult => {
        const [input, target] = two(batch);
        return { loss: loss.forward(model.forward(input), target) };
      };
      const program = await compileTraining({
        fields,
        parameters: model.parameters(),
        optimizer,
        batchSize: 8,
        executor,
        step,
      });
      let state = program.initialState;
      const seen: number[] = [];
      for (const order of fixture.order) {
        const rows = Int32Array.from(order);
        // 50 samples in batches of 8 leave 2.
        for (const [part, batchSize] of [
          [rows.subarray(0, 48), 8],
          [rows.subarray(48), 2],
        ] as const) {
          const result = await program.run(state, { rows: part, batchSize, lr: optimizer.lr, generator });
          state = result.state;
          seen.push(...(result.values.loss ?? []));
        }
      }
      expect(state.step).toBe(fixture.order.length * 7);
      expect(seen.length).toBe(losses.length);
      for (const [index, value] of losses.entries())
        expect(Math.abs((seen[index] ?? Number.NaN) - value), `step ${index}`).toBeLessThan(1e-5);

      const evaluation = compileEvaluation({ fields, layout: program.layout, executor, step });
      const all = Int32Array.from({ length: 50 }, (_, index) => index);
      const { loss: ending } = await evaluation.run(state, { rows: all, batchSize: 50, generator });
      expect(Math.abs((ending?.[0] ?? Number.NaN) - final)).toBeLessThan(1e-5);
      program.store(state);
      for (const [name, { data }] of model.stateDict()) {
        const numbers = Array.from(data, Number);
        for (const [index, value] of (wanted[name] ?? []).entries())
          expect(Math.abs((numbers[index] ?? Number.NaN) - value), `${name} ${index}`).toBeLessThan(1e-4);
      }

      const folder = mkdtempSync(join(tmpdir(), "training-"));
      await model.saveModel(join(folder, "trained"));
      const copy = new Net();
      await copy.loadModel(join(folder, "trained"));
      expect(copy.stateDict()).toEqual(model.stateDict());
      rmSync(folder, { recursive: true });
      program.release();
      evaluation.release();
    },
  );
});

const numbers = (count: number, seed: number) =>
  Float32Array.from({ length: count }, (_, index) => Math.sin(index * 1.7 + seed));
const fields: readonly SampleArray[] = [
  { data: numbers(24, 1), shape: [12, 2], dtype: "float32" },
  { data: numbers(12, 2), shape: [12, 1], dtype: "float32" },
];
const rows = (count: number) => Int32Array.from({ length: count }, (_, index) => (index * 5) % 12);
const chunk = (count: number, batchSize: number) => ({ rows: rows(count), batchSize, lr: 0.1, generator });
const mse = new MSELoss();
const stepOf =
  (forward: (x: Tensor) => Tensor) =>
  (batch: readonly Tensor[]): StepResult => {
    const [x, y] = two(batch);
    return { loss: mse.forward(forward(x), y) };
  };

/** Subtracts the running mean of its input; a running mean has no gradient. */
class RunningMean extends Module {
  readonly mean = new Buffer([2], "float32", filled(0));
  readonly count = new Buffer([], "int64", () => BigInt64Array.of(0n));
  forward(x: Tensor): Tensor {
    if (this.training) {
      updateBuffer(this.mean, bufferValue(this.mean).mul(0.75).add(x.mean(0).mul(0.25)));
      updateBuffer(this.count, bufferValue(this.count).add(1));
    }
    return x.sub(bufferValue(this.mean));
  }
}

describe("what a program changes", () => {
  test("frozen and unused parameters stay, also as constants that the step reads", async () => {
    const model = new Sequential(new Linear(2, 4), new Tanh(), new Linear(4, 1)).initialize(generator);
    const unused = new Linear(2, 2).initialize(generator);
    const [frozen] = model;
    for (const each of frozen?.parameters() ?? []) each.requiresGrad = false;
    const before = model.stateDict();
    const unusedBefore = unused.stateDict();
    const program = await compileTraining({
      fields,
      parameters: [...model.parameters(), ...unused.parameters()],
      optimizer: Adam({ weightDecay: 0.1 }),
      batchSize: 4,
      step: stepOf((x) => model.forward(x)),
    });
    expect(program.layout.segments.flatMap(({ parameters }) => parameters)).toEqual(model.parameters().slice(2));
    const { state } = await program.run(program.initialState, chunk(24, 4));
    program.store(state);
    const after = model.stateDict();
    for (const name of ["0.weight", "0.bias"]) expect(after.get(name)).toEqual(before.get(name));
    for (const name of ["2.weight", "2.bias"]) expect(after.get(name)).not.toEqual(before.get(name));
    expect(unused.stateDict()).toEqual(unusedBefore);
    // A frozen parameter is read when a chunk runs, not when it is compiled.
    const { values: original } = await program.run(program.initialState, chunk(4, 4));
    for (const each of frozen?.parameters() ?? []) each.value = new Float32Array(each.numel);
    const { values } = await program.run(program.initialState, chunk(4, 4));
    expect(values.loss).not.toEqual(original.loss);
    program.release();
  });

  test("a parameter used twice gets both gradients; a single one keeps its shape", async () => {
    const weight = parameter(Float32Array.of(0.5, -0.25), [1, 2]);
    const program = await compileTraining({
      fields,
      parameters: [weight, weight],
      optimizer: SGD({ lr: 0.1 }),
      batchSize: 12,
      step: stepOf((x) => x.matmul(weight.t()).add(x.mul(weight).sum(1, true))),
    });
    const { state } = await program.run(program.initialState, chunk(12, 12));
    const [x, y] = [numbers(24, 1), numbers(12, 2)];
    const gradient = [0, 0];
    for (let row = 0; row < 12; row++) {
      const [a, b] = [x[2 * row] ?? 0, x[2 * row + 1] ?? 0];
      const error = 2 * (a * 0.5 - b * 0.25) - (y[row] ?? 0);
      gradient[0] = (gradient[0] ?? 0) + (4 * error * a) / 12;
      gradient[1] = (gradient[1] ?? 0) + (4 * error * b) / 12;
    }
    expect(state.parameters[0]?.[0]).toBeCloseTo(0.5 - 0.1 * (gradient[0] ?? 0), 6);
    expect(state.parameters[0]?.[1]).toBeCloseTo(-0.25 - 0.1 * (gradient[1] ?? 0), 6);
    program.release();
  });

  test("buffers move with every step, through chunks and sizes of batch, and not in evaluation", async () => {
    const norm = new RunningMean();
    const linear = new Linear(2, 1).initialize(generator);
    const step = stepOf((x) => linear.forward(norm.forward(norm.forward(x))));
    const program = await compileTraining({
      fields,
      parameters: linear.parameters(),
      optimizer: SGD(),
      batchSize: 4,
      step,
    });
    expect(program.layout.buffers).toEqual([norm.mean, norm.count]);
    let { state } = await program.run(program.initialState, chunk(8, 4));
    ({ state } = await program.run(state, chunk(3, 3)));
    const mean = [0, 0];
    const [x] = [numbers(24, 1)];
    const expectedSteps: readonly (readonly number[])[] = [
      [0, 5, 10, 3],
      [8, 1, 6, 11],
      [0, 5, 10],
    ];
    for (const batch of expectedSteps) {
      let input = batch.map((row) => [x[2 * row] ?? 0, x[2 * row + 1] ?? 0]);
      for (let pass = 0; pass < 2; pass++) {
        for (const axis of [0, 1])
          mean[axis] =
            0.75 * (mean[axis] ?? 0) + (0.25 * input.reduce((sum, row) => sum + (row[axis] ?? 0), 0)) / batch.length;
        input = input.map((row) => row.map((value, axis) => value - (mean[axis] ?? 0)));
      }
    }
    expect(state.buffers[1]).toEqual(BigInt64Array.of(6n));
    for (const axis of [0, 1]) expect(Number(state.buffers[0]?.[axis])).toBeCloseTo(mean[axis] ?? 0, 6);
    expect(norm.mean.value).toEqual(new Float32Array(2));

    const evaluation = compileEvaluation({
      fields,
      layout: program.layout,
      step(batch) {
        norm.eval();
        return { loss: norm.forward(two(batch)[0]).mean() };
      },
    });
    const { loss } = await evaluation.run(state, { rows: Int32Array.of(0, 1), batchSize: 1, generator });
    const first = ((x[0] ?? 0) + (x[1] ?? 0) - Number(state.buffers[0]?.[0]) - Number(state.buffers[0]?.[1])) / 2;
    expect(loss?.[0]).toBeCloseTo(first, 6);
    program.store(state);
    expect(norm.mean.value).toEqual(state.buffers[0]);
    expect(norm.count.value).toEqual(BigInt64Array.of(6n));
    program.release();
    evaluation.release();
  });

  test("a state stays valid: the same chunk from the same state gives the same bits", async () => {
    const linear = new Linear(2, 1).initialize(generator);
    const program = await compileTraining({
      fields,
      parameters: linear.parameters(),
      optimizer: Adam(),
      batchSize: 4,
      step: stepOf((x) => linear.forward(x)),
    });
    const { state } = await program.run(program.initialState, chunk(8, 4));
    const copy = structuredClone(state);
    const next = await program.run(state, chunk(16, 4));
    expect(state).toEqual(copy);
    // What was sent to another process and back continues in the same way.
    expect(await program.run(copy, chunk(16, 4))).toEqual(next);
    program.release();
  });
});

describe("metrics", () => {
  test("may have any name but loss, and come step by step", async () => {
    const linear = new Linear(2, 1).initialize(generator);
    const names = [
      "rows",
      "field0",
      "parameters0",
      "carried.parameters0",
      "v0",
      "c0",
      "step.rows",
      "",
      "scalar.lr",
      "ü",
    ];
    const step = (batch: readonly Tensor[]): StepResult => {
      const [x, y] = two(batch);
      const error = linear.forward(x).sub(y);
      return {
        loss: error.pow(2).mean(),
        metrics: Object.fromEntries(
          names.map((name, index) => [name, error.detach().gt(0).sum().add(index).reshape([1, 1])]),
        ),
      };
    };
    const program = await compileTraining({
      fields,
      parameters: linear.parameters(),
      optimizer: SGD(),
      batchSize: 4,
      step,
    });
    const { values } = await program.run(program.initialState, chunk(12, 4));
    expect(Object.keys(values)).toEqual(["loss", ...names]);
    for (const [index, name] of names.entries())
      expect(values[name]).toEqual(values.rows?.map((value) => value + index));
    const evaluation = compileEvaluation({ fields, layout: program.layout, step });
    expect(Object.keys(await evaluation.run(program.initialState, { rows: rows(6), batchSize: 3, generator }))).toEqual(
      ["loss", ...names],
    );
    program.release();
    evaluation.release();
  });

  test("may be arrays, which are collected one step's behind the other's", async () => {
    const linear = new Linear(2, 1).initialize(generator);
    const step = (batch: readonly Tensor[]): StepResult => {
      const [x, y] = two(batch);
      return {
        loss: linear.forward(x).sub(y).pow(2).mean(),
        metrics: { mean: y.mean() },
        collected: { y, products: x.t().matmul(x), large: y.gt(0), count: y.gt(0).sum() },
      };
    };
    const program = await compileTraining({
      fields,
      parameters: linear.parameters(),
      optimizer: SGD(),
      batchSize: 4,
      step,
    });
    const { values } = await program.run(program.initialState, chunk(12, 4));
    expect(Object.keys(values)).toEqual(["loss", "mean", "y", "products", "large", "count"]);
    const targets = Float32Array.from(rows(12), (row) => numbers(12, 2)[row] ?? 0);
    expect(values.y).toEqual(targets);
    expect(values.large).toEqual(targets.map((value) => Number(value > 0)));
    expect(values.products?.length).toBe(3 * 4);
    const evaluation = compileEvaluation({ fields, layout: program.layout, step });
    const evaluated = await evaluation.run(program.initialState, { rows: rows(12), batchSize: 4, generator });
    expect(evaluated.count).toEqual(values.count);
    expect(evaluated.products).toEqual(values.products);
    program.release();
    evaluation.release();
  });

  test("of NaN are given as they are", async () => {
    const linear = new Linear(2, 1).initialize(generator);
    const program = await compileTraining({
      fields,
      parameters: linear.parameters(),
      optimizer: SGD({ lr: 1e30 }),
      batchSize: 4,
      step: stepOf((x) => linear.forward(x)),
    });
    const { values } = await program.run(program.initialState, { ...chunk(48, 4), lr: 1e30 });
    expect(values.loss?.at(-1)).toBeNaN();
    program.release();
  });
});

describe("what must be refused", () => {
  const linear = new Linear(2, 1).initialize(generator);
  const options = {
    fields,
    parameters: linear.parameters(),
    optimizer: SGD(),
    batchSize: 4,
    step: stepOf((x) => linear.forward(x)),
  };

  test.each<[string, Partial<Parameters<typeof compileTraining>[0]>, RegExp]>([
    [
      "a loss that is no scalar",
      { step: (batch) => ({ loss: linear.forward(two(batch)[0]) }) },
      /the loss must be one number, not of shape \[4, 1\]/,
    ],
    [
      "a metric that is no scalar",
      { step: (batch) => ({ loss: linear.forward(two(batch)[0]).mean(), metrics: { size: two(batch)[0] } }) },
      /metric size must be one number/,
    ],
    [
      "something collected that is called loss",
      { step: (batch) => ({ loss: linear.forward(two(batch)[0]).mean(), collected: { loss: two(batch)[0] } }) },
      /metric is called "loss"/,
    ],
    [
      "a name given twice",
      {
        step: (batch) => {
          const loss = linear.forward(two(batch)[0]).mean();
          return { loss, metrics: { size: loss }, collected: { size: loss } };
        },
      },
      /two metrics are called "size"/,
    ],
    [
      "a metric called loss",
      { step: (batch) => ({ loss: linear.forward(two(batch)[0]).mean(), metrics: { loss: two(batch)[0].mean() } }) },
      /metric is called "loss"/,
    ],
    [
      "a figure beside the loss that would be dropped",
      {
        step: (batch) => {
          const loss = linear.forward(two(batch)[0]).mean();
          return Object.assign({ loss }, { size: loss });
        },
      },
      /loss, metrics, collected, carry, and this one "size" too; .* metrics: \{ size \}/,
    ],
    [
      "a step that waits",
      { step: (batch) => Object.assign(Promise.resolve(), { loss: two(batch)[0].mean() }) },
      /must not be async/,
    ],
    ["a step without a result", { step: () => JSON.parse("null") }, /returns \{ loss \}.* this one returned null/],
    [
      "a loss that is no tensor",
      { step: () => JSON.parse('{ "loss": 1 }') },
      /the loss must be a tensor of one number; it is 1/,
    ],
    [
      "a metric that is no tensor",
      { step: (batch) => ({ loss: linear.forward(two(batch)[0]).mean(), metrics: { size: JSON.parse("4") } }) },
      /metric size must be a tensor of one number; it is 4/,
    ],
    ["a million threads", { threads: 1e6 }, /threads is 1000000; it must be a whole number above 0, up to 512/],
    ["nothing to train", { parameters: [] }, /none of the 0 parameters/],
    ["a loss without parameters", { step: (batch) => ({ loss: two(batch)[0].mean() }) }, /none of the 2 parameters/],
    [
      "an error in the step",
      { step: (batch) => ({ loss: mse.forward(linear.forward(two(batch)[1]), two(batch)[1]) }) },
      /Linear\(2, 1\) got \[4, 1\]/,
    ],
  ])("%s", async (_, change, message) => {
    await expect(compileTraining({ ...options, ...change })).rejects.toThrow(message);
    await expect(compileTraining({ ...options, ...change })).rejects.toThrow(TensorError);
  });

  test.each<[string, string, RegExp]>([
    ["a plain list", "[0, 1, 2, 3]", /rows must be an Int32Array, as .* makes it, not an object of class Array/],
    ["a number", "4", /not a number/],
    ["nothing", "null", /not null/],
  ])("rows that are %s, on every executor", async (_, json, message) => {
    for (const executor of ["onnx", "wasm"] as const) {
      const program = await compileTraining({ ...options, executor });
      const chunk = { rows: JSON.parse(json), batchSize: 4, lr: 0.1, generator };
      await expect(program.run(program.initialState, chunk)).rejects.toThrow(message);
      program.release();
    }
  });

  test.each<[string, readonly number[], number, RegExp]>([
    ["no rows", [], 4, /0 rows are not one or more batches of 4/],
    ["half a batch", [1, 2, 3, 4, 5, 6], 4, /6 rows/],
    ["a row that does not exist", [1, 2, 3, 12], 4, /row 12 is outside the 12 samples/],
    ["a negative row", [1, 2, 3, -1], 4, /row -1/],
  ])("%s, in training and evaluation", async (_, chosen, batchSize, message) => {
    const program = await compileTraining(options);
    const evaluation = compileEvaluation({ fields, layout: program.layout, step: options.step });
    await expect(
      program.run(program.initialState, { rows: Int32Array.from(chosen), batchSize, lr: 0.1, generator }),
    ).rejects.toThrow(message);
    await expect(
      evaluation.run(program.initialState, { rows: Int32Array.from(chosen), batchSize, generator }),
    ).rejects.toThrow(message);
    program.release();
    evaluation.release();
  });

  test("an error in the step of an evaluation, at once where the size of batch is told", async () => {
    const evaluate = { fields, layout: { segments: [], buffers: [] } };
    const step = (batch: readonly Tensor[]) => ({ loss: two(batch)[0] });
    expect(() => compileEvaluation({ ...evaluate, step, batchSize: 4 })).toThrow(/the loss must be one number/);
    const late = compileEvaluation({ ...evaluate, step });
    const state = { step: 0, parameters: [], slots: [], buffers: [] };
    await expect(late.run(state, { rows: rows(4), batchSize: 4, generator })).rejects.toThrow(/must be one number/);
  });

  test("a state of another model, and a program that was released", async () => {
    const program = await compileTraining(options);
    const other = { ...program.initialState, parameters: [new Float32Array(7)] };
    await expect(program.run(other, chunk(4, 4))).rejects.toThrow(TensorError);
    await expect(program.run({ ...other, parameters: [] }, chunk(4, 4))).rejects.toThrow(/another model/);
    program.release();
    await expect(program.run(program.initialState, chunk(4, 4))).rejects.toThrow(/released/);
  });

  test("a step that trains something else for another size of batch", async () => {
    const extra = new Parameter([1], filled(1));
    const program = await compileTraining({
      ...options,
      parameters: [...linear.parameters(), extra],
      step: (batch) => {
        const prediction = linear.forward(two(batch)[0]);
        return { loss: mse.forward(prediction.size(0) === 4 ? prediction.mul(extra) : prediction, two(batch)[1]) };
      },
    });
    await expect(program.run(program.initialState, chunk(3, 3))).rejects.toThrow(/for every size/);
    program.release();
  });

  test("but dropout may be in one size of batch only", async () => {
    const dropout = new Dropout(0.5);
    const program = await compileTraining({
      ...options,
      step: (batch) => {
        const [x, y] = two(batch);
        return { loss: mse.forward(linear.forward(x.size(0) === 4 ? x : dropout.forward(x)), y) };
      },
    });
    const { state } = await program.run(program.initialState, chunk(4, 4));
    expect((await program.run(state, chunk(3, 3))).state.step).toBe(2);
    program.release();
  });
});

test.each(executorNames)(
  "%s: steps of an embedding's few named rows have the bits of steps of all its rows",
  async (executor) => {
    const table = new Embedding(40, 3, { paddingIdx: 0 });
    table.initialize(new Generator(1));
    const sgd = SGD({ lr: 0.3 });
    // A clone is no gradient of few rows to the rules that make graphs simpler.
    const ofAllRows: Optimizer = {
      ...sgd,
      update: ({ gradient, ...context }) => sgd.update({ ...context, gradient: gradient.clone() }),
    };
    const words = BigInt64Array.of(7n, 0n, 7n, 7n, 39n, 0n, 3n, 7n, 0n, 0n, 39n, 21n, 8n, 8n, 7n, 8n);
    const states = [sgd, ofAllRows].map(async (optimizer) => {
      const program = await compileTraining({
        fields: [{ data: words, shape: [8, 2], dtype: "int64" }],
        parameters: table.parameters(),
        optimizer,
        batchSize: 8,
        executor,
        step: ([index]) => ({
          loss: table
            .forward(index ?? expect.unreachable())
            .sin()
            .mul(0.7)
            .exp()
            .sum(),
        }),
      });
      const rows = Int32Array.from({ length: 40 }, (_, sample) => (5 * sample) % 8);
      const { state } = await program.run(program.initialState, { rows, batchSize: 8, generator });
      program.release();
      return [program.initialState, state].map(
        ({ parameters: [data] }) => new Int32Array(Float32Array.from(data ?? []).buffer),
      );
    });
    const [[before, few] = [], [, all] = []] = await Promise.all(states);
    expect(few).toEqual(all);
    const changed = new Set(
      [...(few ?? [])].flatMap((bits, place) => (bits === before?.[place] ? [] : [Math.floor(place / 3)])),
    );
    expect([...changed]).toEqual([3, 7, 8, 21, 39]);
  },
);
