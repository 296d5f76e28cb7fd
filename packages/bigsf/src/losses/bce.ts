import { configurable, float, register, schema, within } from "@ml-mosaic/configurable";
import type { Tensor } from "@ml-mosaic/tensor";
import type { LabelledPixels } from "../labelled/labelled-pixels.ts";
import { LabelledLoss } from "./labelled-loss.ts";
import { labelledMean } from "./labelled-mean.ts";
import { logOnePlusExp } from "./log-one-plus-exp.ts";

export const bceOptions = {
  pos_weight: schema(within(float, { minimum: 0 }), { default: 1, help: "Weight of the pixels of filaments" }),
};

/** Mean over labelled pixels of -(w t log p + (1 - t) log(1 - p)), with p = sigmoid(x), from the logits x. */
export function binaryCrossEntropy({ logits, truth, labelled }: LabelledPixels, posWeight: number): Tensor {
  // log(1 - p) = -softplus(x), and log p = x - softplus(x)
  const plain = logOnePlusExp(logits).sub(logits.mul(truth));
  const values = posWeight === 1 ? plain : plain.add(logOnePlusExp(logits.neg()).mul(truth.mul(posWeight - 1)));
  return labelledMean(values, labelled);
}

/** Binary cross entropy. */
export class BceLoss extends configurable(bceOptions, LabelledLoss) {
  static override readonly aliases = ["bce"];

  protected override of(pixels: LabelledPixels): Tensor {
    return binaryCrossEntropy(pixels, this.pos_weight);
  }
}

register(BceLoss);
