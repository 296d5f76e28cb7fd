import { configurable, register } from "@ml-mosaic/configurable";
import type { Tensor } from "@ml-mosaic/tensor";
import type { LabelledPixels } from "../labelled/labelled-pixels.ts";
import { LabelledLoss } from "./labelled-loss.ts";
import { labelledMean } from "./labelled-mean.ts";

/** Mean of (p - t)^2 over labelled pixels, with p = sigmoid(logits): Brier's score. */
export class BrierLoss extends configurable({}, LabelledLoss) {
  static override readonly aliases = ["brier", "mse"];

  protected override of({ logits, truth, labelled }: LabelledPixels): Tensor {
    return labelledMean(logits.sigmoid().sub(truth).pow(2), labelled);
  }
}

register(BrierLoss);
