import type { PatchLayers } from "./base-augmentation.ts";

/** The place, row * size + column, whose pixel comes to this row and column. */
export type Origin = (row: number, column: number, size: number) => number;

/** Moves the pixels of a square, of every layer alike. */
export class PixelMover {
  readonly #origin: Origin;
  #origins = new Int32Array();
  #moved = new Float32Array();

  constructor(origin: Origin) {
    this.#origin = origin;
  }

  move({ size, patch, spine, labelled }: PatchLayers): void {
    if (this.#origins.length !== size * size) {
      this.#origins = Int32Array.from({ length: size * size }, (_, place) =>
        this.#origin(Math.floor(place / size), place % size, size),
      );
      this.#moved = new Float32Array(size * size);
    }
    const [origins, moved] = [this.#origins, this.#moved];
    const channels = Array.from({ length: patch.length / origins.length }, (_, channel) =>
      patch.subarray(channel * origins.length, (channel + 1) * origins.length),
    );
    for (const layer of [...channels, spine, labelled]) {
      for (let place = 0; place < origins.length; place++) moved[place] = layer[origins[place] ?? 0] ?? 0;
      layer.set(moved);
    }
  }
}
