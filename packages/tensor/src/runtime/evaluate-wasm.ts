import type { TypedArray } from "../dtype.ts";
import { TensorError } from "../errors.ts";
import type { Unknown } from "../graph/known-value.ts";
import { substitute } from "../graph/substitute.ts";
import type { LoopInput, NamedFeed, RandomKey } from "../program/loop.ts";
import type { Generator } from "../random/generator.ts";
import type { Shape } from "../shape.ts";
import { input, type Tensor } from "../tensor.ts";
import { compileWasm } from "../wasm/executor.ts";

/**
 * Computes tensors together, as a program of one step.
 *
 * @param generator draws the keys of random ops
 * @returns the elements of each
 * @throws TensorError that names all ops that have no loops
 */
export async function evaluateOnWasm(
  tensors: readonly Tensor[],
  { order, known }: Unknown,
  generator: Generator,
): Promise<readonly TypedArray[]> {
  const fixed: LoopInput[] = [];
  const feeds: NamedFeed[] = [];
  const enter = (data: TypedArray, shape: Shape, dtype: Tensor["dtype"]): Tensor => {
    const name = `in${fixed.length}`;
    const tensor = input(name, shape, dtype);
    fixed.push({ name, tensor, isOpen: false });
    feeds.push({ name, data, shape, dtype });
    return tensor;
  };
  const places = new Map(
    Array.from(known, ([tensor, data]): [Tensor, Tensor] => [tensor, enter(data, tensor.shape, tensor.dtype)]),
  );
  const ids = new Set(order.map(({ randomId }) => randomId).filter((id) => id !== undefined));
  const half = () => enter(Int32Array.of(generator.uint32()), [], "int32");
  const randomKeys = new Map(Array.from(ids, (id): [number, RandomKey] => [id, [half(), half()]]));
  const executable = await compileWasm({
    name: "evaluate",
    fixed,
    carried: [],
    perStep: [],
    computed: [],
    randomKeys,
    results: substitute(tensors, places),
  });
  const results = await executable
    .run({ fixed: feeds, carried: [], perStep: [], steps: 1 })
    .finally(() => executable.release());
  return tensors.map((_, index) => {
    const data = results(index);
    if (data === undefined) throw new TensorError("TENSOR_RUNTIME", `the computation gave no result ${index}`);
    return data;
  });
}
