import type { Tensor } from "../tensor.ts";
import { type Layer, Module } from "./module.ts";

/** Layers one after the other, named by their position: `0.weight`, `2.weight`… */
export class Sequential extends Module {
  readonly [position: number]: Layer;
  readonly length: number;

  constructor(...layers: readonly Layer[]) {
    super();
    this.length = layers.length;
    // Numbered fields, so that the paths are PyTorch's.
    Object.assign(this, layers);
  }

  *[Symbol.iterator](): IterableIterator<Layer> {
    for (let position = 0; position < this.length; position++) {
      const layer = this[position];
      if (layer !== undefined) yield layer;
    }
  }

  forward(input: Tensor): Tensor {
    let value = input;
    for (const layer of this) value = layer.forward(value);
    return value;
  }
}
