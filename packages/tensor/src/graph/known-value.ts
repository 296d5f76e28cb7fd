import type { TypedArray } from "../dtype.ts";
import type { Tensor } from "../tensor.ts";
import { Variable } from "../variable.ts";
import { topologicalOrder } from "./order.ts";

/**
 * The elements of a variable or a constant, or of what lies in one of them together, as a sample does in a tensor of all
 * samples: not a copy. Undefined of what is still to be computed.
 */
export function knownValue(tensor: Tensor): TypedArray | undefined {
  let [start, whole] = [0, tensor];
  for (let [input] = whole.inputs; whole.op !== undefined; [input] = whole.inputs) {
    const offset = input && whole.op.offset?.(input, whole.attributes, whole);
    if (input === undefined || offset === undefined) return undefined;
    start += offset;
    whole = input;
  }
  const data = heldBy(whole);
  return data === undefined || data.length === tensor.numel ? data : data.subarray(start, start + tensor.numel);
}

function heldBy(tensor: Tensor): TypedArray | undefined {
  if (tensor instanceof Variable) return tensor.value;
  return tensor.source.kind === "constant" ? tensor.source.data : undefined;
}

/** What has to be computed for some tensors, inputs before what uses them, and what is known of which it is computed. */
export interface Unknown {
  readonly order: readonly Tensor[];
  readonly known: ReadonlyMap<Tensor, TypedArray>;
}

export function unknownOf(tensors: readonly Tensor[]): Unknown {
  const values = new Map<Tensor, TypedArray>();
  // In the order of the graph, in which variables that have no value yet draw theirs.
  for (const tensor of topologicalOrder(tensors)) {
    const value = knownValue(tensor);
    if (value !== undefined) values.set(tensor, value);
  }
  const order = topologicalOrder(tensors, values);
  const known = new Map<Tensor, TypedArray>();
  for (const tensor of [...tensors, ...order.flatMap(({ inputs }) => inputs)]) {
    const value = values.get(tensor);
    if (value !== undefined) known.set(tensor, value);
  }
  return { order, known };
}
