import { emptyHeader, type Header } from "@ml-mosaic/fits";
import type { Plane } from "../src/maps/plane.ts";

export interface MadePlane {
  /** Its digest too. */
  readonly path?: string;
  readonly header?: Header;
  readonly shape: readonly [height: number, width: number];
}

/** A map whose pixels are told by a function, without a file. Only pixels that it has may be asked for. */
export function madePlane(
  { path = "map.fits", header = emptyHeader, shape }: MadePlane,
  at: (y: number, x: number) => number,
): Plane {
  const [height, width] = shape;
  return {
    path,
    header,
    shape,
    imageShape: shape,
    axes: [1, 2],
    async section(y0, y1, x0, x1) {
      if (!(y0 >= 0 && x0 >= 0 && y1 <= height && x1 <= width && y1 > y0 && x1 > x0))
        throw new RangeError(`rows ${y0} to ${y1}, columns ${x0} to ${x1} are not within ${height} x ${width}`);
      return Float64Array.from({ length: (y1 - y0) * (x1 - x0) }, (_, i) =>
        at(y0 + Math.floor(i / (x1 - x0)), x0 + (i % (x1 - x0))),
      );
    },
    digest: async () => path,
    close: async () => undefined,
  };
}
