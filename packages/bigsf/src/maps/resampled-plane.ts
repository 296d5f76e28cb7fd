import type { PixelPoints } from "@ml-mosaic/fits";
import { coordinatesOf, type Linear, type Sky } from "./coordinates.ts";
import type { Plane } from "./plane.ts";
import { type Block, bilinear, meanOver, type Sampling, valueAt } from "./sampled.ts";

/** Side of the squares that are computed at once: what they need of the other map is small, however it is turned. */
const TILE = 256;

/**
 * A map as if it had the pixels of another. `nearest`: each gets the value of the pixel that its centre lies in; `bilinear`: the
 * mean of the four around its centre, by how near they are; `conserving`: the mean over its area. NaN beyond the map's edges.
 *
 * @returns undefined where the headers do not tell where they lie with respect to each other
 */
export function resampledPlane(map: Plane, onto: Plane, sampling: Sampling = "nearest"): Plane | undefined {
  const [from, to] = [coordinatesOf(onto), coordinatesOf(map)];
  const place = placing(from, to);
  if (place === undefined) return undefined;
  const turn = to?.kind === "sky" ? to.turn : undefined;
  const sample = samplers[sampling];
  return {
    ...map,
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
          const tile: Tile = { y0: top, y1: bottom, x0: left, x1: Math.min(left + TILE, x1) };
          const block = (points: PixelPoints, reach: number) => blockAround(map, points, reach, turn);
          const values = await sample(tile, place, block);
          const across = tile.x1 - tile.x0;
          for (let y = 0; values !== undefined && y < bottom - top; y++)
            band.set(values.subarray(y * across, (y + 1) * across), y * width + left - x0);
        }
      }
      return pixels;
    },
    digest: async () => `${await map.digest()}[resampled${sampling === "nearest" ? "" : ` ${sampling}`}]`,
  };
}

interface Tile {
  readonly y0: number;
  readonly y1: number;
  readonly x0: number;
  readonly x1: number;
}

/** @returns the pixels of a tile; undefined where the map has nothing of it */
type Sampler = (
  tile: Tile,
  place: (points: PixelPoints) => PixelPoints,
  block: (points: PixelPoints, reach: number) => Promise<Block | undefined>,
) => Promise<Float64Array | undefined>;

const samplers: Readonly<Record<Sampling, Sampler>> = {
  async nearest(tile, place, blockOf) {
    const { x, y } = place(centresOf(tile));
    // In the middle between two pixels, floating point decides; half a pixel up is the other one.
    const [columns, rows] = [x, y].map((axis) => axis.map((value) => Math.floor(value + 0.5)));
    if (columns === undefined || rows === undefined) return undefined;
    const block = await blockOf({ x: columns, y: rows }, 0);
    return block && columns.map((column, i) => valueAt(block, column, rows[i] ?? Number.NaN));
  },
  async bilinear(tile, place, blockOf) {
    const { x, y } = place(centresOf(tile));
    const block = await blockOf({ x, y }, 1);
    return block && x.map((column, i) => bilinear(block, column, y[i] ?? Number.NaN));
  },
  async conserving(tile, place, blockOf) {
    const corners = place(cornersOf(tile));
    const block = await blockOf(corners, 1);
    if (block === undefined) return undefined;
    const width = tile.x1 - tile.x0;
    return Float64Array.from({ length: (tile.y1 - tile.y0) * width }, (_, i) => {
      const first = Math.floor(i / width) * (width + 1) + (i % width);
      const around = [first, first + 1, first + width + 2, first + width + 1];
      const along = (axis: Float64Array) => Float64Array.from(around, (corner) => axis[corner] ?? Number.NaN);
      return meanOver(block, { x: along(corners.x), y: along(corners.y) });
    });
  },
};

function centresOf({ y0, y1, x0, x1 }: Tile): PixelPoints {
  return grid(y0, y1, x0, x1);
}

/** From half a pixel before the first to half a pixel behind the last. */
function cornersOf({ y0, y1, x0, x1 }: Tile): PixelPoints {
  return grid(y0 - 0.5, y1 + 0.5, x0 - 0.5, x1 + 0.5);
}

function grid(y0: number, y1: number, x0: number, x1: number): PixelPoints {
  const width = x1 - x0;
  const count = (y1 - y0) * width;
  return {
    x: Float64Array.from({ length: count }, (_, i) => x0 + (i % width)),
    y: Float64Array.from({ length: count }, (_, i) => y0 + Math.floor(i / width)),
  };
}

/** The pixels of a map around some points, and so many more on all sides; undefined where they are all to one side of it. */
async function blockAround(
  map: Plane,
  { x, y }: PixelPoints,
  reach: number,
  turn: number | undefined,
): Promise<Block | undefined> {
  const [rows, columns] = map.shape;
  const range = (values: Float64Array, length: number, round?: number) => {
    let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (const value of values) {
      // Where the projection has no such place.
      if (Number.isNaN(value)) continue;
      const places = round === undefined ? [value] : placesRound(value, length, reach, round);
      for (const each of places) {
        // A pixel may reach from the map to far beyond it.
        const place = Math.max(-1 - reach, Math.min(each, length + reach));
        low = Math.min(low, place);
        high = Math.max(high, place);
      }
    }
    // Points at both ends may lie together across the seam.
    if (round !== undefined && high - low > round / 2) return [0, length] as const;
    return [Math.max(0, Math.floor(low) - reach), Math.min(length, Math.ceil(high) + reach + 1)] as const;
  };
  const [top, bottom] = range(y, rows);
  if (bottom <= top) return undefined;
  const [left, right] = range(x, columns, turn);
  if (right <= left) return undefined;
  const values = await map.section(top, bottom, left, right);
  return { top, left, width: right - left, values, turn };
}

/** Where a column comes on a map and so far beside it, the sky coming again after a turn; else the nearer side of the map. */
function placesRound(column: number, columns: number, reach: number, turn: number): readonly number[] {
  const first = column - turn * Math.floor((column + 0.5) / turn);
  const there = [first - turn, first, first + turn].filter((each) => each >= -1 - reach && each <= columns + reach);
  if (there.length > 0) return there;
  return [first - columns < turn - first ? first : first - turn];
}

type Coordinates = ReturnType<typeof coordinatesOf>;

/** Where pixels of one map are in another. */
function placing(from: Coordinates, to: Coordinates): ((points: PixelPoints) => PixelPoints) | undefined {
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
