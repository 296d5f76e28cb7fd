/** Programs on WebAssembly: what is theirs alone. */
import { expect, test } from "vitest";
import { TensorError } from "../errors.ts";
import { CrossEntropyLoss } from "../losses/classification.ts";
import { MSELoss } from "../losses/regression.ts";
import * as nn from "../nn/index.ts";
import { defineOp, type Input, type None } from "../ops/op.ts";
import { Adam } from "../optim/adam.ts";
import { SGD } from "../optim/sgd.ts";
import { type ExecutorName, executorNames } from "../program/executor.ts";
import type { TrainingState } from "../program/layout.ts";
import { compileTraining } from "../program/training-program.ts";
import { Generator } from "../random/generator.ts";
import type { Tensor } from "../tensor.ts";
import { buffer, Parameter, parameter } from "../variable.ts";

const generator = new Generator(0);
const [samples, features] = [24, 5];
const x = {
  data: Float32Array.from({ length: samples * features }, (_, index) => Math.sin(index * 1.7)),
  shape: [samples, features],
  dtype: "float32" as const,
};
const y = {
  data: Float32Array.from({ length: samples }, (_, index) => Math.cos(index)),
  shape: [samples, 1],
  dtype: "float32" as const,
};

const given = (tensor: Tensor | undefined): Tensor => {
  if (tensor === undefined) throw new Error("a field is missing");
  return tensor;
};
const rows = (steps: number, batchSize: number) =>
  Int32Array.from({ length: steps * batchSize }, (_, index) => (index * 7) % samples);

/** A network with dropout and all that a step may do to gradients. */
async function trained(executor: ExecutorName, widths: readonly number[], chunks: readonly number[]) {
  const layers = widths.slice(1).flatMap((width, index) => [new nn.Linear(widths[index] ?? 1, width), new nn.Tanh()]);
  const model = new nn.Sequential(...layers, new nn.Dropout(0.2), new nn.Linear(widths.at(-1) ?? 1, 1));
  model.initialize(new Generator(3));
  const loss = new MSELoss();
  const program = await compileTraining({
    fields: [x, y],
    parameters: model.parameters(),
    optimizer: Adam({ lr: 0.01 }),
    clipNorm: 0.5,
    clipValue: 0.1,
    accumulate: 2,
    batchSize: 4,
    executor,
    step: ([input, target]) => ({ loss: loss.forward(model.forward(given(input)), given(target)) }),
  });
  let state = program.initialState;
  const losses: number[] = [];
  const all = rows(
    chunks.reduce((sum, steps) => sum + steps, 0),
    4,
  );
  let from = 0;
  for (const steps of chunks) {
    const chunk = { rows: all.subarray(4 * from, 4 * (from + steps)), batchSize: 4, lr: 0.01, generator };
    const result = await program.run(state, { ...chunk, donate: from > 0 });
    state = result.state;
    losses.push(...(result.values.loss ?? []));
    from += steps;
  }
  program.release();
  return { state, losses };
}

test.each([[[5, 3]], [[5, 64, 33]], [[5, 17, 130, 6]]])(
  "layers of %j: 50 steps as ONNX Runtime's, in chunks of any size",
  async (widths) => {
    const [onnx, wasm] = await Promise.all(executorNames.map((executor) => trained(executor, widths, [50])));
    for (const [step, loss] of (onnx?.losses ?? []).entries())
      expect(Math.abs((wasm?.losses[step] ?? Number.NaN) - loss) / loss, `step ${step}`).toBeLessThan(1e-5);
    expect(await trained("wasm", widths, [1, 2, 40, 7])).toEqual(wasm);
  },
);

test("batches of no whole number of samples are refused, in a call and at compilation", async () => {
  const weight = parameter(Float32Array.of(1), []);
  const step = ([input]: readonly Tensor[]) => ({ loss: given(input).sum().mul(weight) });
  const options = { fields: [x], parameters: [weight], optimizer: SGD(), step };
  for (const executor of executorNames) {
    const program = await compileTraining({ ...options, batchSize: 4, executor });
    for (const batchSize of [1.5, 0, -1, Number.NaN]) {
      const expected = `batchSize is ${batchSize}; it must be a whole number above 0`;
      const run = program.run(program.initialState, { rows: new Int32Array(3), batchSize, generator });
      await expect(run).rejects.toThrow(expected);
      await expect(compileTraining({ ...options, batchSize, executor })).rejects.toThrow(expected);
    }
    program.release();
  }
});

test("trainings that share a program at the same time are as each alone", async () => {
  const weight = parameter(new Float32Array(features), [features, 1]);
  const program = await compileTraining({
    fields: [x, y],
    parameters: [weight],
    optimizer: SGD({ lr: 0.1 }),
    batchSize: 4,
    executor: "wasm",
    step: ([input, target]) => ({ loss: given(input).matmul(weight).sub(given(target)).pow(2).mean() }),
  });
  const one = async (seed: number) => {
    let state: TrainingState = { ...program.initialState, parameters: [new Float32Array(features).fill(seed)] };
    for (let chunk = 0; chunk < 300; chunk++)
      ({ state } = await program.run(state, { rows: rows(3, 4), batchSize: 4, lr: 0.1, generator }));
    return state.parameters[0];
  };
  const seeds = [0, 1, 2, 3, 4];
  const together = await Promise.all(seeds.map(one));
  for (const seed of seeds) expect(together[seed], `seed ${seed}`).toEqual(await one(seed));
});

test("powers of whole numbers with negative exponents are what is left of 1 / a", async () => {
  const bases = Int32Array.of(1, -1, 0, 3, 2 ** 31 - 1, -(2 ** 31) + 1);
  const powers = buffer(new Int32Array(bases.length), [1, bases.length], "int32");
  const weight = parameter(Float32Array.of(1), []);
  const program = await compileTraining({
    fields: [{ data: bases, shape: [1, bases.length], dtype: "int32" }],
    parameters: [weight],
    optimizer: SGD(),
    batchSize: 1,
    executor: "wasm",
    step: ([base]) => ({ loss: weight.mul(1), carry: new Map([[powers, given(base).pow(-1)]]) }),
  });
  const { state } = await program.run(program.initialState, { rows: Int32Array.of(0), batchSize: 1, generator });
  expect(state.buffers[0]).toEqual(Int32Array.of(1, -1, 0, 0, 0, 0));
});

test("a chunk may bring more samples than the program was compiled for", async () => {
  const sums = executorNames.map(async (executor) => {
    const weight = parameter(Float32Array.of(1), []);
    const program = await compileTraining({
      fields: [{ shape: [2, 3], dtype: "float32" }],
      parameters: [weight],
      optimizer: SGD(),
      batchSize: 2,
      executor,
      step: ([x]) => ({ loss: given(x).sum().mul(weight) }),
    });
    const fields = [
      { data: Float32Array.from({ length: 15 }, (_, index) => index), shape: [5, 3], dtype: "float32" },
    ] as const;
    const chunk = { rows: Int32Array.of(4, 0, 3, 2), batchSize: 2, lr: 0, generator, fields };
    const { values } = await program.run(program.initialState, chunk);
    program.release();
    return [...(values.loss ?? [])];
  });
  expect(await Promise.all(sums)).toEqual([
    [42, 51],
    [42, 51],
  ]);
});

test.each<[string, (x: Tensor, a: Tensor, b: Tensor) => [Tensor, Tensor], number[], number[]]>([
  ["what was before, kept by another buffer", (x, a) => [a.add(x), a], [1, 2, 4, 7], [10, 1, 2, 4]],
  ["views of what was before", (x, a) => [a.add(x), a.reshape([1]).reshape([])], [1, 2, 4, 7], [10, 1, 2, 4]],
  ["buffers that change places", (x, a, b) => [b, a.add(x)], [1, 10, 2, 12], [10, 2, 12, 5]],
  ["values that do not depend on those before", (x, a) => [a.newFull([], 3), x], [1, 3, 3, 3], [10, 1, 2, 3]],
])("carried values are reported as the step found them: %s", async (_, next, ofA, ofB) => {
  for (const executor of executorNames) {
    const weight = parameter(Float32Array.of(1), []);
    const [a, b] = [buffer(Float32Array.of(1), []), buffer(Float32Array.of(10), [])];
    const program = await compileTraining({
      fields: [{ data: Float32Array.of(1, 2, 3, 4), shape: [4], dtype: "float32" }],
      parameters: [weight],
      optimizer: SGD(),
      batchSize: 1,
      executor,
      step([row]) {
        const [nextA, nextB] = next(given(row).sum(), a, b);
        const carry = new Map([
          [a, nextA],
          [b, nextB],
        ]);
        return { loss: weight.mul(1), metrics: { a, b }, carry };
      },
    });
    const { values } = await program.run(program.initialState, {
      rows: Int32Array.of(0, 1, 2, 3),
      batchSize: 1,
      generator,
    });
    expect({ a: [...(values.a ?? [])], b: [...(values.b ?? [])] }, executor).toEqual({ a: ofA, b: ofB });
    program.release();
  }
});

test("what diverges is NaN of one kind, and not an error", async () => {
  const model = new nn.Linear(features, 1).initialize(new Generator(1));
  const program = await compileTraining({
    fields: [x, y],
    parameters: model.parameters(),
    optimizer: SGD({ lr: 1e30 }),
    batchSize: 4,
    executor: "wasm",
    step: ([input, target]) => ({ loss: model.forward(given(input)).sub(given(target)).pow(2).mean() }),
  });
  const { state, values } = await program.run(program.initialState, {
    rows: rows(9, 4),
    batchSize: 4,
    lr: 1e30,
    generator,
  });
  for (const array of [values.loss, ...state.parameters]) {
    expect(array?.at(-1)).toBeNaN();
    const bits = new Uint32Array(array?.buffer ?? new ArrayBuffer(0));
    for (const [index, value] of (array ?? []).entries()) if (Number.isNaN(value)) expect(bits[index]).toBe(0x7fc00000);
  }
});

test("a class that the scores do not have is refused, as ONNX Runtime refuses it", async () => {
  const model = new nn.Linear(features, 3).initialize(new Generator(1));
  const classes = {
    data: BigInt64Array.from({ length: samples }, (_, index) => BigInt(index % 4)),
    shape: [samples],
    dtype: "int64" as const,
  };
  const loss = new CrossEntropyLoss();
  for (const executor of executorNames) {
    const program = await compileTraining({
      fields: [x, classes],
      parameters: model.parameters(),
      optimizer: SGD(),
      batchSize: 4,
      executor,
      step: ([input, target]) => ({ loss: loss.forward(model.forward(given(input)), given(target)) }),
    });
    const run = program.run(program.initialState, {
      rows: Int32Array.of(0, 1, 2, 3),
      batchSize: 4,
      lr: 0.1,
      generator,
    });
    await expect(run).rejects.toThrow(/outside its axis: indices, such as classes and words, are from 0 to/);
    // And what comes after it is computed.
    const { values } = await program.run(program.initialState, {
      rows: Int32Array.of(0, 1, 2, 4),
      batchSize: 4,
      lr: 0.1,
      generator,
    });
    expect(values.loss?.[0]).toBeGreaterThan(0);
  }
});

test.each<[string, (values: Tensor, index: Tensor) => Tensor]>([
  ["gather", (values, index) => values.gather(1, index.unsqueeze(1))],
  ["indexSelect", (values, index) => values.indexSelect(1, index)],
  ["scatter", (values, index) => values.scatter(1, index.unsqueeze(1), values.slice(1, 0, 1))],
  ["scatterAdd", (values, index) => values.scatterAdd(1, index.unsqueeze(1), values.slice(1, 0, 1))],
  ["indexAdd", (values, index) => values.slice(0, 0, 3).indexAdd(0, index, values)],
  ["embedding", (values, index) => new nn.Embedding(3, 3).forward(index).mul(values)],
])("an index that %s cannot take is refused as ONNX Runtime refuses it", async (_name, compute) => {
  for (const executor of executorNames) {
    const weight = parameter(Float32Array.from([1, 2, 3]), [3]);
    const program = await compileTraining({
      fields: [{ data: BigInt64Array.of(0n, 1n, 2n, 3n, -9n), shape: [5], dtype: "int64" }],
      parameters: [weight],
      optimizer: SGD({ lr: 0.1 }),
      batchSize: 4,
      executor,
      step: ([index]) => ({ loss: compute(weight.expand([4, 3]).mul(1), given(index)).sum() }),
    });
    const run = (last: number) =>
      program.run(program.initialState, { rows: Int32Array.of(0, 1, 2, last), batchSize: 4, generator });
    for (const bad of [3, 4]) await expect(run(bad), executor).rejects.toThrow(/outside its axis/);
    expect((await run(2)).values.loss?.[0], executor).not.toBeNaN();
    program.release();
  }
});

test("ops without loops are named", async () => {
  const model = new nn.Linear(features, 3).initialize(new Generator(1));
  const opaque = (name: string) =>
    defineOp<None, [x: Input]>({ name, infer: ([type]) => type, emit: (_, [value]) => value.name });
  const compiled = compileTraining({
    fields: [x, y],
    parameters: model.parameters(),
    optimizer: SGD(),
    batchSize: 4,
    executor: "wasm",
    step: ([input]) => ({
      loss: model.forward(given(input).apply(opaque("first"), [], {}).apply(opaque("second"), [], {})).sum(),
    }),
  });
  await expect(compiled).rejects.toThrow(
    "the executor wasm has no loops for first of float32; second of float32; take the executor onnx",
  );
  await expect(compiled).rejects.toThrow(TensorError);
});

test("graphics devices are refused", async () => {
  const model = new nn.Linear(features, 1);
  const compiled = compileTraining({
    fields: [x, y],
    parameters: model.parameters(),
    optimizer: SGD(),
    batchSize: 4,
    device: "webgpu",
    executor: "wasm",
    step: ([input]) => ({ loss: model.forward(given(input)).sum() }),
  });
  await expect(compiled).rejects.toThrow(/computes on cpu, not on webgpu/);
});

test.each(["WASM", "webassembly", "", null])("an executor %j that there is not is refused", async (executor) => {
  const weight = parameter(Float32Array.of(1), []);
  const compiled = compileTraining({
    fields: [x],
    parameters: [weight],
    optimizer: SGD(),
    batchSize: 4,
    // As from JavaScript.
    ...JSON.parse(JSON.stringify({ executor })),
    step: () => ({ loss: weight.mul(1) }),
  });
  const expected = `executor is ${JSON.stringify(executor)}; it must be one of auto, onnx, wasm`;
  await expect(compiled).rejects.toThrow(expected);
});

test("the gradient of relu passes NaN, as PyTorch's does", async () => {
  const weight = new Parameter([3], () => Float32Array.of(0, 0, 0));
  const program = await compileTraining({
    fields: [{ data: Float32Array.of(Number.NaN, 1, -1), shape: [1, 3], dtype: "float32" }],
    parameters: [weight],
    optimizer: SGD({ lr: 1 }),
    batchSize: 1,
    executor: "wasm",
    step: ([values]) => ({ loss: weight.add(given(values)).relu().sum() }),
  });
  const { state } = await program.run(program.initialState, { rows: Int32Array.of(0), batchSize: 1, lr: 1, generator });
  expect([...(state.parameters[0] ?? [])]).toEqual([-1, -1, 0]);
  program.release();
});
