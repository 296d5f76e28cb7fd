import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fromBinary } from "@bufbuild/protobuf";
import { InferenceSession, Tensor as OrtTensor } from "onnxruntime-node";
import * as web from "onnxruntime-web";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ModelProtoSchema } from "../../test/onnx_pb.ts";
import { fromArray } from "../creation.ts";
import { TensorError } from "../errors.ts";
import { Conv2d, Dropout, Flatten, Linear, Module, ReLU, Sequential } from "../nn/index.ts";
import { compileInference } from "../program/inference-program.ts";
import { randint, randLike, randn, randnLike } from "../random/draws.ts";
import { Generator } from "../random/generator.ts";
import { sizeOf } from "../shape.ts";
import { constant, type Tensor } from "../tensor.ts";
import { onnxModel, saveOnnx } from "./onnx-file.ts";

/** Folds a sequence into the batch and back, so that sizes depend on the batch in several ways. */
class Folding extends Module {
  readonly layers = new Sequential(new Linear(3, 8), new ReLU(), new Linear(8, 2));
  forward(x: Tensor): Tensor {
    const hidden = this.layers.forward(x.reshape([-1, 3])).reshape([x.size(0), 4, 2]);
    const shift = hidden.newFull([x.size(0), 1, 2], 0.5);
    return hidden.add(shift).softmax(-1).mean(1);
  }
}

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "onnx-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

test("an exported model computes for every batch size what the module computes", async () => {
  const module = new Folding().initialize(new Generator(3)).eval();
  const path = join(folder, "model.onnx");
  const names = new Map(Array.from(module.namedVariables(), ([name, variable]) => [variable, name]));
  await saveOnnx(path, {
    inputs: { features: { shape: [1, 4, 3] } },
    build: (input) => ({ prediction: module.forward(input("features")) }),
    names,
  });
  const session = await InferenceSession.create(path);
  for (const batch of [1, 2, 7]) {
    const x = randn([batch, 4, 3], { generator: new Generator(batch) });
    const data = await x.data();
    const { prediction } = await session.run({
      features: new OrtTensor("float32", Float32Array.from(data, Number), [batch, 4, 3]),
    });
    const expected = await module.forward(x).data();
    expect(prediction?.dims).toEqual([batch, 2]);
    for (const [index, value] of Array.from(expected, Number).entries())
      expect(Number(prediction?.data[index])).toBeCloseTo(value, 6);
  }
  await session.release();
  expect(readFileSync(path).includes("layers.0.weight")).toBe(true);
});

test("an exported model gives the same numbers in a browser's runtime", async () => {
  const module = new Sequential(new Conv2d(1, 4, 3, { padding: 1 }), new ReLU(), new Flatten(), new Linear(256, 3));
  module.initialize(new Generator(1)).eval();
  const bytes = onnxModel({
    inputs: { image: { shape: [1, 1, 8, 8] } },
    build: (input) => ({ scores: module.forward(input("image")) }),
  });
  const session = await web.InferenceSession.create(bytes);
  const images = randn([5, 1, 8, 8], { generator: new Generator(2) });
  const data = Float32Array.from(await images.data(), Number);
  const { scores } = await session.run({ image: new web.Tensor("float32", data, [5, 1, 8, 8]) });
  const expected = await module.forward(images).data();
  expect(scores?.dims).toEqual([5, 3]);
  for (const [index, value] of Array.from(expected, Number).entries())
    expect(Number(scores?.data[index])).toBeCloseTo(value, 6);
  await session.release();
});

const hasChecker = existsSync("/usr/lib/python3/dist-packages/onnx");
test.skipIf(!hasChecker && process.env.REQUIRE_ALL !== "1")(
  "the ONNX project's own checker accepts the file",
  async () => {
    const module = new Folding().initialize(new Generator(3)).eval();
    const path = join(folder, "checked.onnx");
    await saveOnnx(path, {
      inputs: { features: { shape: [1, 4, 3] } },
      build: (input) => ({ prediction: module.forward(input("features")) }),
    });
    const script =
      "import onnx,sys; m=onnx.load(sys.argv[1]); onnx.checker.check_model(m, full_check=True); print(m.opset_import[0].version)";
    expect(execFileSync("/usr/bin/python3", ["-c", script, path], { encoding: "utf8" }).trim()).toBe("17");
  },
);

test("a module writes itself in evaluation mode, and stays in its own", async () => {
  const module = new Sequential(new Linear(3, 4), new Dropout(0.5)).initialize(new Generator(3));
  module[0]?.eval();
  const path = join(folder, "itself.onnx");
  await module.saveOnnx(path, [1, 3]);
  expect([module, module[0], module[1]].map((each) => each?.training)).toEqual([true, false, true]);
  const session = await InferenceSession.create(path);
  expect([session.inputNames, session.outputNames]).toEqual([["input"], ["output"]]);
  const { output } = await session.run({ input: new OrtTensor("float32", Float32Array.of(1, 2, 3, 4, 5, 6), [2, 3]) });
  const x = constant(Float32Array.of(1, 2, 3, 4, 5, 6), [2, 3], "float32");
  expect(output?.data).toEqual(await module.eval().forward(x).data());
  await session.release();
});

/** Names and sizes of the inputs and outputs that a file states. */
function portsOf(bytes: Uint8Array): Readonly<Record<string, readonly (string | number)[]>> {
  const { graph } = fromBinary(ModelProtoSchema, bytes);
  return Object.fromEntries(
    [...(graph?.input ?? []), ...(graph?.output ?? [])].map(({ name, type }) => {
      const dims = type?.value.case === "tensorType" ? (type.value.value.shape?.dim ?? []) : [];
      return [name, dims.map(({ value }) => (value.case === "dimParam" ? value.value : Number(value.value)))];
    }),
  );
}

test.each([7919, 7927, 7933, 2 * 7919])("a layer of %d features has that many, and a batch", async (features) => {
  const module = new Linear(features, 4).initialize(new Generator(3)).eval();
  const bytes = onnxModel({
    inputs: { x: { shape: [1, features] } },
    build: (input) => ({
      y: module.forward(
        input("x")
          .reshape([-1, features])
          .expand([input("x").size(0), features]),
      ),
    }),
  });
  expect(portsOf(bytes)).toEqual({ x: ["batch", features], y: ["batch", 4] });
  const session = await InferenceSession.create(bytes);
  const data = new Float32Array(3 * features).fill(1);
  const { y } = await session.run({ x: new OrtTensor("float32", data, [3, features]) });
  expect(y?.dims).toEqual([3, 4]);
  await session.release();
});

test("sizes may be multiples of the batch, and more or less than it", async () => {
  const bytes = onnxModel({
    inputs: { x: { shape: [1, 2, 3] } },
    build(input) {
      const x = input("x");
      const rows = x.reshape([-1, 3]);
      return {
        rows,
        more: rows.concat([rows.newFull([1, 3], 5)]),
        spread: x.newFull([2 * x.size(0) + 3, 1], 7),
        less: x.newFull([x.size(0) - 1], 1),
      };
    },
  });
  expect(portsOf(bytes)).toEqual({
    x: ["batch", 2, 3],
    rows: ["2*batch", 3],
    more: ["2*batch+1", 3],
    spread: ["2*batch+3", 1],
    less: ["batch-1"],
  });
  const session = await InferenceSession.create(bytes);
  const results = await session.run({ x: new OrtTensor("float32", new Float32Array(24), [4, 2, 3]) });
  expect(Object.entries(results).map(([name, { dims }]) => [name, dims])).toEqual([
    ["rows", [8, 3]],
    ["more", [9, 3]],
    ["spread", [11, 1]],
    ["less", [3]],
  ]);
  await session.release();
});

test.each<readonly [string, (x: Tensor) => Tensor]>([
  ["a number made of the batch size", (x) => x.mul(1 / x.size(0))],
  ["half of the batch", (x) => x.slice(0, 0, Math.floor(x.size(0) / 2))],
  ["the square of the batch", (x) => x.matmul(x.t()).reshape([x.size(0) ** 2])],
  ["another graph for other sizes", (x) => (x.size(0) % 4 === 3 ? x.exp() : x)],
])("%s is refused", (_title, forward) => {
  const model = {
    inputs: { x: { shape: [1, 2] } },
    build: (input: (name: string) => Tensor) => ({ y: forward(input("x")) }),
  };
  expect(() => onnxModel(model)).toThrow(/depends on the batch size/);
});

test.each<readonly [string, (x: Tensor) => object, RegExp]>([
  [
    "an output that is undefined",
    (x) => ({ y: x, z: undefined }),
    /build gives no tensor for z; it must give a tensor/,
  ],
  ["an output that is a number", () => ({ y: 3 }), /no tensor for y/],
  ["no output", () => ({}), /build gives no outputs/],
])("%s is refused", (_title, outputs, message) => {
  const build = (input: (name: string) => Tensor) => Object(outputs(input("x")));
  const make = () => onnxModel({ inputs: { x: { shape: [1, 2] } }, build });
  expect(make).toThrow(TensorError);
  expect(make).toThrow(message);
});

test("a constant of the batch's size is refused with the remedy", async () => {
  const build = (input: (name: string) => Tensor) => {
    const x = input("x");
    return { y: x.add(fromArray(new Float32Array(x.size(0)), [x.size(0), 1])) };
  };
  await expect(saveOnnx(join(folder, "bad.onnx"), { inputs: { x: { shape: [1, 2] } }, build })).rejects.toThrow(
    /\[batch,1\] depends on the batch size.*newFull/,
  );
  expect(existsSync(join(folder, "bad.onnx"))).toBe(false);
});

describe("random numbers", () => {
  const noisy = {
    inputs: { x: { shape: [1, 2] }, randn: { shape: [1, 2] } },
    build: (input: (name: string) => Tensor) => {
      const x = input("x");
      const [first, second] = [randnLike(x), randn([3, 2])];
      return {
        first: first.add(x.mul(0)),
        second: second.sum(0),
        uniform: randLike(x),
        whole: randint(2, 5, [x.size(0), 4]),
        given: input("randn"),
      };
    },
  };
  const array = (shape: readonly number[], from = 0) => ({
    data: Float32Array.from({ length: sizeOf(shape) }, (_, index) => from + index),
    shape,
    dtype: "float32" as const,
  });

  test("are inputs of the file, in the order of their drawing", async () => {
    const program = await compileInference(noisy);
    const whole = {
      data: BigInt64Array.from({ length: 20 }, (_, index) => BigInt(index)),
      shape: [5, 4],
      dtype: "int64" as const,
    };
    const inputs = {
      x: array([5, 2]),
      randn: array([5, 2], 7),
      randn1: array([5, 2], 100),
      randn2: array([3, 2], 200),
      rand: array([5, 2], 300),
      randint: whole,
    };
    expect(await program.run(inputs)).toEqual({
      first: inputs.randn1.data,
      second: Float32Array.of(606, 609),
      uniform: inputs.rand.data,
      whole: whole.data,
      given: inputs.randn.data,
    });
    await expect(program.run({ x: inputs.x, randn: inputs.randn })).rejects.toThrow("the input randn1 is missing");
    program.release();
  });

  test("are drawn by whoever runs the file, where that is asked for", async () => {
    const program = await compileInference({ ...noisy, random: "nodes" });
    const run = () => program.run({ x: array([5000, 2]), randn: array([5000, 2]) });
    const [one, other] = [await run(), await run()];
    const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;
    const {
      first = [],
      uniform = [],
      whole = [],
    } = Object.fromEntries(Object.entries(one).map(([name, values]) => [name, Array.from(values, Number)]));
    expect([first.length, uniform.length, whole.length]).toEqual([10_000, 10_000, 20_000]);
    expect(one.first).not.toEqual(other.first);
    expect(Math.abs(mean(first))).toBeLessThan(0.04);
    expect(Math.abs(mean(first.map((value) => value ** 2)) - 1)).toBeLessThan(0.06);
    expect(Math.abs(mean(uniform) - 0.5)).toBeLessThan(0.012);
    expect(new Set(whole)).toEqual(new Set([2, 3, 4]));
    program.release();
  });

  test("a dropout that drops cannot be written", () => {
    const dropout = new Dropout(0.5);
    const model = {
      inputs: { x: { shape: [1, 2] } },
      build: (input: (name: string) => Tensor) => ({ y: dropout.forward(input("x")) }),
    };
    expect(() => onnxModel(model)).toThrow(/switch the module to eval/);
  });
});
