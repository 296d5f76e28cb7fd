/** Hooks around `forward`, with PyTorch's order and what they may change. */
import { expect, test } from "vitest";
import { tensor } from "../creation.ts";
import { TensorError } from "../errors.ts";
import { Tensor } from "../tensor.ts";
import { ReLU } from "./activations.ts";
import { Identity } from "./identity.ts";
import { Linear } from "./linear.ts";
import { Sequential } from "./sequential.ts";

function tensorsOf(inputs: readonly unknown[]): Tensor[] {
  return inputs.filter((input) => input instanceof Tensor);
}

test("hooks see every call, inner modules before outer ones, until they are removed", () => {
  const model = new Sequential(new Linear(2, 3), new ReLU());
  const seen: string[] = [];
  const handles = Array.from(model.namedModules(), ([path, module]) => [
    module.registerForwardPreHook((_, inputs) => void seen.push(`before ${path}: ${tensorsOf(inputs).map(String)}`)),
    module.registerForwardHook((_, inputs, output) => {
      seen.push(`after ${path}: ${tensorsOf([...inputs, output]).map(({ shape }) => `[${shape}]`)}`);
    }),
  ]).flat();
  const x = tensor([[1, 2]]);
  model.forward(x);
  expect(seen).toEqual([
    "before : Tensor([1, 2], float32)",
    "before 0: Tensor([1, 2], float32)",
    "after 0: [1,2],[1,3]",
    "before 1: Tensor([1, 3], float32)",
    "after 1: [1,3],[1,3]",
    "after : [1,2],[1,3]",
  ]);
  for (const handle of handles) handle.remove();
  model.forward(x);
  expect(seen).toHaveLength(6);
});

test("what a hook gives takes the place of inputs and output, one hook after the other", async () => {
  const module = new Identity();
  module.registerForwardPreHook((_, inputs) => tensorsOf(inputs).map((input) => input.mul(2)));
  module.registerForwardPreHook((_, [input]) => (input instanceof Tensor ? input.add(1) : undefined));
  module.registerForwardHook((_, __, output) => (output instanceof Tensor ? output.mul(10) : undefined));
  module.registerForwardHook(() => undefined);
  expect(await module.forward(tensor([1, 2])).toArray()).toEqual([30, 50]);
  expect([...module.namedVariables()]).toEqual([]);
});

test("an error in a hook has the module's path", () => {
  const model = new Sequential(new ReLU(), new ReLU());
  [...model.namedModules()].at(-1)?.[1].registerForwardHook(() => tensor([1]).reshape([2]));
  expect(() => model.forward(tensor([1]))).toThrow(TensorError);
  expect(() => model.forward(tensor([1]))).toThrow(/^1 \(ReLU\): reshape/);
});
