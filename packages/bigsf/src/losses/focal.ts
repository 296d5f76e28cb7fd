import { configurable, float, register, schema, within } from "@ml-mosaic/configurable";
import type { Tensor } from "@ml-mosaic/tensor";
import type { LabelledPixels } from "../labelled/labelled-pixels.ts";
import { LabelledLoss } from "./labelled-loss.ts";
import { labelledMean } from "./labelled-mean.ts";
import { logOnePlusExp } from "./log-one-plus-exp.ts";

const options = {
  alpha: schema(within(float, { minimum: 0, maximum: 1 }), {
    default: 0.25,
    help: "Weight of the pixels of filaments; the others have 1 - alpha",
  }),
  gamma: schema(within(float, { minimum: 0 }), {
    default: 2,
    help: "The larger, the less pixels count that are right already; 0: weighted cross entropy",
  }),
};

/**
 * Mean over labelled pixels of -a (1 - q)^gamma log q, with q the probability given to the truth, a = alpha for pixels
 * of filaments and 1 - alpha for others (Lin et al. 2017).
 */
export class FocalLoss extends configurable(options, LabelledLoss) {
  static override readonly aliases = ["focal"];

  protected override of({ logits, truth, labelled }: LabelledPixels): Tensor {
    // q = sigmoid(z), so log q = -softplus(-z) and log(1 - q) = -softplus(z): no power of a number near 0.
    const z = truth.mul(2).sub(1).mul(logits);
    const modulation = logOnePlusExp(z).mul(-this.gamma).exp();
    const weights = truth.mul(2 * this.alpha - 1).add(1 - this.alpha);
    return labelledMean(weights.mul(modulation).mul(logOnePlusExp(z.neg())), labelled);
  }
}

register(FocalLoss);
