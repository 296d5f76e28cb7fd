import { configurable, register } from "@ml-mosaic/configurable";
import type { Tensor } from "@ml-mosaic/tensor";
import { BigsfError } from "../errors.ts";
import type { LabelledPixels } from "../labelled/labelled-pixels.ts";
import { overlapOptions } from "./dice.ts";
import { LabelledLoss } from "./labelled-loss.ts";
import { overlapLoss } from "./overlap.ts";

/**
 * 1 - (sum p k + s) / (sum k + s) over labelled pixels, with k = 1 around the skeleton of filaments, and s = smooth
 * (Kirchhoff et al. 2024). It says nothing of what is found elsewhere: take it beside another loss.
 */
export class SkeletonRecallLoss extends configurable(overlapOptions, LabelledLoss) {
  static override readonly aliases = ["skeleton_recall"];

  protected override of({ logits, labelled, tube }: LabelledPixels): Tensor {
    if (tube === undefined)
      throw new BigsfError(
        "MODEL",
        "the loss SkeletonRecallLoss needs targets with skeletons: give data.skeletons: true",
      );
    const { smooth, per_patch: perPatch } = this;
    return overlapLoss({ logits, truth: tube, labelled }, { falsePositives: 0, falseNegatives: 1, smooth, perPatch });
  }
}

register(SkeletonRecallLoss);
