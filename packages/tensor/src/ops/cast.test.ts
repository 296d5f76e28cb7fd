import { expect, test } from "vitest";
import { evaluateOnWasm } from "../../test/wasm.ts";
import { toNumbers } from "../dtype.ts";
import { Buffer } from "../variable.ts";

const { NaN: nan, POSITIVE_INFINITY: infinity } = Number;
const values = [2.9, -2.9, 1e10, -1e10, 2 ** 31, -(2 ** 31), 1e19, nan, infinity, -infinity, 300, -1];
const least = -(2 ** 31);
const longLeast = -(2 ** 63);

// As PyTorch 1.13 has them on x86.
test.each([
  ["int32", [2, -2, least, least, least, least, least, least, least, least, 300, -1]],
  ["int64", [2, -2, 1e10, -1e10, 2 ** 31, least, longLeast, longLeast, longLeast, longLeast, 300, -1]],
] as const)("what is no number of %s is its least one on WebAssembly", async (dtype, expected) => {
  // Four at a time, and one at a time.
  for (const shape of [[values.length], [values.length, 1]]) {
    const x = new Buffer(shape, "float32", () => Float32Array.from(values));
    const [cast] = await evaluateOnWasm([x.to(dtype)]);
    expect(cast && toNumbers(cast)).toEqual(expected);
  }
});
