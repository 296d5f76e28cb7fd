/**
 * What only moves, compares and chooses has the same bits whatever computes it. WebAssembly does, so that a program which
 * needs ONNX Runtime for nothing else does without: loading it takes a tenth of a second and 70 MB.
 */
import type { TypedArray } from "../dtype.ts";
import { TensorError } from "../errors.ts";
import { substitute } from "../graph/substitute.ts";
import type { LoopInput, NamedFeed } from "../program/loop.ts";
import { input, type Tensor } from "../tensor.ts";
import { Variable } from "../variable.ts";
import { compileWasm } from "../wasm/executor.ts";

/** More is done faster by ONNX Runtime's kernels. */
const mostElements = 2 ** 18;

/** @param order all that the tensors depend on */
export function isExact(tensors: readonly Tensor[], order: readonly Tensor[]): boolean {
  let elements = 0;
  for (const tensor of order) {
    elements += tensor.numel;
    if (tensor.numel === 0 || elements > mostElements) return false;
    const isKnown = tensor.op === undefined ? arrayOf(tensor) !== undefined : isExactOp(tensor);
    if (!isKnown) return false;
  }
  return tensors.every(({ op }) => op !== undefined) && order.every((tensor) => isPlain(arrayOf(tensor)));
}

function isExactOp({ op, inputs, dtype }: Tensor): boolean {
  const types = [dtype, ...inputs.map((each) => each.dtype)];
  return op?.isExact === true && types.every((type) => type === "float32" || type === "bool");
}

/** Of these the largest, and whether two are equal, is a question of their bits alone. */
function isPlain(data: TypedArray | undefined): boolean {
  if (!(data instanceof Float32Array)) return true;
  for (let index = 0; index < data.length; index++) {
    const value = data[index];
    if (Number.isNaN(value) || Object.is(value, -0)) return false;
  }
  return true;
}

function arrayOf(tensor: Tensor): TypedArray | undefined {
  if (tensor instanceof Variable) return tensor.value;
  return tensor.source.kind === "constant" ? tensor.source.data : undefined;
}

/** @returns the elements of each */
export async function evaluateExact(
  tensors: readonly Tensor[],
  order: readonly Tensor[],
): Promise<readonly TypedArray[]> {
  const places = new Map<Tensor, Tensor>();
  const fixed: LoopInput[] = [];
  const feeds: NamedFeed[] = [];
  for (const tensor of order) {
    const data = arrayOf(tensor);
    if (data === undefined) continue;
    const { shape, dtype } = tensor;
    const name = `in${fixed.length}`;
    const stand = input(name, shape, dtype);
    places.set(tensor, stand);
    fixed.push({ name, tensor: stand, isOpen: false });
    feeds.push({ name, data, shape, dtype });
  }
  const executable = await compileWasm({
    name: "evaluate",
    fixed,
    carried: [],
    perStep: [],
    computed: [],
    randomKeys: new Map(),
    results: substitute(tensors, places),
  });
  const results = await executable
    .run({ fixed: feeds, carried: [], perStep: [], steps: 1 })
    .finally(() => executable.release());
  return results.map((data, index) => {
    if (data === undefined) throw new TensorError("TENSOR_RUNTIME", `the computation gave no result ${index}`);
    return data;
  });
}
