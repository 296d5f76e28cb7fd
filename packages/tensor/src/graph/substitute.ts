import type { Tensor } from "../tensor.ts";
import { topologicalOrder } from "./order.ts";

/** The same computations with other tensors in the place of some. What takes a place is left as it is. */
export function substitute(outputs: readonly Tensor[], places: ReadonlyMap<Tensor, Tensor>): readonly Tensor[] {
  if (places.size === 0) return outputs;
  const found = new Map(places);
  const current = (tensor: Tensor) => found.get(tensor) ?? tensor;
  for (const tensor of topologicalOrder(outputs, places)) {
    const isSame = tensor.inputs.every((input) => current(input) === input);
    if (!isSame) found.set(tensor, tensor.withInputs(tensor.inputs.map(current)));
  }
  return outputs.map(current);
}
