import { expect, test } from "vitest";
import { fromArray } from "../creation.ts";
import { unknownOf } from "../graph/known-value.ts";
import { cat } from "../methods/movement.ts";
import { Generator } from "../random/generator.ts";
import type { Tensor } from "../tensor.ts";
import { parameter } from "../variable.ts";
import { evaluate } from "./evaluate.ts";
import { isExact } from "./exact.ts";

const generator = new Generator(3);
const values = (count: number) => Float32Array.from({ length: count }, () => generator.integer(-4, 5) || 1);
const x = fromArray(values(24), [4, 6]);
const y = fromArray(values(6), [6]);
const special = fromArray(Float32Array.of(Number.NaN, -0, 0, Number.POSITIVE_INFINITY, 1, -1), [2, 3]);

const cases: readonly (readonly [string, () => Tensor])[] = [
  ["reshape", () => x.reshape([3, 8])],
  ["permute", () => x.permute([1, 0])],
  ["expand", () => y.expand([4, 6])],
  ["slice", () => x.slice(1, 1, 5)],
  ["flip", () => x.flip([0, 1])],
  ["concat", () => cat([x, y.reshape([1, 6])], 0)],
  ["max", () => x.max(1, true)],
  ["min", () => x.min(0)],
  ["comparisons", () => x.gt(y).logicalAnd(x.le(2)).logicalOr(x.eq(y)).logicalNot()],
  ["where", () => x.ge(y).where(x, y)],
  ["detach and clone", () => x.detach().clone()],
  [
    "chains",
    () =>
      x
        .max(0, true)
        .expand([4, 6])
        .eq(x)
        .where(x.permute([1, 0]).reshape([4, 6]), y),
  ],
  ["parameters", () => parameter(values(6), [6]).max(0)],
];

/** These are ONNX Runtime's. */
const others: readonly (readonly [string, () => Tensor])[] = [
  ["numbers that are not plain", () => special.max(1)],
  ["nothing", () => x.slice(0, 0, 0).flip([0])],
  ["a negative zero", () => fromArray(Float32Array.of(0, -0), [2]).max(0)],
  ["whole numbers", () => fromArray(BigInt64Array.of(3n, 1n, 2n), [3]).flip([0])],
];

// First: any other test here loads it.
test("needs no ONNX Runtime, and leaves nothing behind", async () => {
  const libraries = () => {
    const report: { readonly sharedObjects?: readonly string[] } = Object(process.report.getReport());
    return (report.sharedObjects ?? []).filter((file) => /libonnxruntime/.test(file)).length;
  };
  const before = libraries();
  await x.max(1).data();
  expect(libraries()).toBe(before);
  // Each WebAssembly memory takes gigabytes of addresses until it is collected.
  for (let index = 0; index < 20_000; index++) await x.max(1).data();
  expect(process.memoryUsage().rss).toBeLessThan(2e9);
});

test("what has other bits elsewhere is not exact", () => {
  const exactOf = (list: typeof cases) => list.filter(([, build]) => isExact(unknownOf([build()])));
  expect(exactOf(cases)).toEqual(cases);
  expect(exactOf(others)).toEqual([]);
});

test.each([...cases, ...others])("%s: the bits of ONNX Runtime", async (_, build) => {
  const tensor = build();
  const [alone] = await evaluate([tensor]);
  // Beside something that is computed all goes to ONNX Runtime.
  const [beside] = await evaluate([tensor, y.exp()]);
  expect(alone).toEqual(beside);
});
