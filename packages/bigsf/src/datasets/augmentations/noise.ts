import { configurable, float, schema, within } from "@ml-mosaic/configurable";
import type { Generator } from "@ml-mosaic/tensor";
import { Augmentation, type PatchLayers } from "./augmentation.ts";

/** Adds Gaussian noise to the image, not to target or mask: every pixel for itself. */
export class Noise extends configurable(
  {
    sigma: schema(within(float, { minimum: 0 }), {
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
