import type { Tensor } from "@ml-mosaic/tensor";

/**
 * The mean over patches with labelled pixels; 0 where there are none.
 *
 * @param losses [batch], 0 where nothing is labelled
 * @param labelled [batch, 1, height, width]
 */
export function meanOfPatches(losses: Tensor, labelled: Tensor): Tensor {
  return losses.sum().div(labelled.sum([1, 2, 3]).isPositive().sum().maximum(1));
}
