/** What holds whatever the shapes, and what ONNX Runtime cannot order; fixtures/more-ops.py has cases of PyTorch. */
import { expectNear } from "@ml-mosaic/testing";
import fc from "fast-check";
import { expect, test } from "vitest";
import { required } from "../../test/fixtures.ts";
import { evaluateOnWasm } from "../../test/wasm.ts";
import { fromNumbers, toNumbers } from "../dtype.ts";
import { evaluate } from "../runtime/evaluate.ts";
import { type Shape, sizeOf } from "../shape.ts";
import { constant } from "../tensor.ts";
import { Buffer } from "../variable.ts";
import * as ordering from "./ordering.ts";

const floats = (shape: Shape) =>
  new Buffer(shape, "float32", () =>
    Float32Array.from({ length: sizeOf(shape) }, (_, index) => ((index * 37) % 64) / 32 - 1),
  );

const shapes = fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 3 });

test("cumsum ends with the sum, sort is a permutation in order, topk begins it", async () => {
  const property = fc.asyncProperty(shapes, fc.nat(), fc.boolean(), async (shape, number, descending) => {
    const dim = number % shape.length;
    const x = floats(shape);
    const sorted = x.sort(dim, { descending });
    const k = number % (required(shape[dim]) + 1);
    const top = x.topk(k, dim, { largest: descending });
    const results = await evaluate([
      sorted.values,
      x.gather(dim, sorted.indices),
      top.values,
      sorted.values.slice(dim, 0, k),
      top.indices,
      sorted.indices.slice(dim, 0, k),
      x.cumsum(dim).slice(dim, -1),
      x.sum(dim, true).slice(dim, 0, Math.min(1, required(shape[dim]))),
    ]);
    const numbers = results.map(toNumbers);
    for (const at of [0, 2, 4, 6])
      expectNear(required(numbers[at]), required(numbers[at + 1]), { relative: 1e-5, absolute: 1e-6 });
  });
  await fc.assert(property, { numRuns: 60 });
});

test("on WebAssembly the same order as ONNX Runtime's, ties, NaN and long axes included", async () => {
  const sizes = fc.constantFrom([40], [3, 65], [130, 2], [2, 31, 2], [257], [0, 2]);
  const dtypes = fc.constantFrom("float32" as const, "int64" as const, "int32" as const, "uint8" as const);
  const property = fc.asyncProperty(sizes, dtypes, fc.nat(), fc.boolean(), async (shape, dtype, number, largest) => {
    const dim = number % shape.length;
    const values = Array.from({ length: sizeOf(shape) }, (_, index) => {
      const value = (index * 37 + number) % 23;
      return dtype === "float32" && value === 3 ? Number.NaN : value;
    });
    const x = new Buffer(shape, dtype, () => fromNumbers(dtype, values));
    const top = x.topk(Math.ceil(0.7 * required(shape[dim])), dim, { largest });
    const whole = dtype === "float32" ? x.isnan().where(x.zerosLike(), x) : x;
    const isEmpty = shape[dim] === 0;
    const extremes = isEmpty ? [] : [whole.max(dim), whole.min(dim), whole.cumsum(dim)];
    const results = [top.values, top.indices, ...extremes];
    const [expected, actual] = [await evaluate(results), await evaluateOnWasm(results)];
    expect(actual).toEqual(expected);
  });
  await fc.assert(property, { numRuns: 12 });
});

test("what ONNX Runtime cannot order", () => {
  expect(() =>
    constant(Uint8Array.of(1), [1], "bool").apply(ordering.topkValues, [], {
      axis: 0,
      k: 1,
      largest: true,
      sorted: true,
    }),
  ).toThrow("topk orders no bool");
  expect(() => constant(Float32Array.of(1), [1], "float32").oneHot(2)).toThrow(
    "oneHot: the index is float32; it must be int64",
  );
  expect(() =>
    constant(Float32Array.of(1), [1], "float32").prelu(constant(Float32Array.of(1, 2), [2], "float32")),
  ).toThrow("prelu: the slopes [2] do not broadcast to the input [1]");
});

test("places of the largest and the smallest of booleans are refused, as PyTorch refuses them", () => {
  const flags = constant(Uint8Array.of(0, 1), [2], "bool");
  expect(() => flags.argmax()).toThrow(/argmax needs numbers, not bool/);
  expect(() => flags.argmin(0)).toThrow(/argmin needs numbers, not bool/);
});
