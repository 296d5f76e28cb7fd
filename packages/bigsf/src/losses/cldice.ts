import { configurable, float, int, register, schema, within } from "@ml-mosaic/configurable";
import type { Tensor } from "@ml-mosaic/tensor";
import type { LabelledPixels } from "../labelled/labelled-pixels.ts";
import { overlapOptions } from "./dice.ts";
import { LabelledLoss } from "./labelled-loss.ts";
import { meanOfPatches } from "./mean-of-patches.ts";
import { softSkeleton } from "./soft-skeleton.ts";

const options = {
  iterations: schema(within(int, { minimum: 1 }), {
    default: 5,
    help: "How often filaments are made thinner by a pixel on every side: half of the width of the widest",
  }),
  ...overlapOptions,
  smooth: schema(within(float, { exclusiveMinimum: 0 }), {
    default: 1,
    help: "Pixels added to numerators and denominators, so that few pixels do not decide alone",
  }),
};

/**
 * 1 - 2 P S / (P + S), with P the share of the prediction's soft skeleton that lies on filaments, and S the share of the
 * filaments' that is found (Shit et al. 2021): breaks of a filament cost as much as a whole one. What is not labelled is
 * no filament here, predicted or true.
 */
export class ClDiceLoss extends configurable(options, LabelledLoss) {
  static override readonly aliases = ["cldice"];

  protected override of({ logits, truth, labelled }: LabelledPixels): Tensor {
    const { iterations, smooth, per_patch: perPatch } = this;
    const sum = (values: Tensor) => (perPatch ? values.sum([1, 2, 3]) : values.sum());
    const [found, there] = [logits.sigmoid().mul(labelled), truth.mul(labelled)];
    const share = (skeleton: Tensor, of: Tensor) => sum(skeleton.mul(of)).add(smooth).div(sum(skeleton).add(smooth));
    const precision = share(softSkeleton(found, iterations), there);
    const sensitivity = share(softSkeleton(there, iterations), found);
    const losses = precision.mul(sensitivity).mul(-2).div(precision.add(sensitivity)).add(1);
    return perPatch ? meanOfPatches(losses, labelled) : losses;
  }
}

register(ClDiceLoss);
