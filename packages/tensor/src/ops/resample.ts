/** Linear maps along height and width: each new row or column is a weighted sum of old ones. Made of other ops. */
import { elementAt } from "../element-at.ts";
import { lengthAt, type Shape } from "../shape.ts";
import type { Tensor } from "../tensor.ts";

/** The weights by which one new position sees the old ones. */
export type Weights = readonly (readonly [position: number, weight: number])[];

/**
 * Products with matrices that hold the weights: slower than following them for large images, but gradients included, and
 * ONNX Runtime is fast at it.
 *
 * @param input [batch, channels, height, width]
 * @param rows weights for each new row; undefined leaves the height
 */
export function resample(
  input: Tensor,
  rows: readonly Weights[] | undefined,
  columns: readonly Weights[] | undefined,
): Tensor {
  const wide = columns === undefined ? input : input.product(matrixOf(input, 3, columns), false, true);
  return rows === undefined ? wide : matrixOf(input, 2, rows).product(wide, false, false);
}

/** [new, old] */
function matrixOf(input: Tensor, axis: number, weights: readonly Weights[]): Tensor {
  const old = lengthAt(input.shape, axis);
  const values = new Float64Array(weights.length * old);
  for (const [row, each] of weights.entries()) {
    for (const [position, weight] of each)
      values[row * old + position] = elementAt(values, row * old + position) + weight;
  }
  const shape: Shape = [weights.length, old];
  return input.newTensor(values, shape);
}
