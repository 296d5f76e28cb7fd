import { configurable, float, type Objection, register, schema, within } from "@ml-mosaic/configurable";
import type { Tensor } from "@ml-mosaic/tensor";
import type { LabelledPixels } from "../labelled/labelled-pixels.ts";
import { bceOptions, binaryCrossEntropy } from "./bce.ts";
import { diceLoss, overlapOptions } from "./dice.ts";
import { LabelledLoss } from "./labelled-loss.ts";

const weight = (of: string) => schema(within(float, { minimum: 0 }), { default: 1, help: `Weight of the ${of}` });

const options = {
  bce_weight: weight("cross entropy"),
  dice_weight: weight("Dice loss"),
  ...bceOptions,
  ...overlapOptions,
};

/** A weighted sum of `bce` and `dice`, as nnU-Net takes it (Isensee et al. 2021). */
export class BceDiceLoss extends configurable(options, LabelledLoss) {
  static override readonly aliases = ["bce_dice"];

  override preconditions(): Objection | undefined {
    return this.bce_weight + this.dice_weight > 0
      ? undefined
      : { option: "bce_weight", message: "one of bce_weight and dice_weight must be above 0" };
  }

  protected override of(pixels: LabelledPixels): Tensor {
    const bce = binaryCrossEntropy(pixels, this.pos_weight).mul(this.bce_weight);
    return bce.add(diceLoss(pixels, this.smooth, this.per_patch).mul(this.dice_weight));
  }
}

register(BceDiceLoss);
