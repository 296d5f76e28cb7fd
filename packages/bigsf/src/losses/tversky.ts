import { configurable, float, register, schema, within } from "@ml-mosaic/configurable";
import type { Tensor } from "@ml-mosaic/tensor";
import type { LabelledPixels } from "../labelled/labelled-pixels.ts";
import { overlapOptions } from "./dice.ts";
import { LabelledLoss } from "./labelled-loss.ts";
import { overlapLoss } from "./overlap.ts";

const weight = within(float, { minimum: 0 });

const options = {
  alpha: schema(weight, { default: 0.3, help: "Weight of false positives" }),
  beta: schema(weight, { default: 0.7, help: "Weight of false negatives" }),
  ...overlapOptions,
};

/**
 * 1 - (TP + s) / (TP + alpha FP + beta FN + s) over labelled pixels, with s = smooth (Salehi, Erdogmus and Gholipour
 * 2017). With alpha = beta = 0.5 it is the Dice loss of twice the smooth.
 */
export class TverskyLoss extends configurable(options, LabelledLoss) {
  static override readonly aliases = ["tversky"];

  protected override of(pixels: LabelledPixels): Tensor {
    const { alpha, beta, smooth, per_patch } = this;
    return overlapLoss(pixels, { falsePositives: alpha, falseNegatives: beta, smooth, perPatch: per_patch });
  }
}

register(TverskyLoss);
