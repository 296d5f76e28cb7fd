import { expect, test } from "vitest";
import { evaluateOnWasm } from "../../test/wasm.ts";
import { fromArray } from "../creation.ts";
import { grad } from "../graph/gradient.ts";
import { cat } from "../methods/movement.ts";
import { Parameter } from "../variable.ts";

test("thousands of operations that follow on each other, and thousands of parts, are no stack too many", async () => {
  const x = new Parameter([2], () => Float32Array.of(0.5, -0.25));
  let chain = x.mul(1);
  for (let index = 0; index < 3000; index++) chain = chain.add(index % 2 === 0 ? 1 : -1);
  const parts = cat(
    Array.from({ length: 3000 }, (_, index) => fromArray(Float32Array.of(index), [1]).mul(x.slice(0, 0, 1))),
    0,
  );
  const [gradient] = grad(chain.mul(chain).sum(), [x]);
  if (gradient === undefined) throw new Error("the chain has a gradient");
  const [end, slope, joined] = await evaluateOnWasm([chain, gradient, parts]);
  expect(end).toEqual(Float32Array.of(0.5, -0.25));
  expect(slope).toEqual(Float32Array.of(1, -0.5));
  expect(joined).toEqual(Float32Array.from({ length: 3000 }, (_, index) => index / 2));
});
