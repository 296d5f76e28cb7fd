import { afterAll, beforeAll, expect, test } from "vitest";
import { tensor } from "../creation.ts";
import { BatchNorm2d, Conv2d, Module, ReLU, Sequential } from "../nn/index.ts";
import { randn } from "../random/draws.ts";
import { Generator } from "../random/generator.ts";
import type { Tensor } from "../tensor.ts";
import { compileInference, type InferenceProgram } from "./inference-program.ts";

/** Convolutions with statistics that are not the first ones, and a second input of another type. */
class Shifted extends Module {
  readonly layers = new Sequential(new Conv2d(1, 4, 3, { padding: 1 }), new BatchNorm2d(4), new ReLU());
  readonly head = new Conv2d(4, 1, 1);
  forward(image: Tensor, position: Tensor): Tensor {
    return this.head.forward(this.layers.forward(image)).add(position.float().sum([1, 2]).reshape([-1, 1, 1, 1]));
  }
}

const model = new Shifted().initialize(new Generator(1));
for (const [name, buffer] of model.namedBuffers())
  if (name.endsWith("running_var")) buffer.value = Float32Array.of(0.5, 2, 3, 4);
  else if (name.endsWith("running_mean")) buffer.value = Float32Array.of(-1, 0.5, 0.25, 0);
model.eval();

let program: InferenceProgram;
beforeAll(async () => {
  program = await compileInference({
    inputs: { image: { shape: [1, 1, 8, 8] }, position: { shape: [1, 2, 2], dtype: "int32" } },
    build: (input) => ({ probability: model.forward(input("image"), input("position")).sigmoid() }),
  });
});
afterAll(() => program.release());

async function batchOf(size: number) {
  const image = randn([size, 1, 8, 8], { generator: new Generator(size) });
  const position = Int32Array.from({ length: size * 4 }, (_, index) => (index % 5) - 2);
  return {
    image: { data: Float32Array.from(await image.data(), Number), shape: [size, 1, 8, 8], dtype: "float32" },
    position: { data: position, shape: [size, 2, 2], dtype: "int32" },
  } as const;
}

test("one program computes for batches of any size, also at the same time, what the module computes", async () => {
  const batches = await Promise.all([1, 7, 3].map(batchOf));
  const results = await Promise.all(batches.map((batch) => program.run(batch)));
  for (const [index, { image, position }] of batches.entries()) {
    const x = tensor([...image.data]).reshape([...image.shape]);
    const p = tensor([...position.data]).reshape([...position.shape]);
    const expected = Array.from(await model.forward(x, p).sigmoid().data(), Number);
    const got = Array.from(results[index]?.probability ?? [], Number);
    expect(got).toHaveLength(expected.length);
    for (const [at, value] of expected.entries()) expect(got[at]).toBeCloseTo(value, 6);
  }
});

test("more threads give the same numbers", async () => {
  const shared = await compileInference({
    inputs: { image: { shape: [1, 1, 64, 64] } },
    build: (input) => ({ features: model.layers.forward(input("image")) }),
    threads: 2,
  });
  const image = randn([8, 1, 64, 64], { generator: new Generator(5) });
  const { features = [] } = await shared.run({
    image: { data: Float32Array.from(await image.data(), Number), shape: [8, 1, 64, 64], dtype: "float32" },
  });
  const expected = await model.layers.forward(image).data();
  expect(features).toHaveLength(expected.length);
  let furthest = 0;
  for (const [at, value] of features.entries())
    furthest = Math.max(furthest, Math.abs(Number(value) - Number(expected[at])));
  expect(furthest).toBeLessThan(1e-5);
  shared.release();
});

test("numbers of threads that nobody can mean are refused", async () => {
  for (const threads of [0, 1.5, Number.NaN, 1e6])
    await expect(
      compileInference({ inputs: { x: { shape: [1, 2] } }, build: (input) => ({ y: input("x").neg() }), threads }),
    ).rejects.toThrow(`threads is ${threads}; it must be a whole number above 0`);
});

test("inputs that do not fit are refused with what was expected", async () => {
  const { image, position } = await batchOf(2);
  await expect(program.run({ image })).rejects.toThrow(/input position is missing/);
  await expect(program.run({ image, position, mask: image })).rejects.toThrow(/no input mask; it has image/);
  const small = { ...image, shape: [2, 1, 4, 16] };
  await expect(program.run({ image: small, position })).rejects.toThrow(
    /image is float32 \[2, 1, 4, 16\]; the program was compiled for float32 \[batch, 1, 8, 8\]/,
  );
});
