import { configurable, type Objection } from "@ml-mosaic/configurable";
import type { Tensor } from "@ml-mosaic/tensor";
import { centreOf, mapSize, needsASide, sidesOf } from "./centre.ts";
import { Encoder } from "./encoder.ts";

/** The patch's centre as shares of the map's height and width: from 0 to 1, y before x. */
export class LinEncoder extends configurable(mapSize, Encoder) {
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
