import { float, schema, typedConfigurable, within } from "@ml-mosaic/configurable";
import type { Generator } from "@ml-mosaic/tensor";

/** What a sample is made of: [size, size] each, row by row; the patch [channels, size, size]. */
export interface PatchLayers {
  /** Side of the patch in pixels. */
  readonly size: number;
  /** The normalised image, and the other channels behind it. */
  readonly patch: Float32Array;
  /** 1 where a filament is, else 0. */
  readonly spine: Float32Array;
  /** 1 where that is known, else 0. */
  readonly labelled: Float32Array;
}

/** The option `probability` with another default. */
export function probability(byDefault: number) {
  const help = "share of the samples that are changed";
  return schema(within(float, { minimum: 0, maximum: 1 }), { default: byDefault, aliases: ["p"], help });
}

/**
 * A random change of training samples. What moves pixels must move them in every layer alike.
 *
 * @example
 * class Dimming extends BaseAugmentation {
 *   static override readonly aliases = ["dimming"];
 *   override apply({ patch }: PatchLayers, generator: Generator): void {
 *     const factor = generator.uniform(0.5, 1);
 *     for (const [pixel, value] of patch.entries()) patch[pixel] = factor * value;
 *   }
 * }
 * register(Dimming); // data_augmentations: [{ type: dimming }]
 */
export abstract class BaseAugmentation extends typedConfigurable({ probability: probability(1) }) {
  /**
   * Changes the layers in place, and returns before anything else happens. All that is random comes from the generator,
   * so that a resumed training sees the same samples.
   */
  abstract apply(layers: PatchLayers, generator: Generator): void;

  /** Changes the layers, or not, as `probability` says. */
  augment(layers: PatchLayers, generator: Generator): void {
    if (generator.uniform() < this.probability) this.apply(layers, generator);
  }
}
