import { expect, test } from "vitest";
import { type Block, decodeBlock, encodeBlock } from "./block.ts";

test("gives back a header with any text and arrays of every kind and of odd lengths", () => {
  const block: Block<{ readonly name: string }> = {
    header: { name: "größer 雪 <img>" },
    arrays: [
      new Uint8Array([1, 2, 3]),
      new Float64Array([Number.NaN, -0, Number.POSITIVE_INFINITY, 5e-324]),
      new Uint32Array([0xffffffff]),
      new Float32Array([]),
      new Float32Array([1.5]),
    ],
  };
  expect(decodeBlock(encodeBlock(block).buffer)).toEqual(block);
});

test("takes arrays that lie in the middle of another's buffer", () => {
  const part = new Float64Array([1, 2, 3, 4]).subarray(1, 3);
  expect(decodeBlock(encodeBlock({ header: null, arrays: [part] }).buffer).arrays).toEqual([new Float64Array([2, 3])]);
});
