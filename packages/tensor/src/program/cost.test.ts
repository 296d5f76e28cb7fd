import { expect, test } from "vitest";
import { zeros } from "../creation.ts";
import { MSELoss } from "../losses/regression.ts";
import { ReLU } from "../nn/activations.ts";
import { Linear } from "../nn/linear.ts";
import { Sequential } from "../nn/sequential.ts";
import { SGD } from "../optim/sgd.ts";
import { Generator } from "../random/generator.ts";
import type { Tensor } from "../tensor.ts";
import type { ProgramOptions } from "./step-program.ts";
import { compileTraining, type TrainingProgram } from "./training-program.ts";

const generator = new Generator(0);

interface Network extends Pick<ProgramOptions, "executor" | "threads"> {
  readonly width: number;
  readonly batchSize: number;
  readonly last?: (output: Tensor) => Tensor;
}

async function compiled(
  { width, batchSize, last = (output) => output, ...options }: Network,
  use: (program: TrainingProgram) => unknown,
): Promise<void> {
  const model = new Sequential(new Linear(16, width), new ReLU(), new Linear(width, 1)).initialize(generator);
  const program = await compileTraining({
    fields: [
      { shape: [2 * batchSize, 16], dtype: "float32", data: new Float32Array(2 * batchSize * 16).fill(0.5) },
      { shape: [2 * batchSize, 1], dtype: "float32", data: new Float32Array(2 * batchSize) },
    ],
    parameters: model.parameters(),
    optimizer: SGD({ lr: 0.1 }),
    batchSize,
    ...options,
    step: ([x = zeros([1, 16]), y = zeros([1, 1])]) => ({
      loss: new MSELoss().forward(last(model.forward(x)), y),
    }),
  });
  try {
    await use(program);
  } finally {
    program.release();
  }
}

test.each<[string, Network, "onnx" | "wasm"]>([
  ["little to do", { width: 4, batchSize: 1 }, "wasm"],
  ["little to do in many rows", { width: 16, batchSize: 32 }, "wasm"],
  ["much to do", { width: 512, batchSize: 256 }, "onnx"],
  ["little to do in two threads", { width: 4, batchSize: 1, threads: 2 }, "onnx"],
  ["what is asked for", { width: 4, batchSize: 1, executor: "onnx" }, "onnx"],
])("%s", async (_, network, executor) => {
  await compiled(network, (program) => {
    expect(program.executor).toBe(executor);
    // Where there was nothing to choose, nothing was estimated.
    const isOpen = network.threads === undefined && network.executor === undefined;
    expect(program.estimate !== undefined).toBe(isOpen);
  });
});

test("batches of another size are computed by what the usual ones are", async () => {
  const rows = Int32Array.from({ length: 512 }, (_, row) => row);
  await compiled({ width: 512, batchSize: 256 }, async (program) => {
    const run = (batchSize: number) =>
      program.run(program.initialState, { rows: rows.subarray(0, 2), batchSize, lr: 0, generator });
    const { values } = await run(1);
    expect(values.loss).toHaveLength(2);
    expect(program.executor).toBe("onnx");
  });
});

test("counts what a step has to do", async () => {
  await compiled({ width: 4, batchSize: 2 }, ({ estimate }) => {
    // Two linear layers forwards, and three products backwards: 2 x 16 x 4 twice, 2 x 4 three times, each term at least a product.
    expect(estimate?.work.terms).toBeGreaterThanOrEqual(2 * (2 * 16 * 4) + 3 * (2 * 4));
    expect(estimate?.work.terms).toBeLessThan(1500);
    expect(estimate?.work.nests).toBeLessThan(40);
    expect([...(estimate?.missing ?? ["unknown"])]).toEqual([]);
  });
});
