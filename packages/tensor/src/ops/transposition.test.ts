import fc from "fast-check";
import { expect, test } from "vitest";
import { arange } from "../creation.ts";
import { sizeOf } from "../shape.ts";
import { type Permutation, passesOf } from "./transposition.ts";

/** Elements 0, 1, 2… in the order that a permutation gives them. */
function moved({ shape, order }: Permutation, elements: readonly number[]): readonly number[] {
  const strides = shape.map((_, axis) => sizeOf(shape.slice(axis + 1)));
  const places = order.reduce<readonly number[]>(
    (found, axis) =>
      found.flatMap((place) => Array.from({ length: shape[axis] ?? 0 }, (_, at) => place + at * (strides[axis] ?? 0))),
    [0],
  );
  return places.map((place) => elements[place] ?? Number.NaN);
}

const permutations = fc
  .array(fc.constantFrom(1, 2, 3, 5, 8, 16, 33), { minLength: 1, maxLength: 6 })
  .filter((shape) => sizeOf(shape) <= 100_000)
  .chain((shape) =>
    fc.record({
      shape: fc.constant(shape),
      order: fc.shuffledSubarray([...shape.keys()], { minLength: shape.length }),
    }),
  );

test("passes move every element where the permutation does", async () => {
  let inPasses = 0;
  await fc.assert(
    fc.asyncProperty(permutations, async ({ shape, order }) => {
      const numbers = Array.from({ length: sizeOf(shape) }, (_, index) => index);
      const expected = moved({ shape, order }, numbers);
      const passes = passesOf({ shape, order });
      if (passes.length > 0) {
        inPasses++;
        expect(passes.reduce<readonly number[]>((elements, pass) => moved(pass, elements), numbers)).toEqual(expected);
      }
      const computed = await arange(sizeOf(shape)).reshape(shape).permute(order).data();
      expect(Array.from(computed, Number)).toEqual(expected);
    }),
    { numRuns: 300, seed: 1 },
  );
  expect(inPasses).toBeGreaterThan(20);
});

test("slow permutations are done in two quick ones, quick ones as they are", () => {
  // What a transposed convolution whose kernels tile its output does, forward and backward.
  expect(passesOf({ shape: [16, 16, 2, 2, 16, 16], order: [0, 1, 4, 2, 5, 3] })).toHaveLength(2);
  expect(passesOf({ shape: [16, 16, 16, 2, 16, 2], order: [0, 1, 3, 5, 2, 4] })).toHaveLength(2);
  expect(passesOf({ shape: [128, 3, 128, 3], order: [0, 2, 1, 3] })).toHaveLength(2);
  // One axis, large blocks, few elements.
  expect(passesOf({ shape: [64, 128, 9], order: [2, 0, 1] })).toEqual([]);
  expect(passesOf({ shape: [16, 32, 34, 34], order: [1, 0, 2, 3] })).toEqual([]);
  expect(passesOf({ shape: [4, 3, 2, 5], order: [3, 1, 0, 2] })).toEqual([]);
});
