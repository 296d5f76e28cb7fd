import { getCard, getNumber, getString, type Header } from "../header/header.ts";
import { countAxes, type PixelPoints } from "./celestial.ts";
import { readLinear } from "./linear.ts";
import { repairKeywords } from "./repair.ts";

/** Coordinates of two axes that are no sky with a projection: pixels, millimetres, longitudes without a projection. */
export interface LinearWcs {
  /** CTYPE of both axes; empty where there is none. */
  readonly names: readonly [string, string];
  /** Whether they only count pixels, from wherever. */
  readonly countsPixels: boolean;
  /** CRVAL + matrix (pixel - CRPIX). @param x @param y numpy's pixels */
  toWorld(x: ArrayLike<number>, y: ArrayLike<number>): PixelPoints;
  /** The way back. */
  toPixel(first: ArrayLike<number>, second: ArrayLike<number>): PixelPoints;
}

/**
 * Reads two axes as if they were linear, whatever their CTYPE.
 *
 * @param axes their numbers, from 1
 * @returns null where the header says nothing of them
 * @throws FitsError
 */
export function readLinearWcs(given: Header, [first, second]: readonly [number, number]): LinearWcs | null {
  const { header } = repairKeywords(given);
  const axes = [first, second] as const;
  const numAxes = countAxes(header, "");
  const described = axes.some((axis) =>
    [`CRPIX${axis}`, `CRVAL${axis}`, `CDELT${axis}`, `CD${axis}_${axis}`, `CTYPE${axis}`].some(
      (keyword) => getCard(header, keyword) !== undefined,
    ),
  );
  if (!described) return null;
  const { crpix, matrix, inverse } = readLinear(header, first, second, numAxes, "", () => 1);
  const [u0, v0] = [getNumber(header, `CRVAL${first}`) ?? 0, getNumber(header, `CRVAL${second}`) ?? 0];
  const name = (axis: number) => getString(header, `CTYPE${axis}`)?.trim() ?? "";
  return {
    names: [name(first), name(second)],
    countsPixels: matrix.join() === "1,0,0,1",
    toWorld(x, y) {
      const world = { x: new Float64Array(x.length), y: new Float64Array(x.length) };
      for (let i = 0; i < x.length; i++) {
        const p = (x[i] ?? Number.NaN) + 1 - crpix[0];
        const q = (y[i] ?? Number.NaN) + 1 - crpix[1];
        world.x[i] = u0 + matrix[0] * p + matrix[1] * q;
        world.y[i] = v0 + matrix[2] * p + matrix[3] * q;
      }
      return world;
    },
    toPixel(u, v) {
      const pixels = { x: new Float64Array(u.length), y: new Float64Array(u.length) };
      for (let i = 0; i < u.length; i++) {
        const [p, q] = [(u[i] ?? Number.NaN) - u0, (v[i] ?? Number.NaN) - v0];
        pixels.x[i] = inverse[0] * p + inverse[1] * q + crpix[0] - 1;
        pixels.y[i] = inverse[2] * p + inverse[3] * q + crpix[1] - 1;
      }
      return pixels;
    },
  };
}
