import { TensorError } from "../errors.ts";
import { sameShape, showShape } from "../shape.ts";
import type { Tensor } from "../tensor.ts";

export type Reduction = "mean" | "sum" | "none";

export interface ReductionOptions {
  readonly reduction?: Reduction;
}

/** What compares predictions with targets. */
export interface Loss {
  /** @returns a scalar, or one number per sample with `reduction: "none"` */
  forward(prediction: Tensor, target: Tensor): Tensor;
}

export function reduceLoss(values: Tensor, reduction: Reduction = "mean"): Tensor {
  switch (reduction) {
    case "mean":
      return values.mean();
    case "sum":
      return values.sum();
    case "none":
      return values;
    default:
      return reduction satisfies never;
  }
}

/** PyTorch broadcasts here with a warning, which hides mistakes: [32] against [32, 1] trains on a 32 x 32 matrix. */
export function checkSameShape(loss: string, prediction: Tensor, target: Tensor): void {
  if (!sameShape(prediction.shape, target.shape)) {
    throw new TensorError(
      "TENSOR_SHAPE",
      `${loss}: prediction ${showShape(prediction.shape)} and target ${showShape(target.shape)} must have one shape`,
    );
  }
}
