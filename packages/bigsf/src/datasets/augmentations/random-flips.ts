import { configurable, register } from "@ml-mosaic/configurable";
import { BaseAugmentation, type PatchLayers, probability } from "./base-augmentation.ts";
import { PixelMover } from "./move-pixels.ts";

/** Exchanges left and right: columns are reversed, as by numpy's fliplr. */
export class RandomHorizontalFlip extends configurable({ probability: probability(0.5) }, BaseAugmentation) {
  static override readonly aliases = ["random_horizontal_flip"];
  readonly #flip = new PixelMover((row, column, size) => row * size + (size - 1 - column));

  override apply(layers: PatchLayers): void {
    this.#flip.move(layers);
  }
}

/** Exchanges top and bottom: rows are reversed, as by numpy's flipud. */
export class RandomVerticalFlip extends configurable({ probability: probability(0.5) }, BaseAugmentation) {
  static override readonly aliases = ["random_vertical_flip"];
  readonly #flip = new PixelMover((row, column, size) => (size - 1 - row) * size + column);

  override apply(layers: PatchLayers): void {
    this.#flip.move(layers);
  }
}

register(RandomHorizontalFlip, RandomVerticalFlip);
