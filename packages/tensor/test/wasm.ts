/** Computes tensors as a program of one step on WebAssembly. */
import type { TypedArray } from "../src/dtype.ts";
import { topologicalOrder } from "../src/graph/order.ts";
import type { LoopGraph, NamedFeed } from "../src/program/loop.ts";
import type { Tensor } from "../src/tensor.ts";
import { Variable } from "../src/variable.ts";
import { compileWasm } from "../src/wasm/executor.ts";

export async function evaluateOnWasm(tensors: readonly Tensor[]): Promise<readonly TypedArray[]> {
  const leaves = topologicalOrder(tensors).filter((tensor) => tensor instanceof Variable);
  const named = leaves.map((tensor, index) => ({ tensor, name: `fixed${index}`, isOpen: false }));
  const graph: LoopGraph = {
    name: "evaluation",
    fixed: named,
    carried: [],
    perStep: [],
    computed: [],
    randomKeys: new Map(),
    results: tensors,
  };
  const program = await compileWasm(graph);
  const fixed = named.map(
    ({ name, tensor }): NamedFeed => ({ name, data: tensor.value, shape: tensor.shape, dtype: tensor.dtype }),
  );
  const results = await program.run({ fixed, carried: [], perStep: [], steps: 1 });
  return tensors.map((_, index) => {
    const result = results(index);
    if (result === undefined) throw new Error("the program gave less than it was asked for");
    return result;
  });
}
