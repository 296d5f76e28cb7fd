/** Several threads share the work of each step. */
import { readdirSync } from "node:fs";
import { expectNear } from "@ml-mosaic/testing";
import { expect, test } from "vitest";
import { zeros } from "../creation.ts";
import * as nn from "../nn/index.ts";
import { SGD } from "../optim/sgd.ts";
import { Generator } from "../random/generator.ts";
import { compileTraining, type TrainingProgram } from "./training-program.ts";

const [samples, batchSize, size] = [256, 128, 192];
const rows = Int32Array.from({ length: 8 * batchSize }, (_, index) => (index * 7) % samples);

function compile(threads: number, options: { device?: "webgpu"; executor?: "wasm" } = {}): Promise<TrainingProgram> {
  const model = new nn.Sequential(new nn.Linear(size, size), new nn.Tanh(), new nn.Linear(size, 1));
  model.initialize(new Generator(1));
  const data = Float32Array.from({ length: samples * size }, (_, index) => Math.sin(index));
  return compileTraining({
    fields: [{ data, shape: [samples, size], dtype: "float32" }],
    parameters: model.parameters(),
    optimizer: SGD({ lr: 0.1 }),
    batchSize,
    step: ([x = zeros([1, size])]) => ({ loss: model.forward(x).pow(2).mean() }),
    threads,
    ...options,
  });
}

async function losses(threads: number): Promise<Float32Array> {
  const program = await compile(threads);
  const { values } = await program.run(program.initialState, { rows, batchSize, generator: new Generator(0) });
  program.release();
  return values.loss ?? new Float32Array();
}

test("the same number of threads gives the same bits, another one the same numbers", async () => {
  const [one, two] = [await losses(1), await losses(2)];
  expectNear(two, one, { relative: 1e-5 });
  expect(await losses(2)).toEqual(two);
});

test.skipIf(process.platform !== "linux")("there are as many threads as were asked for", async () => {
  const running = () => readdirSync("/proc/self/task").length;
  await losses(1);
  const before = running();
  const program = await compile(4);
  expect(running() - before).toBe(3);
  program.release();
});

test("wrong numbers, and threads where there are none, are named", async () => {
  await expect(compile(0)).rejects.toThrow("threads is 0; it must be a whole number above 0");
  await expect(compile(1.5)).rejects.toThrow("threads is 1.5");
  await expect(compile(2, { device: "webgpu" })).rejects.toThrow("threads is 2, but webgpu computes with one");
  await expect(compile(2, { executor: "wasm" })).rejects.toThrow(
    "threads is 2, but the executor wasm computes with one",
  );
});
