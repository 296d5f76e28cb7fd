import { configurable } from "@ml-mosaic/configurable";
import type { Tensor } from "@ml-mosaic/tensor";
import { BaseLoss } from "@ml-mosaic/training";
import { type LabelledPixels, labelledPixels } from "../labelled/labelled-pixels.ts";

/**
 * A loss that counts labelled pixels only. Of a batch without any it is 0, and so is its gradient.
 *
 * @example
 * class HingeLoss extends configurable({}, LabelledLoss) {
 *   static override readonly aliases = ["hinge"];
 *   protected override of({ logits, truth, labelled }: LabelledPixels): Tensor {
 *     const margin = truth.mul(2).sub(1).mul(logits);
 *     return margin.neg().add(1).relu().mul(labelled).sum().div(labelled.sum().maximum(1));
 *   }
 * }
 * register(HingeLoss); // loss: { type: hinge }
 */
export abstract class LabelledLoss extends configurable({}, BaseLoss) {
  /** @returns a scalar */
  protected abstract of(pixels: LabelledPixels): Tensor;

  /**
   * @param prediction logits [batch, 1, height, width]
   * @param target [batch, 2, height, width]: filaments, and where they are labelled
   */
  override forward(prediction: Tensor, target: Tensor): Tensor {
    return this.of(labelledPixels(`the loss ${this.constructor.name}`, prediction, target));
  }
}
