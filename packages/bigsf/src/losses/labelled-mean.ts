import type { Tensor } from "@ml-mosaic/tensor";

/** Mean over the labelled pixels; 0 where there are none. */
export function labelledMean(values: Tensor, labelled: Tensor): Tensor {
  return values.mul(labelled).sum().div(labelled.sum().maximum(1));
}
