import type { Tensor } from "@ml-mosaic/tensor";

/** Squared relative error. */
export class RelativeLoss {
  forward(prediction: Tensor, target: Tensor): Tensor {
    return prediction.sub(target).div(target.abs().add(1)).pow(2).mean();
  }
}
