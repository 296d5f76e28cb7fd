import { float, type Objection, schema, within } from "@ml-mosaic/configurable";
import { cat, type Tensor } from "@ml-mosaic/tensor";

const pixels = within(float, { minimum: 1 });

/** The size of the map, of which one side may be left out: then only the other coordinate is encoded. */
export const mapSize = {
  height: schema(pixels, { optional: true, help: "Rows of the map in pixels; without it y is not encoded" }),
  width: schema(pixels, { optional: true, help: "Columns of the map in pixels; without it x is not encoded" }),
};

interface MapSize {
  readonly height: number | undefined;
  readonly width: number | undefined;
}

export function sidesOf({ height, width }: MapSize): number {
  return [height, width].filter((side) => side !== undefined).length;
}

export function needsASide(size: MapSize): Objection | undefined {
  return sidesOf(size) > 0 ? undefined : "give the map's height, its width, or both, in pixels";
}

/**
 * The centre of each patch, as shares of the map's height and width. Unlike a corner it stays where it is when a patch
 * is turned or flipped.
 *
 * @param position [batch, 2, 2]
 * @returns [batch, sides]
 */
export function centreOf(position: Tensor, { height, width }: MapSize): Tensor {
  const along = (axis: number, side: number | undefined) =>
    side === undefined
      ? []
      : [
          position
            .select(1, axis)
            .mean(1, true)
            .mul(1 / side),
        ];
  return cat([...along(0, height), ...along(1, width)], 1);
}
