/** Indices that no axis has are refused wherever they come from: not counted from the end, not passed over. */
import { describe, expect, test } from "vitest";
import { zeros } from "../creation.ts";
import { grad } from "../graph/gradient.ts";
import { CrossEntropyLoss, NLLLoss } from "../losses/classification.ts";
import { Embedding } from "../nn/embedding.ts";
import { SGD } from "../optim/sgd.ts";
import { compileTraining } from "../program/training-program.ts";
import { Generator } from "../random/generator.ts";
import type { Tensor } from "../tensor.ts";
import { Buffer, parameter } from "../variable.ts";

/** Whatever reads or adds at the indices [2] of an axis of three. */
const uses: Readonly<Record<string, (index: Tensor, x: Tensor) => Tensor>> = {
  indexSelect: (index, x) => x.indexSelect(0, index),
  gather: (index, x) => x.gather(0, index),
  scatterAdd: (index, x) => x.scatterAdd(0, index, x.slice(0, 0, 2)),
  indexAdd: (index, x) => x.indexAdd(0, index, x.slice(0, 0, 2)),
  "indexAdd along the second axis": (index, x) => x.unsqueeze(0).indexAdd(1, index, x.slice(0, 0, 2).unsqueeze(0)),
  oneHot: (index, x) => index.oneHot(3).float().matmul(x),
  Embedding: (index, x) => new Embedding(3, 2).forward(index).sum().add(x),
  NLLLoss: (index, x) => new NLLLoss().forward(x.expand([2, 3]), index),
  "NLLLoss with weights": (index, x) => new NLLLoss({ weight: x.exp() }).forward(x.expand([2, 3]), index),
  CrossEntropyLoss: (index, x) => new CrossEntropyLoss().forward(x.expand([2, 3]), index),
  "CrossEntropyLoss smoothed": (index, x) =>
    new CrossEntropyLoss({ labelSmoothing: 0.1 }).forward(x.expand([2, 3]), index),
};

const outside = [-1, -3, -4, 3, 1000, -(2 ** 31), 2 ** 40, -(2 ** 33)];
const refusal = { code: "TENSOR_VALUE", message: expect.stringMatching(/index/) };
const int64 = (values: readonly number[]) => BigInt64Array.from(values, BigInt);

describe.each(Object.entries(uses))("%s", (_name, use) => {
  const x = parameter(Float32Array.of(0.5, -1, 2), [3]);
  const loss = (index: Tensor) => use(index, x).exp().sum();

  test.each(outside)("index %i given when the graph is computed, and its gradient alone", async (value) => {
    const index = new Buffer([2], "int64", () => int64([1, value]));
    await expect(loss(index).data()).rejects.toMatchObject(refusal);
    const [gradient] = grad(loss(index), [x]);
    await expect(gradient?.data()).rejects.toMatchObject(refusal);
  });

  test("in a training program", async () => {
    const program = await compileTraining({
      fields: [{ shape: [4, 2], dtype: "int64" }],
      batchSize: 1,
      parameters: [x],
      optimizer: SGD({ lr: 0.01 }),
      step: ([index]) => ({ loss: index === undefined ? zeros([]) : loss(index.reshape([2])) }),
    });
    const run = (...values: readonly number[]) =>
      program.run(program.initialState, {
        lr: 0.01,
        batchSize: 1,
        rows: Int32Array.of(0, 1),
        fields: [{ shape: [2, 2], dtype: "int64", data: int64(values) }],
        generator: new Generator(0),
      });
    expect((await run(0, 2, 1, 1)).values.loss?.every(Number.isFinite)).toBe(true);
    for (const value of outside) await expect(run(0, 2, 1, value)).rejects.toMatchObject(refusal);
    program.release();
  });
});
