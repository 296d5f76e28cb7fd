import { configurable, register } from "@ml-mosaic/configurable";
import type { Tensor } from "@ml-mosaic/tensor";
import { BaseEncoder } from "./base-encoder.ts";

/**
 * The position as it is: y0, y1, x0, x1 of the patch. For data sets that have encoded it already; pixels of a large map
 * are large numbers, which a model that takes them `after` its last block is not made for.
 */
export class IdentityEncoder extends configurable({}, BaseEncoder) {
  static override readonly aliases = ["identity"];

  override get channels(): number {
    return 4;
  }

  override forward(position: Tensor): Tensor {
    return position.reshape([-1, 4]);
  }
}

register(IdentityEncoder);
