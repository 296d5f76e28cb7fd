import { register } from "@ml-mosaic/configurable";
import type { Generator } from "@ml-mosaic/tensor";
import { BaseAugmentation, type PatchLayers } from "./base-augmentation.ts";
import { PixelMover } from "./move-pixels.ts";

/** Rotates by 0, 1, 2 or 3 quarter turns, each as often; counterclockwise, as numpy's rot90. */
export class RandomRotation extends BaseAugmentation {
  static override readonly aliases = ["random_rotation"];
  readonly #turns = [
    new PixelMover((row, column, size) => column * size + (size - 1 - row)),
    new PixelMover((row, column, size) => (size - 1 - row) * size + (size - 1 - column)),
    new PixelMover((row, column, size) => (size - 1 - column) * size + row),
  ];

  override apply(layers: PatchLayers, generator: Generator): void {
    this.#turns[generator.integer(0, 4) - 1]?.move(layers);
  }
}

register(RandomRotation);
