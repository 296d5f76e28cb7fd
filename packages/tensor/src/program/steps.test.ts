/** The form of a loop for graphics devices: on the processor it computes what the other form does. */
import { expect, test } from "vitest";
import { TensorError } from "../errors.ts";
import { dropoutMask } from "../ops/random.ts";
import { Generator } from "../random/generator.ts";
import { checkDevice } from "../runtime/check-device.ts";
import { parseDevice } from "../runtime/device.ts";
import type { Feed } from "../runtime/session.ts";
import { apply } from "../tensor.ts";
import type { LoopParts } from "./loop.ts";
import { compileScan } from "./scan.ts";
import { compileSteps } from "./steps.ts";

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
      const mask = apply(dropoutMask, [], { id: 0, shape: [6], p: 0.5 });
      return {
        carried: { sum, count: entry("count").add(1) },
        collected: { largest: sum.max(), all: sum.exp(), mask },
      };
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
      [actual.collected("mask"), expected.collected("mask")],
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

test("cuda:0 computes, or its error says what is missing", async () => {
  const missing = await checkDevice("cuda:0").then(
    () => undefined,
    (error: unknown) => error,
  );
  if (missing === undefined) return;
  expect(missing).toBeInstanceOf(TensorError);
  expect(missing).toMatchObject({ message: expect.stringMatching(/the device cuda:0 cannot be used: .*libraries/s) });
});
