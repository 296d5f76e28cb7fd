import { configurable, type Objection, register } from "@ml-mosaic/configurable";
import type { Tensor } from "@ml-mosaic/tensor";
import { BaseEncoder } from "./base-encoder.ts";
import { centreOf, mapSize, needsASide, sidesOf } from "./centre.ts";

/** The patch's centre as shares of the map's height and width: from 0 to 1, y before x. */
export class LinEncoder extends configurable(mapSize, BaseEncoder) {
  static override readonly aliases = ["lin"];

  override preconditions(): Objection | undefined {
    return needsASide(this);
  }

  override get channels(): number {
    return sidesOf(this);
  }

  override forward(position: Tensor): Tensor {
    return centreOf(position, this);
  }
}

register(LinEncoder);
