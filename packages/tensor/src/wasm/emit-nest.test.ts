import { expect, test } from "vitest";
import { evaluateOnWasm } from "../../test/wasm.ts";
import { fromArray } from "../creation.ts";
import { cat } from "../methods/movement.ts";
import type { Tensor } from "../tensor.ts";

const values = [0.3, -0, 0, Number.NaN, Number.POSITIVE_INFINITY, -1e-40, 88.5, -1.75, 3e38, 1e-20, -7];

test.each<readonly [string, (x: Tensor, other: Tensor) => Tensor]>([
  ["arithmetic", (x, other) => x.mul(other).add(0.1).div(other.sub(x)).sqrt()],
  ["elementary functions", (x, other) => x.sigmoid().mul(other.tanh()).add(x.exp())],
  ["choices", (x, other) => x.gt(other).where(x.clamp({ min: -1, max: 2 }), other.maximum(x).neg())],
  ["parts of others", (x, other) => cat([x.slice(0, 0, 3), other.slice(0, 1), x.slice(0, 3)], 0).mul(2)],
  ["the other direction", (x, other) => x.flip([0]).add(other)],
])("a few elements have the bits that they have among many: %s", async (_name, compute) => {
  const bits = ({ buffer, byteOffset, length }: Float32Array) => new Int32Array(buffer, byteOffset, length);
  const run = async (copies: number) => {
    const all = Float32Array.from({ length: copies * values.length }, (_, index) => values[index % values.length] ?? 0);
    // Of the second axis, which does not mix the copies.
    const x = fromArray(all, [copies, values.length]).t();
    const other = x.mul(-0.5).add(1);
    const [result] = await evaluateOnWasm([compute(x, other).t()]);
    if (!(result instanceof Float32Array)) throw new Error("the results are numbers");
    return result;
  };
  const few = await run(1);
  const many = await run(200);
  expect(bits(many.slice(0, few.length))).toEqual(bits(few));
  expect(bits(many.slice(-few.length))).toEqual(bits(few));
});
