/** Random programs, with derivatives up to the third, carried buffers and phases, are the same on both executors up to rounding. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { required } from "../../test/fixtures.ts";
import { relativeDistance } from "../../test/states.ts";
import { fromArray } from "../creation.ts";
import { scan } from "../functional/scan.ts";
import { grad } from "../graph/gradient.ts";
import { cat } from "../methods/movement.ts";
import * as nn from "../nn/index.ts";
import { Adam } from "../optim/adam.ts";
import { SGD } from "../optim/sgd.ts";
import { type ExecutorName, executorNames } from "../program/executor.ts";
import { compileTraining } from "../program/training-program.ts";
import { randn } from "../random/draws.ts";
import { Generator } from "../random/generator.ts";
import type { Tensor } from "../tensor.ts";
import { buffer, parameter } from "../variable.ts";

/** Every value of a program has this shape. */
const [rows, columns] = [3, 6];
const spread = (length: number, seed: number) =>
  Float32Array.from({ length }, (_, index) => Math.sin(1.3 * index * (seed + 1) + seed));

class Modules {
  readonly lstm = new nn.LSTM(columns, columns, { bidirectional: false });
  readonly gru = new nn.GRU(columns, columns);
  readonly rnn = new nn.RNN(columns, columns);
  readonly convolution = new nn.Conv2d(1, 1, 3, { padding: 1 });
  readonly norm = new nn.LayerNorm(columns);
  readonly linear = new nn.Linear(columns, columns);
  readonly embedding = new nn.Embedding(4, columns);
  readonly weight = parameter(spread(columns * columns, 3), [columns, columns]);

  constructor() {
    const all = [this.lstm, this.gru, this.rnn, this.convolution, this.norm, this.linear, this.embedding];
    for (const [index, module] of all.entries()) module.initialize(new Generator(index));
  }

  get parameters() {
    const { lstm, gru, rnn, convolution, norm, linear, embedding } = this;
    const modules = [lstm, gru, rnn, convolution, norm, linear, embedding];
    return [this.weight, ...modules.flatMap((module) => module.parameters())];
  }
}

const places = (shape: readonly number[], size: number) => {
  const length = shape.reduce((product, each) => product * each, 1);
  return fromArray(
    BigInt64Array.from({ length }, (_, index) => BigInt((index * 5 + 2) % size)),
    shape,
  );
};

/** What a program may compute of two of its values. */
const functions: Readonly<Record<string, (a: Tensor, b: Tensor, modules: Modules) => Tensor>> = {
  sum: (a, b) => a.add(b),
  product: (a, b) => a.mul(b),
  tanh: (a) => a.tanh(),
  sigmoid: (a, b) => a.sigmoid().mul(b),
  softmax: (a) => a.softmax(1),
  logSoftmax: (a) => a.logSoftmax(0).mul(0.3),
  matmul: (a, _, { weight }) => a.matmul(weight).mul(0.4),
  linear: (a, _, { linear }) => linear.forward(a),
  norm: (a, _, { norm }) => norm.forward(a),
  sorted: (a) => a.sort(1).values,
  largest: (a, b) => cat([a.topk(2, 1).values, b.topk(4, 1, { largest: false }).values], 1),
  sums: (a) => a.cumsum(1).mul(0.4),
  turned: (a) => a.t().reshape([rows, columns]).flip([0]),
  chosen: (a, b) => a.gt(b).where(a.sin(), b),
  gathered: (a) => a.gather(1, places([rows, columns], columns)),
  added: (a, b) => a.scatterAdd(1, places([rows, columns], columns), b.tanh()),
  taken: (a) => a.indexSelect(0, places([rows], rows)),
  embedded: (a, _, { embedding }) => a.add(embedding.forward(places([rows], 4))),
  convolved: (a, _, { convolution }) => convolution.forward(a.reshape([1, 1, rows, columns])).reshape([rows, columns]),
  noise: (a) => a.add(randn([rows, columns]).mul(0.1)),
  lstm: (a, _, { lstm }) => lstm.forward(a.unsqueeze(1)).output.squeeze(1),
  gru: (a, _, { gru }) => gru.forward(a.unsqueeze(1)).output.squeeze(1),
  rnn: (a, _, { rnn }) => rnn.forward(a.unsqueeze(1)).output.squeeze(1),
  looped: (a, b, { weight }) =>
    scan(
      (h, { x, y }) => {
        const next = h.unsqueeze(0).matmul(weight).squeeze(0).mul(0.3).add(x).tanh();
        return { carry: next, y: next.mul(y) };
      },
      a.mean(0),
      { x: a, y: b },
      { reverse: true },
    ).ys,
  variance: (a) => a.sub(a.mean(1, true)).div(a.variance(1, { keepdim: true }).add(0.5)),
};

interface Program {
  readonly calls: readonly { readonly name: string; readonly a: number; readonly b: number }[];
  /** How often the loss is differentiated within the step. */
  readonly order: number;
  readonly carries: boolean;
  readonly phases: readonly ("first" | "second")[] | undefined;
}

async function trained(executor: ExecutorName, { calls, order, carries, phases }: Program) {
  const modules = new Modules();
  const state = buffer(spread(rows * columns, 5), [rows, columns]);
  const samples = 4 * rows;
  const step = ([x]: readonly Tensor[]) => {
    const values = [required(x), state, modules.weight.slice(0, 0, rows)];
    const pick = (index: number) => required(values[index % values.length]);
    for (const { name, a, b } of calls) values.push(required(functions[name])(pick(a), pick(b), modules));
    const last = required(values.at(-1));
    let loss = last.sub(0.2).pow(2).mean();
    for (let each = 0; each < order; each++) {
      const [slope] = grad(loss, [modules.weight]);
      if (slope !== undefined) loss = loss.add(slope.pow(2).sum().mul(0.05));
    }
    // What nothing changes has a gradient all the same.
    loss = modules.parameters.reduce((sum, each) => sum.add(each.pow(2).sum().mul(1e-3)), loss);
    return { loss, ...(carries ? { carry: new Map([[state, last.detach().tanh()]]) } : {}) };
  };
  const clipped = { step, parameters: modules.parameters, optimizer: SGD({ lr: 0.05, momentum: 0.5 }), clipNorm: 1 };
  const adam = { step, parameters: modules.parameters.slice(0, 4), optimizer: Adam({ lr: 0.01, eps: 1e-3 }) };
  const common = {
    fields: [{ data: spread(samples * columns, 1), shape: [samples, columns], dtype: "float32" as const }],
    batchSize: rows,
    executor,
  };
  const program = await compileTraining(
    phases === undefined ? { ...common, ...clipped } : { ...common, phases: { first: clipped, second: adam } },
  );
  let now = program.initialState;
  const losses: number[] = [];
  for (const steps of [1, 2]) {
    const chunk = Int32Array.from({ length: steps * rows }, (_, index) => (index * 7 + steps) % samples);
    const result = await program.run(now, {
      rows: chunk,
      batchSize: rows,
      generator: new Generator(2),
      donate: true,
      ...(phases && { phases }),
    });
    now = result.state;
    losses.push(...Object.values(result.values).flatMap((values) => [...values]));
  }
  program.release();
  return {
    losses,
    weights: now.parameters.flatMap((array) => [...array]),
    carried: now.buffers.flatMap((array) => Array.from(array, Number)),
  };
}

const programs: fc.Arbitrary<Program> = fc.record({
  calls: fc.array(
    fc.record({ name: fc.constantFrom(...Object.keys(functions)), a: fc.nat({ max: 9 }), b: fc.nat({ max: 9 }) }),
    { minLength: 2, maxLength: 6 },
  ),
  order: fc.nat({ max: 2 }),
  carries: fc.boolean(),
  phases: fc.option(fc.constantFrom(["first"], ["first", "second"], ["second", "first", "first"]), { nil: undefined }),
});

test("random programs", async () => {
  const property = fc.asyncProperty(programs, async (program) => {
    const [onnx, wasm] = await Promise.all(executorNames.map((executor) => trained(executor, program)));
    for (const part of ["losses", "weights", "carried"] as const)
      expect(relativeDistance(wasm?.[part] ?? [], onnx?.[part] ?? [], 1e-3), part).toBeLessThan(1e-3);
  });
  await fc.assert(property, { numRuns: Number(process.env.PROGRAMS ?? 6) });
});
