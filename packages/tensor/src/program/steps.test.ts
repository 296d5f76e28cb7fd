/** The form of a loop for graphics devices: on the processor it computes what the other form does. */
import { expect, test } from "vitest";
import { randn } from "../creation.ts";
import { TensorDataset } from "../data/dataset.ts";
import { TensorError } from "../errors.ts";
import * as nn from "../nn/index.ts";
import * as optim from "../optim/index.ts";
import { Generator } from "../random/generator.ts";
import { checkDevice } from "../runtime/check-device.ts";
import { type Device, parseDevice } from "../runtime/device.ts";
import type { Feed } from "../runtime/session.ts";
import type { Tensor } from "../tensor.ts";
import type { LoopParts } from "./loop.ts";
import { compileScan } from "./scan.ts";
import { compileSteps } from "./steps.ts";
import { compileTraining } from "./training-program.ts";

test("steps one after the other give what the loop gives, whatever their number", async () => {
  const parts: LoopParts = {
    name: "test",
    fixed: [{ name: "table", shape: [5, 3], dtype: "float32", openLength: true }],
    carried: [
      { name: "sum", shape: [3], dtype: "float32" },
      { name: "count", shape: [], dtype: "int64" },
    ],
    perStep: [
      { name: "row", shape: [], dtype: "int32" },
      { name: "factor", shape: [2], dtype: "float32" },
    ],
    randomKey: () => ["row", "row"],
    body({ entry }) {
      const row = entry("table").indexSelect(0, entry("row"));
      const sum = entry("sum")
        .mul(0.5)
        .add(row.mul(entry("factor").sum()));
      return { carried: { sum, count: entry("count").add(1) }, collected: { largest: sum.max(), all: sum.exp() } };
    },
  };
  const [scan, steps] = await Promise.all([compileScan(parts), compileSteps(parts, "cpu")]);
  for (const count of [1, 2, 8, 19]) {
    const generator = new Generator(count);
    const table = Float32Array.from({ length: 15 }, () => generator.normal());
    const factor = Float32Array.from({ length: 2 * count }, () => generator.normal());
    const feeds: Record<string, Feed> = {
      table: { data: table, shape: [5, 3], dtype: "float32" },
      sum: { data: Float32Array.of(1, 2, 3), shape: [3], dtype: "float32" },
      count: { data: BigInt64Array.of(7n), shape: [], dtype: "int64" },
      row: { data: Int32Array.from({ length: count }, () => generator.integer(0, 5)), shape: [count], dtype: "int32" },
      factor: { data: factor, shape: [count, 2], dtype: "float32" },
    };
    const [expected, actual] = await Promise.all([scan.run(feeds), steps.run(feeds)]);
    expect(actual.carried("count")).toEqual(BigInt64Array.of(7n + BigInt(count)));
    for (const [one, other] of [
      [actual.carried("sum"), expected.carried("sum")],
      [actual.collected("largest"), expected.collected("largest")],
      [actual.collected("all"), expected.collected("all")],
    ]) {
      expect(one?.length).toBe(other?.length);
      for (const [index, value] of Array.from(other ?? [], Number).entries())
        expect(Number(one?.[index])).toBeCloseTo(value, 5);
    }
  }
  scan.release();
  steps.release();
});

test("names of devices are read, others refused", () => {
  expect(["cpu", "webgpu", "cuda:0", "cuda:12"].map(parseDevice)).toEqual(["cpu", "webgpu", "cuda:0", "cuda:12"]);
  for (const wrong of ["gpu", "cuda", "cuda:x", ""])
    expect(() => parseDevice(wrong)).toThrow(/is no device; devices are cpu/);
});

class Net extends nn.Module {
  readonly layers = new nn.Sequential(new nn.Conv2d(1, 4, 3, { padding: 1 }), new nn.BatchNorm2d(4), new nn.ReLU());
  readonly head = new nn.Linear(4 * 36, 1);
  forward(x: Tensor): Tensor {
    return this.head.forward(this.layers.forward(x).flatten(1));
  }
}

async function losses(device: Device): Promise<readonly number[]> {
  const model = new Net().initialize(new Generator(1));
  const generator = new Generator(2);
  const x = randn([24, 1, 6, 6], { generator });
  const dataset = new TensorDataset(x, x.mean([1, 2, 3]).unsqueeze(1));
  const { fields } = await dataset.samples();
  const loss = new nn.MSELoss();
  const program = await compileTraining({
    fields,
    parameters: model.parameters(),
    optimizer: optim.Adam({ lr: 1e-2 }),
    batchSize: 8,
    device,
    step: ([features, target]) => {
      if (features === undefined || target === undefined) throw new RangeError("two fields are given");
      return { loss: loss.forward(model.forward(features), target) };
    },
  });
  const rows = Int32Array.from({ length: 12 * 8 }, (_, index) => index % 24);
  const { values } = await program.run(program.initialState, { rows, batchSize: 8, lr: 1e-2, generator });
  program.release();
  return Array.from(values.loss ?? []);
}

// What a machine has is found out by trying: each device either trains as the processor does, or says what is missing.
test.each(["webgpu", "cuda:0"] as const)("%s trains as the processor does, or says what it lacks", async (device) => {
  const missing = await checkDevice(device).then(
    () => undefined,
    (error: unknown) => error,
  );
  if (missing !== undefined) {
    expect(missing).toBeInstanceOf(TensorError);
    expect(missing).toMatchObject({
      message: expect.stringMatching(/the device .* cannot be used: .*(driver|libraries)/s),
    });
    return;
  }
  const expected = await losses("cpu");
  for (const [step, value] of (await losses(device)).entries())
    expect(value).toBeCloseTo(expected[step] ?? Number.NaN, 3);
});
