import type { Plane } from "../maps/plane.ts";
import { LruCache } from "../patches/lru-cache.ts";
import type { Point } from "./skeleton-graph.ts";

const side = 256;
/** Tiles of 256 kB that are held. */
const held = 256;

/** Values of a map at any place. Tiles of it are held, so that neighbours do not read it again. */
export interface MapSamples {
  /** Between pixels bilinearly; NaN outside the map, and beside pixels without data. */
  at(points: readonly Point[]): Promise<Float64Array>;
}

export function mapSamples({ shape: [height, width], section }: Pick<Plane, "shape" | "section">): MapSamples {
  const across = Math.ceil(width / side);
  const tiles = new LruCache(held, async (key) => {
    const [y0, x0] = [Math.floor(key / across) * side, (key % across) * side];
    // One pixel more, so that what lies between two tiles is within the first.
    const [y1, x1] = [Math.min(height, y0 + side + 1), Math.min(width, x0 + side + 1)];
    return { values: Float32Array.from(await section(y0, y1, x0, x1)), columns: x1 - x0 };
  });
  return {
    async at(points) {
      const values = new Float64Array(points.length).fill(Number.NaN);
      const byTile = new Map<number, number[]>();
      for (const [index, { x, y }] of points.entries()) {
        if (!(x >= 0 && y >= 0 && x <= width - 1 && y <= height - 1)) continue;
        const key = Math.floor(y / side) * across + Math.floor(x / side);
        const known = byTile.get(key);
        if (known === undefined) byTile.set(key, [index]);
        else known.push(index);
      }
      for (const [key, indices] of byTile) {
        const tile = await tiles.get(key);
        const [y0, x0] = [Math.floor(key / across) * side, (key % across) * side];
        for (const index of indices) {
          const point = points[index];
          if (point !== undefined) values[index] = bilinear(tile, point.x - x0, point.y - y0);
        }
      }
      return values;
    },
  };
}

function bilinear({ values, columns }: { values: Float32Array; columns: number }, x: number, y: number): number {
  const [left, below] = [Math.floor(x), Math.floor(y)];
  const [u, v] = [x - left, y - below];
  const at = below * columns + left;
  // A neighbour of weight 0 may lie outside.
  const weighted = (place: number, weight: number) => (weight === 0 ? 0 : weight * (values[place] ?? Number.NaN));
  return (
    weighted(at, (1 - u) * (1 - v)) +
    weighted(at + 1, u * (1 - v)) +
    weighted(at + columns, (1 - u) * v) +
    weighted(at + columns + 1, u * v)
  );
}
