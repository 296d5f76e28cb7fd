import { describe, expect, test } from "vitest";
import { arange, fromArray, full, ones, tensor, zeros } from "./creation.ts";
import { TensorError } from "./errors.ts";
import { CrossEntropyLoss } from "./losses/classification.ts";
import { Linear } from "./nn/linear.ts";
import { SGD } from "./optim/sgd.ts";
import { compileTraining } from "./program/training-program.ts";
import { Generator } from "./random/generator.ts";
import { input } from "./tensor.ts";

const given = <T>(value: unknown): T => Object(value);

describe("types of arrays", () => {
  const pixels = Uint8Array.of(0, 7, 128, 255);

  test("bytes are uint8: pixels stay what they are", async () => {
    const image = fromArray(pixels, [2, 2]);
    expect(image.dtype).toBe("uint8");
    expect(await image.toArray()).toEqual([
      [0, 7],
      [128, 255],
    ]);
    expect(await image.float().div(255).sum().item()).toBeCloseTo(390 / 255, 6);
    expect(await image.gt(100).data()).toEqual(Uint8Array.of(0, 0, 1, 1));
    expect(zeros([2], { dtype: "uint8" }).dtype).toBe("uint8");
    expect(await full([2], 300, { dtype: "uint8" }).data()).toEqual(Uint8Array.of(44, 44));
  });

  test("a program takes bytes", async () => {
    const layer = new Linear(4, 2).initialize(new Generator(0));
    const run = async (float: boolean) => {
      const dtype = float ? "float32" : "uint8";
      const program = await compileTraining({
        fields: [
          { shape: [1, 4], dtype, data: float ? Float32Array.from(pixels) : pixels },
          { shape: [1], dtype: "int64", data: BigInt64Array.of(1n) },
        ],
        batchSize: 1,
        parameters: layer.parameters(),
        optimizer: SGD({ lr: 0.1 }),
        step: ([image, label]) => ({
          loss: new CrossEntropyLoss().forward(
            layer.forward((image ?? zeros([])).float().div(255)),
            label ?? zeros([]),
          ),
        }),
      });
      const chunk = { lr: 0.1, batchSize: 1, rows: new Int32Array(3), generator: new Generator(0) };
      const { values, state } = await program.run(program.initialState, chunk);
      program.release();
      return { values, state };
    };
    expect(await run(false)).toEqual(await run(true));
  });

  test("float64 is rounded, and the array is not kept", async () => {
    const double = Float64Array.of(0.1, 1e39);
    const rounded = fromArray(double, [2]);
    double[0] = 5;
    expect(await rounded.data()).toEqual(Float32Array.of(0.1, Number.POSITIVE_INFINITY));
  });

  test.each([Int8Array, Uint8ClampedArray, Uint16Array, Uint32Array, BigUint64Array])("no other ones: %o", (Kind) => {
    const make = () => fromArray(given(new Kind(2)), [2]);
    expect(make).toThrow(TensorError);
    expect(make).toThrow(new RegExp(`no tensor can be made of ${Kind.name}: elements are in Float32Array`));
  });
});

test.each<[string, () => unknown]>([
  ["zeros", () => zeros([2], { dtype: given("float16") })],
  ["ones", () => ones([2], { dtype: given("float16") })],
  ["tensor", () => tensor([1], { dtype: given("float16") })],
  ["arange", () => arange(2, 3, 1, { dtype: given("float16") })],
  ["to", () => ones([2]).to(given("float16"))],
  ["input", () => input("x", [1], given("float16"))],
])("%s says which types there are", (_name, make) => {
  expect(make).toThrow(TensorError);
  expect(make).toThrow('there is no type "float16"; types are bool, uint8, int32, int64, float32');
});
