/**
 * What only moves, compares and chooses has the same bits whatever computes it. WebAssembly does, so that a program which
 * needs ONNX Runtime for nothing else does without: loading it takes a tenth of a second and 70 MB.
 */
import type { TypedArray } from "../dtype.ts";
import type { Unknown } from "../graph/known-value.ts";
import type { Tensor } from "../tensor.ts";

/** More is done faster by ONNX Runtime's kernels. */
const mostElements = 2 ** 18;

export function isExact({ order, known }: Unknown): boolean {
  const tensors = [...known.keys(), ...order];
  const elements = tensors.reduce((sum, { numel }) => sum + numel, 0);
  if (elements > mostElements || tensors.some(({ numel }) => numel === 0)) return false;
  return order.every(isExactOp) && [...known.values()].every(isPlain);
}

function isExactOp({ op, inputs, dtype }: Tensor): boolean {
  const types = [dtype, ...inputs.map((each) => each.dtype)];
  return op?.isExact === true && types.every((type) => type === "float32" || type === "bool");
}

/** Of these the largest, and whether two are equal, is a question of their bits alone. */
function isPlain(data: TypedArray): boolean {
  if (!(data instanceof Float32Array)) return true;
  for (let index = 0; index < data.length; index++) {
    const value = data[index];
    if (Number.isNaN(value) || Object.is(value, -0)) return false;
  }
  return true;
}
