import type { TypedArray } from "../dtype.ts";
import type { Tensor } from "../tensor.ts";
import { Variable } from "../variable.ts";

/** The elements of a variable or a constant; undefined of what is still to be computed. */
export function knownValue(tensor: Tensor): TypedArray | undefined {
  if (tensor instanceof Variable) return tensor.value;
  return tensor.source.kind === "constant" ? tensor.source.data : undefined;
}
