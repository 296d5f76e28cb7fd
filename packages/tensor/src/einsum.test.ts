/** Against the sum that is written out; fixtures/more-ops.py has cases of PyTorch. */
import { expectNear } from "@ml-mosaic/testing";
import fc from "fast-check";
import { expect, test } from "vitest";
import { required } from "../test/fixtures.ts";
import { toNumbers } from "./dtype.ts";
import { einsum } from "./einsum.ts";
import { type Shape, sizeOf } from "./shape.ts";
import { Buffer } from "./variable.ts";

const floats = (shape: Shape) =>
  new Buffer(shape, "float32", () =>
    Float32Array.from({ length: sizeOf(shape) }, (_, index) => ((index * 37) % 64) / 32 - 1),
  );

test("einsum is the sum over all positions", async () => {
  const letters = ["i", "j", "k", "l"] as const;
  const operand = fc.array(fc.constantFrom(...letters), { maxLength: 3 });
  const property = fc.asyncProperty(
    fc.record({
      sizes: fc.tuple(...letters.map(() => fc.integer({ min: 0, max: 3 }))),
      operands: fc.array(operand, { minLength: 1, maxLength: 3 }),
      order: fc.shuffledSubarray([...letters]),
    }),
    async ({ sizes, operands, order }) => {
      const sizeOfLetter = new Map<string, number>(letters.map((letter, index) => [letter, required(sizes[index])]));
      const used = letters.filter((letter) => operands.some((names) => names.includes(letter)));
      const output = order.filter((letter) => used.includes(letter));
      const shapeOf = (names: readonly string[]) => names.map((name) => required(sizeOfLetter.get(name)));
      const tensors = operands.map((names) => floats(shapeOf(names)));
      const equation = `${operands.map((names) => names.join("")).join(",")}->${output.join("")}`;
      const actual = einsum(equation, ...tensors);
      expect(actual.shape).toEqual(shapeOf(output));
      const expected = new Float64Array(sizeOf(actual.shape));
      const position = (names: readonly string[], at: ReadonlyMap<string, number>) =>
        names.reduce((index, name) => index * required(sizeOfLetter.get(name)) + required(at.get(name)), 0);
      const visit = (rest: readonly string[], at: ReadonlyMap<string, number>): void => {
        const [name, ...others] = rest;
        if (name === undefined) {
          const term = operands.reduce(
            (product, names, index) => product * toNumbers(required(tensors[index]).value)[position(names, at)]!,
            1,
          );
          expected[position(output, at)]! += term;
          return;
        }
        for (let index = 0; index < required(sizeOfLetter.get(name)); index++)
          visit(others, new Map([...at, [name, index]]));
      };
      visit(used, new Map());
      expectNear(await actual.data(), [...expected], { relative: 1e-5, absolute: 1e-5 });
    },
  );
  await fc.assert(property, { numRuns: 60 });
});
