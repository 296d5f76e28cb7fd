import { boolean, configurable, float, register, schema, within } from "@ml-mosaic/configurable";
import type { Tensor } from "@ml-mosaic/tensor";
import type { LabelledPixels } from "../labelled/labelled-pixels.ts";
import { LabelledLoss } from "./labelled-loss.ts";
import { overlapLoss } from "./overlap.ts";

export const overlapOptions = {
  smooth: schema(within(float, { minimum: 0 }), {
    default: 1,
    help: "Pixels added to numerator and denominator, so that few pixels do not decide alone",
  }),
  per_patch: schema(boolean, {
    default: false,
    help: "Whether it is computed for each patch and averaged, instead of once for all pixels of a batch",
  }),
};

/** 1 - (2 sum p t + s) / (sum p + sum t + s) over labelled pixels, with p = sigmoid(logits), truth t and s = smooth. */
export function diceLoss(pixels: LabelledPixels, smooth: number, perPatch: boolean): Tensor {
  // Half of both: sum p t = TP, (sum p + sum t) / 2 = TP + FP / 2 + FN / 2.
  return overlapLoss(pixels, { falsePositives: 0.5, falseNegatives: 0.5, smooth: smooth / 2, perPatch });
}

/** Soft Dice (Milletari, Navab and Ahmadi 2016, without their squares). */
export class DiceLoss extends configurable(overlapOptions, LabelledLoss) {
  static override readonly aliases = ["dice"];

  protected override of(pixels: LabelledPixels): Tensor {
    return diceLoss(pixels, this.smooth, this.per_patch);
  }
}

register(DiceLoss);
