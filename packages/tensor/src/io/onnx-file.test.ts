import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fromBinary } from "@bufbuild/protobuf";
import { InferenceSession, Tensor as OrtTensor } from "onnxruntime-node";
import * as web from "onnxruntime-web";
import { afterAll, beforeAll, expect, test } from "vitest";
import { randn } from "../creation.ts";
import { Conv2d, Dropout, Flatten, Linear, Module, ReLU, Sequential } from "../nn/index.ts";
import { ModelProtoSchema } from "../onnx/onnx_pb.ts";
import { Generator } from "../random/generator.ts";
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

test("a constant of the batch's size is refused with the remedy", async () => {
  const build = (input: (name: string) => Tensor) => {
    const x = input("x");
    return { y: x.add(randn([x.size(0), 1])) };
  };
  await expect(saveOnnx(join(folder, "bad.onnx"), { inputs: { x: { shape: [1, 2] } }, build })).rejects.toThrow(
    /\[batch,1\] depends on the batch size.*newFull/,
  );
  expect(existsSync(join(folder, "bad.onnx"))).toBe(false);
});
