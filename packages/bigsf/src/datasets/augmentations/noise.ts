import { configurable, float, schema } from "@ml-mosaic/configurable";
import type { Generator } from "@ml-mosaic/tensor";
import { bounded } from "../bounded.ts";
import { Augmentation, type PatchLayers } from "./augmentation.ts";

/** Adds Gaussian noise to the image, not to target or mask: every pixel for itself. */
export class Noise extends configurable(
  {
    sigma: schema(bounded(float, { min: 0 }), {
      default: 0.05,
      aliases: ["std"],
      help: "standard deviation, in the units of normalised patches",
    }),
  },
  Augmentation,
) {
  static override readonly aliases = ["noise", "gaussian_noise"];

  override apply({ patch }: PatchLayers, generator: Generator): void {
    for (let pixel = 0; pixel < patch.length; pixel++)
      patch[pixel] = (patch[pixel] ?? 0) + generator.normal(0, this.sigma);
  }
}
