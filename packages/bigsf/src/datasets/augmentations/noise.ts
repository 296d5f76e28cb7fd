import { configurable, float, register, schema, within } from "@ml-mosaic/configurable";
import type { Generator } from "@ml-mosaic/tensor";
import { BaseAugmentation, type PatchLayers } from "./base-augmentation.ts";

/** Adds Gaussian noise to the image, not to target or mask: every pixel for itself. */
export class Noise extends configurable(
  {
    sigma: schema(within(float, { minimum: 0 }), {
      default: 0.05,
      aliases: ["std"],
      help: "standard deviation, in the units of normalised patches",
    }),
  },
  BaseAugmentation,
) {
  static override readonly aliases = ["noise", "gaussian_noise"];

  override apply({ patch }: PatchLayers, generator: Generator): void {
    // Box and Muller make two at a time, of which `generator.normal` would leave out one.
    for (let pixel = 0; pixel < patch.length; pixel += 2) {
      const radius = this.sigma * Math.sqrt(-2 * Math.log(1 - generator.uniform()));
      const angle = 2 * Math.PI * generator.uniform();
      patch[pixel] = (patch[pixel] ?? 0) + radius * Math.cos(angle);
      if (pixel + 1 < patch.length) patch[pixel + 1] = (patch[pixel + 1] ?? 0) + radius * Math.sin(angle);
    }
  }
}

register(Noise);
