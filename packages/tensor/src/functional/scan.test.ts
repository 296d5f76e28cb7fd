import { readFileSync } from "node:fs";
import { expectNear, processorSeconds } from "@ml-mosaic/testing";
import { describe, expect, test } from "vitest";
import { evaluations } from "../../test/torch-cases.ts";
import { arange, fromArray, ones, tensor, zeros } from "../creation.ts";
import { expectFloat32 } from "../dtype.ts";
import { TensorError } from "../errors.ts";
import { grad } from "../graph/gradient.ts";
import { updateBuffer } from "../graph/trace.ts";
import { onnxModel } from "../io/onnx-file.ts";
import { cat } from "../methods/movement.ts";
import * as nn from "../nn/index.ts";
import { SGD } from "../optim/sgd.ts";
import { executorNames } from "../program/executor.ts";
import { compileTraining } from "../program/training-program.ts";
import { rand } from "../random/draws.ts";
import { Generator } from "../random/generator.ts";
import { evaluate } from "../runtime/evaluate.ts";
import { createSession } from "../runtime/session.ts";
import type { Tensor } from "../tensor.ts";
import { buffer, parameter } from "../variable.ts";
import { scan } from "./scan.ts";

interface Numbers {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

/** Written by fixtures/scan.py with loops of PyTorch in float64. */
const cases: readonly (Readonly<
  Record<"inputs" | "results" | "weights" | "v" | "first" | "second", readonly Numbers[]>
> & {
  readonly name: string;
})[] = JSON.parse(readFileSync(new URL("../../fixtures/scan.json", import.meta.url), "utf8"));

const at = (tensors: readonly Tensor[], index: number): Tensor => {
  const found = tensors[index];
  if (found === undefined) throw new Error(`there is no tensor ${index}`);
  return found;
};

function rnn([x, h, w, u, b]: readonly Tensor[], reverse = false): Tensor[] {
  if (!x || !h || !w || !u || !b) throw new Error("five inputs are needed");
  const { carry, ys } = scan(
    (state, slice) => {
      const next = slice.matmul(w).add(state.matmul(u)).add(b).tanh();
      return { carry: next, y: next };
    },
    h,
    x,
    { reverse },
  );
  return [carry, ys];
}

const functions: Readonly<Record<string, (inputs: readonly Tensor[]) => Tensor[]>> = {
  rnn: (inputs) => rnn(inputs),
  "rnn backwards": (inputs) => rnn(inputs, true),
  lstm([x, h, c, w, u]) {
    if (!x || !h || !c || !w || !u) throw new Error("five inputs are needed");
    const { carry, ys } = scan(
      (state, slice) => {
        const gates = slice.matmul(w).add(state.h.matmul(u)).chunk(4, 1);
        const [i, f, g, o] = [0, 1, 2, 3].map((index) => at(gates, index));
        if (!i || !f || !g || !o) throw new Error("there are four gates");
        const cell = f.sigmoid().mul(state.c).add(i.sigmoid().mul(g.tanh()));
        const hidden = o.sigmoid().mul(cell.tanh());
        return { carry: { h: hidden, c: cell }, y: [hidden] };
      },
      { h, c },
      x,
    );
    return [carry.h, carry.c, at(ys, 0)];
  },
  recurrence([x, a]) {
    if (!x || !a) throw new Error("two inputs are needed");
    const scale = a.tanh().div(2);
    const { carry, ys } = scan(
      (s, slice) => ({ carry: s.mul(scale).add(slice.mul(slice)), y: slice.mul(a).sin() }),
      a.zerosLike(),
      x,
    );
    return [carry, ys];
  },
  last([x, a]) {
    if (!x || !a) throw new Error("two inputs are needed");
    const { carry } = scan(
      ({ s, still }, slice) => ({ carry: { s: s.mul(slice.cos()), still }, y: slice }),
      { s: a, still: a.mul(2) },
      x,
    );
    return [carry.s, carry.still];
  },
  counted([x, a]) {
    if (!x || !a) throw new Error("two inputs are needed");
    const { carry, ys } = scan(
      ({ s, n }, slice) => ({ carry: { s: s.add(slice.mul(n.add(1).float())), n: n.add(1) }, y: s.mul(a) }),
      { s: a, n: fromArray(BigInt64Array.of(0n), []) },
      x,
    );
    return [carry.s, ys];
  },
  nested([x, a, w]) {
    if (!x || !a || !w) throw new Error("three inputs are needed");
    const { carry, ys } = scan(
      (s, rows) => {
        const inner = scan(
          (t, row) => ({ carry: t.unsqueeze(0).matmul(w).squeeze(0).add(row).tanh(), y: t.mul(row) }),
          s.mul(a),
          rows,
        );
        return { carry: inner.carry, y: inner.ys };
      },
      a.onesLike(),
      x,
    );
    return [carry, ys];
  },
  "pair backwards"([x, y, a]) {
    if (!x || !y || !a) throw new Error("three inputs are needed");
    const { carry, ys } = scan(
      (s, slice) => ({ carry: s.mul(slice.x).add(slice.y), y: s.sum() }),
      a,
      { x, y },
      { reverse: true },
    );
    return [carry, ys];
  },
};

const tensorsOf = (list: readonly Numbers[]) =>
  list.map(({ shape, data }) => fromArray(Float32Array.from(data), shape));

const weighted = (tensors: readonly Tensor[], weights: readonly Tensor[]) =>
  tensors.map((each, index) => each.mul(at(weights, index)).sum()).reduce((sum, term) => sum.add(term));

describe.each(cases.map((each, index) => [`${each.name} ${index}`, each] as const))("%s", (_, each) => {
  test.each(executorNames)("has PyTorch's values, and its gradients of both orders, on %s", async (executor) => {
    const inputs = tensorsOf(each.inputs);
    const results = functions[each.name]?.(inputs) ?? [];
    const zeros = (found: readonly (Tensor | undefined)[]) =>
      found.map((gradient, index) => gradient ?? at(inputs, index).zerosLike());
    const first = zeros(grad(weighted(results, tensorsOf(each.weights)), inputs));
    const second = zeros(grad(weighted(first, tensorsOf(each.v)), inputs));
    const expected = [...each.results, ...each.first, ...each.second];
    const found = await evaluations[executor]([...results, ...first, ...second]);
    for (const [index, { data, shape }] of expected.entries()) {
      expect(at([...results, ...first, ...second], index).shape).toEqual(shape);
      expectNear(Array.from(found[index] ?? [], Number), data, { ofLargest: 1e-5, leastLargest: 1 }, `tensor ${index}`);
    }
  });
});

test.each(executorNames)(
  "ten thousand steps are compiled, with their gradient, in less than two seconds, on %s",
  async (executor) => {
    const [steps, batchSize, hidden] = [10_000, 2, 4];
    const data = Float32Array.from({ length: batchSize * steps * hidden }, (_, index) => Math.sin(index));
    const weight = parameter(
      Float32Array.from({ length: hidden ** 2 }, (_, index) => Math.cos(index) / 4),
      [hidden, hidden],
    );
    const compile = () =>
      compileTraining({
        fields: [{ data, shape: [batchSize, steps, hidden], dtype: "float32" }],
        parameters: [weight],
        optimizer: SGD({ lr: 0.1 }),
        batchSize,
        executor,
        step([x]) {
          if (x === undefined) throw new Error("a batch is needed");
          const { ys } = scan(
            (h, slice) => {
              const next = slice.add(h.matmul(weight)).tanh();
              return { carry: next, y: next };
            },
            x.select(1, 0).zerosLike(),
            x.transpose(0, 1),
          );
          return { loss: ys.pow(2).mean() };
        },
      });
    await evaluate([ones([1]).add(1)]); // loads the runtime
    expect(await processorSeconds(async () => (await compile()).release())).toBeLessThan(2);
    const program = await compile();
    const rows = Int32Array.from({ length: 6 }, (_, index) => index % batchSize);
    const { values } = await program.run(program.initialState, { rows, batchSize, generator: new Generator(0) });
    expect(values.loss?.[2]).toBeLessThan(values.loss?.[0] ?? 0);
    program.release();
  },
);

test("a graph of ten thousand ops is computed within seconds, and as a small one", async () => {
  let x = tensor([0.5, -2]);
  for (let index = 0; index < 10_000; index++) x = x.tanh();
  expect(await processorSeconds(async () => void (await x.data()))).toBeLessThan(5);
  expect(Number((await x.data())[0])).toBeCloseTo(Math.sqrt(3 / 2 / 10_000), 4);
});

test.each(executorNames)(
  "parameters, dropout drawn before, and gradients in a program; the same bits in calls of any size, on %s",
  async (executor) => {
    const cell = new nn.GRUCell(3, 4).initialize(new Generator(1));
    const [steps, batchSize, samples] = [6, 2, 8];
    const data = Float32Array.from({ length: samples * steps * 3 }, (_, index) => Math.sin(index));
    const program = await compileTraining({
      fields: [{ data, shape: [samples, steps, 3], dtype: "float32" }],
      parameters: cell.parameters(),
      optimizer: SGD({ lr: 0.1 }),
      batchSize,
      executor,
      step([x]) {
        if (x === undefined) throw new Error("a batch is needed");
        const { ys } = scan(
          (h, { slice, mask }) => {
            const next = cell.forward(slice.mul(mask), h);
            return { carry: next, y: next };
          },
          zeros([batchSize, 4]),
          { slice: x.transpose(0, 1), mask: rand([steps, batchSize, 3]).gt(0.5).float() },
        );
        return { loss: ys.pow(2).mean(), metrics: { same: ys.sum() } };
      },
    });
    const losses = async (ends: readonly number[]) => {
      let state = program.initialState;
      const seen: number[] = [];
      for (const end of ends) {
        const rows = Int32Array.from(
          { length: (end - state.step) * batchSize },
          (_, index) => (index + state.step * batchSize) % samples,
        );
        const result = await program.run(state, { rows, batchSize, generator: new Generator(2) });
        state = result.state;
        seen.push(...(result.values.loss ?? []));
      }
      return { seen, state };
    };
    const whole = await losses([8]);
    expect(whole.seen.at(-1)).toBeLessThan(whole.seen[0] ?? 0);
    expect(new Set(whole.seen).size).toBe(8);
    expect(await losses([1, 3, 8])).toEqual(whole);
    program.release();
  },
);

test("in a file the batch size is open", async () => {
  const weight = parameter(Float32Array.of(0.5, -0.25, 0.125, 1), [2, 2]);
  const build = (x: Tensor) => {
    const { ys } = scan(
      (h, slice) => {
        const next = slice.add(h.matmul(weight)).tanh().mul(h.newFull(h.shape, 2));
        return { carry: next, y: next };
      },
      x.select(1, 0).zerosLike(),
      x.transpose(0, 1),
    );
    return ys.transpose(0, 1).mul(x.newFull(x.shape, 3));
  };
  const model = onnxModel({ inputs: { x: { shape: [1, 3, 2] } }, build: (input) => ({ y: build(input("x")) }) });
  const session = await createSession(model, model.length);
  for (const batch of [1, 4, 7]) {
    const data = Float32Array.from({ length: batch * 6 }, (_, index) => Math.sin(index));
    const { y } = await session.run({ x: { data, shape: [batch, 3, 2], dtype: "float32" } });
    const expected = expectFloat32(await build(fromArray(data, [batch, 3, 2])).data(), "y");
    expectNear(expectFloat32(y ?? new Float32Array(), "y"), expected, { absolute: 1e-6 });
  }
  session.release();
});

test.each(executorNames)(
  "gradients of the third and fourth order are those of the loop written out, on %s",
  async (executor) => {
    const factor = tensor(0.5);
    const step = (h: Tensor, x: Tensor) => h.mul(factor).add(x).tanh();
    const slices = [1, 2, 3].map((each) => tensor(each));
    const { carry, ys } = scan((h, x) => ({ carry: step(h, x), y: h.pow(2) }), tensor(1), tensor([1, 2, 3]));
    const states = [tensor(1)];
    for (const [index, x] of slices.entries()) states.push(step(at(states, index), x));
    const squares = states.slice(0, -1).map((h) => h.pow(2));
    const orders = (loss: Tensor) => {
      const found = [loss];
      for (let order = 0; order < 4; order++) found.push(grad(at(found, order), [factor])[0] ?? zeros([]));
      return evaluations[executor](found);
    };
    const written = await orders(squares.reduce((sum, each) => sum.add(each)).add(at(states, 3)));
    for (const [order, [value]] of (await orders(ys.sum().add(carry))).entries())
      expect(Number(value), `order ${order}`).toBeCloseTo(Number(written[order]?.[0]), 4);
  },
);

test.each(executorNames)("over nothing, what was carried to the loop comes out, on %s", async (executor) => {
  const { carry, ys } = scan((s, x) => ({ carry: s.add(x), y: { twice: x.mul(2) } }), tensor([1, 2]), zeros([0, 2]));
  expect(ys.twice.shape).toEqual([0, 2]);
  const [last, kept] = await evaluations[executor]([carry, ys.twice]);
  expect(last).toEqual(Float32Array.of(1, 2));
  expect(kept).toEqual(new Float32Array());
});

test.each(executorNames)(
  "counts, flags and bytes are carried, and a step may give what it got, or what is from outside, on %s",
  async (executor) => {
    const pixels = fromArray(Uint8Array.of(1, 200, 255), [3]);
    const outside = arange(2);
    const { carry, ys } = scan(
      ({ n, any }, x) => ({ carry: { n: n.add(x), any: any.logicalOr(x.gt(1)) }, y: [n, x, outside, pixels] }),
      { n: fromArray(BigInt64Array.of(2n ** 53n), []), any: tensor([0]).gt(0).select(0, 0) },
      arange(3),
    );
    const [n, any, before, x, constant, bytes] = await evaluations[executor]([carry.n, carry.any, ...ys]);
    expect(n).toEqual(BigInt64Array.of(2n ** 53n + 3n));
    expect(any).toEqual(Uint8Array.of(1));
    expect(before).toEqual(BigInt64Array.of(2n ** 53n, 2n ** 53n, 2n ** 53n + 1n));
    expect(x).toEqual(BigInt64Array.of(0n, 1n, 2n));
    expect(constant).toEqual(BigInt64Array.of(0n, 1n, 0n, 1n, 0n, 1n));
    expect(bytes).toEqual(Uint8Array.of(1, 200, 255, 1, 200, 255, 1, 200, 255));
  },
);

test("mistakes are named", () => {
  const x = zeros([3, 2]);
  const fail = (run: () => unknown) => {
    try {
      run();
    } catch (error) {
      if (error instanceof TensorError) return error.message;
    }
    return "no error";
  };
  expect(fail(() => scan((s) => ({ carry: s, y: [] }), x, []))).toBe(
    "scan: xs has no tensor to go over; where steps need none, give arange(steps)",
  );
  expect(fail(() => scan((s) => ({ carry: s, y: [] }), x, { a: x, b: zeros([4]) }))).toBe(
    "scan: xs must have one length along the first axis, not a [3, 2], b [4]",
  );
  expect(fail(() => scan((s) => ({ carry: s, y: [] }), x, zeros([])))).toContain(
    "one length along the first axis, not []",
  );
  expect(fail(() => scan(({ h }, each) => ({ carry: { h: cat([h, each]) }, y: [] }), { h: zeros([2]) }, x))).toBe(
    "scan: a step must carry on what it gets: it gets h float32 [2], and carries on h float32 [4]",
  );
  for (const result of ["null", '{ "y": [] }', '{ "carry": [] }'])
    expect(fail(() => scan(() => JSON.parse(result), x, x))).toBe(
      "scan: a step returns { carry, y }; where nothing is to be kept, y is []",
    );
  expect(fail(() => scan((s) => ({ carry: s.to("int64"), y: [] }), zeros([2]), x))).toContain("carries on int64 [2]");
  expect(fail(() => scan((s) => ({ carry: s.add(rand([2])), y: [] }), zeros([2]), x))).toContain(
    "random numbers cannot be drawn in the step of a scan, dropout among them; draw them for all steps before",
  );
  expect(fail(() => scan((s) => ({ carry: new nn.Dropout().forward(s), y: [] }), zeros([2]), x))).toContain(
    "random numbers cannot be drawn",
  );
  const kept = buffer(new Float32Array(2), [2]);
  const updating = (s: Tensor) => {
    updateBuffer(kept, s);
    return { carry: s, y: [] };
  };
  expect(fail(() => scan(updating, zeros([2]), x))).toContain("a buffer cannot be updated in the step of a scan");
});
