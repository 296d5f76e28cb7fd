import type { PixelPoints } from "@ml-mosaic/fits";
import { coordinatesOf, type Linear, type Sky } from "./coordinates.ts";
import type { Plane } from "./plane.ts";

/** Side of the squares that are computed at once: what they need of the other map is small, however it is turned. */
const TILE = 256;

/**
 * A mask as if it had the pixels of another map: each gets the value of the pixel of the mask that its centre lies in; NaN
 * beyond the mask's edges.
 *
 * @returns undefined where the headers do not tell where they lie with respect to each other
 */
export function resampledPlane(mask: Plane, onto: Plane): Plane | undefined {
  const place = placing(mask, onto);
  if (place === undefined) return undefined;
  const [rows, columns] = mask.shape;

  async function fill(
    into: Float64Array,
    width: number,
    box: readonly [y0: number, y1: number, x0: number, x1: number],
  ) {
    const [y0, y1, x0, x1] = box;
    const count = (y1 - y0) * (x1 - x0);
    const points = { x: new Float64Array(count), y: new Float64Array(count) };
    for (let y = y0, i = 0; y < y1; y++)
      for (let x = x0; x < x1; x++, i++) {
        points.x[i] = x;
        points.y[i] = y;
      }
    const { x: column, y: row } = place?.(points) ?? points;
    let [top, bottom, left, right] = [rows, -1, columns, -1];
    for (let i = 0; i < count; i++) {
      // In the middle between two pixels, floating point decides; half a pixel up is the other one.
      const [x, y] = [Math.floor((column[i] ?? Number.NaN) + 0.5), Math.floor((row[i] ?? Number.NaN) + 0.5)];
      const isInside = x >= 0 && x < columns && y >= 0 && y < rows;
      column[i] = isInside ? x : Number.NaN;
      row[i] = y;
      if (!isInside) continue;
      [top, bottom] = [Math.min(top, y), Math.max(bottom, y)];
      [left, right] = [Math.min(left, x), Math.max(right, x)];
    }
    if (bottom < 0) return;
    const values = await mask.section(top, bottom + 1, left, right + 1);
    for (let y = y0, i = 0; y < y1; y++)
      for (let x = x0; x < x1; x++, i++) {
        const [from = Number.NaN, line = 0] = [column[i], row[i]];
        if (!Number.isNaN(from))
          into[(y - y0) * width + x - x0] = values[(line - top) * (right + 1 - left) + from - left] ?? Number.NaN;
      }
  }

  return {
    ...mask,
    header: onto.header,
    shape: onto.shape,
    imageShape: onto.imageShape,
    axes: onto.axes,
    async section(y0, y1, x0, x1) {
      const width = x1 - x0;
      const pixels = new Float64Array((y1 - y0) * width).fill(Number.NaN);
      for (let top = y0; top < y1; top += TILE) {
        const bottom = Math.min(top + TILE, y1);
        const band = pixels.subarray((top - y0) * width, (bottom - y0) * width);
        for (let left = x0; left < x1; left += TILE) {
          const right = Math.min(left + TILE, x1);
          await fill(band.subarray(left - x0), width, [top, bottom, left, right]);
        }
      }
      return pixels;
    },
    digest: async () => `${await mask.digest()}[resampled]`,
  };
}

/** Where pixels of `onto` are in the other map. */
function placing(mask: Plane, onto: Plane): ((points: PixelPoints) => PixelPoints) | undefined {
  const [from, to] = [coordinatesOf(onto), coordinatesOf(mask)];
  if (from?.kind === "sky" && to?.kind === "sky") return placingOnSky(from, to);
  if (from?.kind !== "linear" || to?.kind !== "linear" || !sameNames(from, to)) return undefined;
  return ({ x, y }) => {
    const { first, second } = from.at(x, y);
    return to.pixelsOf(first, second);
  };
}

function sameNames(a: Linear, b: Linear): boolean {
  return a.names.join() === b.names.join() && !a.countsPixels && !b.countsPixels;
}

function placingOnSky(from: Sky, to: Sky): ((points: PixelPoints) => PixelPoints) | undefined {
  const { toJ2000 } = from;
  const { fromJ2000 } = to;
  if (from.frame === to.frame) {
    return ({ x, y }) => {
      const { first, second } = from.at(x, y);
      return to.pixelsOf(first, second);
    };
  }
  if (toJ2000 === undefined || fromJ2000 === undefined) return undefined;
  return ({ x, y }) => {
    const { first, second } = from.at(x, y);
    const { longitude, latitude } = fromJ2000(toJ2000(first, second));
    return to.pixelsOf(longitude, latitude);
  };
}
