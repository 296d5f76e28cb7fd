import { expect, test } from "vitest";
import { topologicalOrder } from "../graph/order.ts";
import { trace } from "../graph/trace.ts";
import { Dropout } from "../nn/dropout.ts";
import { input, type Tensor } from "../tensor.ts";
import type { LoopGraph, LoopInput } from "./loop.ts";
import { loopKey } from "./loop-key.ts";
import { randomPart } from "./random-keys.ts";

/** Of one result of two inputs, with keys for its random ops. */
function loop(
  build: (x: Tensor, y: Tensor) => Tensor,
  changes: (inputs: LoopInput[]) => Partial<LoopGraph> = () => ({}),
) {
  const [x, y] = [input("x", [2, 3], "float32"), input("y", [2, 3], "float32")];
  const { result } = trace(() => build(x, y));
  const ids = topologicalOrder([result]).flatMap(({ randomId }) => randomId ?? []);
  const { perStep = [], randomKeys = new Map() } = randomPart(ids);
  const inputs = [x, y].map((tensor, index) => ({ name: `fixed${index}`, tensor, isOpen: false }));
  const keys = perStep.map(({ tensor }, index) => ({ name: `perStep${index}`, tensor, isOpen: false }));
  return {
    name: "test",
    fixed: inputs,
    carried: [],
    perStep: keys,
    computed: [],
    randomKeys,
    results: [result],
    ...changes(inputs),
  };
}

const dropout = (x: Tensor, p: number) => new Dropout(p).forward(x);

test("the same computation has the same key, whatever its tensors and random ops are called", () => {
  const computations: readonly ((x: Tensor, y: Tensor) => Tensor)[] = [
    (x, y) => x.add(y).mul(2).sum(1),
    (x, y) => dropout(x, 0.5).mul(dropout(y, 0.5)),
  ];
  for (const build of computations) expect(loopKey(loop(build))).toBe(loopKey(loop(build)));
});

test("other computations have other keys", () => {
  const sameNames = (inputs: LoopInput[]) => inputs.map(({ tensor }) => tensor);
  const loops: readonly LoopGraph[] = [
    loop((x) => x),
    loop((_, y) => y),
    loop((x, y) => x.add(y)),
    loop((x, y) => y.add(x)),
    loop((x, y) => x.mul(y)),
    loop((x) => x.add(x)),
    loop((x) => x.sum(0)),
    loop((x) => x.sum(1)),
    loop((x) => x.sum(1, true)),
    loop((x) => x.mul(2)),
    loop((x) => x.mul(-2)),
    loop((x) => x.mul(0)),
    loop((x) => x.mul(-0)),
    loop((x) => x.mul(Number.NaN)),
    loop((x) => x.mul(Number.POSITIVE_INFINITY)),
    loop((x) => x.to("int64")),
    loop((x) => x.to("int32")),
    loop((x) => x.reshape([3, 2])),
    loop((x) => x.reshape([6])),
    loop((x) => x.leakyRelu(0)),
    loop((x) => x.leakyRelu(-0)),
    loop((x) => x.leakyRelu(Number.POSITIVE_INFINITY)),
    loop((x) => x.leakyRelu(Number.NEGATIVE_INFINITY)),
    loop((x) => dropout(x, 0.5)),
    loop((x) => dropout(x, 0.25)),
    loop((x, y) => dropout(x, 0.5).mul(dropout(y, 0.5))),
    loop((x, y) => {
      const mask = dropout(x, 0.5);
      return mask.mul(mask).mul(y);
    }),
    loop(
      (x) => x,
      () => ({ name: "other" }),
    ),
    loop(
      (x) => x,
      (inputs) => ({ fixed: inputs.map((each) => ({ ...each, isOpen: true })) }),
    ),
    loop(
      (x) => x,
      (inputs) => ({ fixed: inputs.toReversed() }),
    ),
    loop(
      (x) => x,
      (inputs) => ({ fixed: inputs.slice(0, 1), carried: inputs.slice(1) }),
    ),
    loop(
      (x) => x,
      (inputs) => ({ fixed: inputs.slice(0, 1), perStep: inputs.slice(1) }),
    ),
    loop(
      (x) => x,
      (inputs) => ({ results: sameNames(inputs) }),
    ),
    loop(
      (x) => x,
      (inputs) => ({ results: sameNames(inputs).toReversed() }),
    ),
  ];
  const keys = loops.map(loopKey);
  const repeated = keys.flatMap((key, index) => (keys.indexOf(key) === index ? [] : [index]));
  expect(repeated).toEqual([]);
});
