import { expect, test } from "vitest";
import { grad } from "../graph/gradient.ts";
import { randn, type Tensor } from "../index.ts";
import { Generator } from "../random/generator.ts";
import { evaluate } from "../runtime/evaluate.ts";
import { pointwiseGradient } from "./pointwise-weight-gradient.ts";
import { weightGradient } from "./weight-gradient.ts";

const none = { stride: [1, 1], before: [0, 0], after: [0, 0], dilation: [1, 1], groups: 1 } as const;
const weight = [4, 3, 1, 1];

test("the gradient of a pointwise weight, and its gradients, are those of any weight", async () => {
  const generator = new Generator(0);
  const x = randn([2, 3, 16, 17], { generator });
  const outer = randn([2, 4, 16, 17], { generator });
  const ways = [pointwiseGradient(x, outer, weight, none), weightGradient(x, outer, weight, none)];
  const values = ways.flatMap((way: Tensor | undefined) =>
    way === undefined ? [] : [way, ...grad(way.pow(2).sum(), [x, outer]).flatMap((slope) => slope ?? [])],
  );
  expect(values).toHaveLength(6);
  const found = await evaluate(values);
  for (const index of [0, 1, 2])
    for (const [place, value] of (found[index] ?? []).entries())
      expect(Number(value) / 100).toBeCloseTo(Number(found[index + 3]?.[place]) / 100, 4);
});

test.each([
  ["small images", [2, 3, 7, 9], none],
  ["padding", [2, 3, 16, 17], { ...none, before: [0, 1] }],
  ["stride", [2, 3, 16, 17], { ...none, stride: [2, 2] }],
  ["nothing", [0, 3, 16, 17], none],
] as const)("others are left to the general way: %s", (_, shape, attributes) => {
  const x = randn(shape, { generator: new Generator(0) });
  expect(
    pointwiseGradient(x, randn([2, 4, 16, 17], { generator: new Generator(0) }), weight, attributes),
  ).toBeUndefined();
});
