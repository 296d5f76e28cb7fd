import type { Plane } from "../maps/plane.ts";
import { LruCache } from "../patches/lru-cache.ts";

const side = 256;
/** What a tile has beyond its sides, so that what lies between it and the next is within one. */
const margin = 2;
/** Tiles of 256 kB that are held: a row of them of a survey. */
const held = 160;

/** Values of a map at any place. Tiles of it are held, so that neighbours do not read it again. */
export interface MapSamples {
  /**
   * Between pixels by cubic convolution (Keys 1981), which does not widen what it samples as bilinear interpolation does;
   * bilinearly beside pixels without data and the map's edge. NaN outside the map and where pixels have no data.
   */
  at(x: Float64Array, y: Float64Array): Promise<Float64Array>;
}

interface Tile {
  readonly values: Float32Array;
  readonly columns: number;
  readonly rows: number;
  readonly x0: number;
  readonly y0: number;
}

export function mapSamples({ shape: [height, width], section }: Pick<Plane, "shape" | "section">): MapSamples {
  const across = Math.ceil(width / side);
  const tiles = new LruCache<Tile>(held, async (key) => {
    const [top, left] = [Math.floor(key / across) * side, (key % across) * side];
    const [y0, x0] = [Math.max(0, top - margin), Math.max(0, left - margin)];
    const [y1, x1] = [Math.min(height, top + side + margin), Math.min(width, left + side + margin)];
    return { values: Float32Array.from(await section(y0, y1, x0, x1)), columns: x1 - x0, rows: y1 - y0, x0, y0 };
  });
  const isInside = (x: number, y: number) => x >= 0 && y >= 0 && x <= width - 1 && y <= height - 1;
  const keyOf = (x: number, y: number) => Math.floor(y / side) * across + Math.floor(x / side);
  return {
    async at(xs, ys) {
      const needed = new Map<number, Tile>();
      for (const [index, x] of xs.entries()) {
        const y = ys[index] ?? Number.NaN;
        if (!isInside(x, y)) continue;
        const key = keyOf(x, y);
        if (!needed.has(key)) needed.set(key, await tiles.get(key));
      }
      return xs.map((x, index) => {
        const y = ys[index] ?? Number.NaN;
        const tile = isInside(x, y) ? needed.get(keyOf(x, y)) : undefined;
        return tile === undefined ? Number.NaN : sampled(tile, x - tile.x0, y - tile.y0);
      });
    },
  };
}

function sampled(tile: Tile, x: number, y: number): number {
  const value = cubic(tile, x, y);
  return Number.isNaN(value) ? bilinear(tile, x, y) : value;
}

/** Weights of the four neighbours on a line, from the one before the left one on. */
function weight(neighbour: number, t: number): number {
  switch (neighbour) {
    case 0:
      return ((-0.5 * t + 1) * t - 0.5) * t;
    case 1:
      return (1.5 * t - 2.5) * t * t + 1;
    case 2:
      return ((-1.5 * t + 2) * t + 0.5) * t;
    default:
      return (0.5 * t - 0.5) * t * t;
  }
}

function cubic({ values, columns, rows }: Tile, x: number, y: number): number {
  const [left, below] = [Math.floor(x), Math.floor(y)];
  if (left < 1 || below < 1 || left + 2 >= columns || below + 2 >= rows) return Number.NaN;
  const [u, v] = [x - left, y - below];
  const [w0, w1, w2, w3] = [weight(0, u), weight(1, u), weight(2, u), weight(3, u)];
  let sum = 0;
  for (let row = 0; row < 4; row++) {
    const at = (below + row - 1) * columns + left - 1;
    sum +=
      weight(row, v) *
      (w0 * (values[at] ?? 0) + w1 * (values[at + 1] ?? 0) + w2 * (values[at + 2] ?? 0) + w3 * (values[at + 3] ?? 0));
  }
  return sum;
}

function bilinear({ values, columns }: Tile, x: number, y: number): number {
  const [left, below] = [Math.floor(x), Math.floor(y)];
  const [u, v] = [x - left, y - below];
  const at = below * columns + left;
  // A neighbour of weight 0 may lie outside.
  const weighted = (place: number, share: number) => (share === 0 ? 0 : share * (values[place] ?? Number.NaN));
  return (
    weighted(at, (1 - u) * (1 - v)) +
    weighted(at + 1, u * (1 - v)) +
    weighted(at + columns, (1 - u) * v) +
    weighted(at + columns + 1, u * v)
  );
}
