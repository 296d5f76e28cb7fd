import { configurable, int, type Objection, register, schema, within } from "@ml-mosaic/configurable";
import { cat, type Tensor } from "@ml-mosaic/tensor";
import { BaseEncoder } from "./base-encoder.ts";
import { centreOf, mapSize, needsASide, sidesOf } from "./centre.ts";

const options = {
  ...mapSize,
  frequencies: schema(within(int, { minimum: 1, maximum: 24 }), {
    default: 2,
    help: "How many sines and cosines for each coordinate, each of twice the frequency of the one before",
  }),
};

/**
 * sin(2 pi 2^k c) and cos(2 pi 2^k c) of the centre c = y / height and x / width, for k = 0 … frequencies - 1. The map's
 * two edges get the same code: for one that goes all the way round in longitude that is right, for one that does not
 * give twice its width. After the encoding of
 * Mildenhall et al. (2020), NeRF.
 */
export class SinEncoder extends configurable(options, BaseEncoder) {
  static override readonly aliases = ["sin"];

  override preconditions(): Objection | undefined {
    return needsASide(this);
  }

  override get channels(): number {
    return 2 * this.frequencies * sidesOf(this);
  }

  override forward(position: Tensor): Tensor {
    const centre = centreOf(position, this);
    // Whole turns do not count; without them float32 keeps its digits at high frequencies.
    const angles = Array.from({ length: this.frequencies }, (_, octave) => {
      const turns = centre.mul(2 ** octave);
      return turns.sub(turns.floor()).mul(2 * Math.PI);
    });
    return cat(
      angles.flatMap((angle) => [angle.sin(), angle.cos()]),
      1,
    );
  }
}

register(SinEncoder);
