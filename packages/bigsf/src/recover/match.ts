import type { Point } from "../catalogue/skeleton-graph.ts";

const cell = 8;

/** Points of spines, to be asked what is near a place. */
export class SpineIndex {
  readonly #cells = new Map<string, Point[]>();

  add(points: Iterable<Point>): void {
    for (const point of points) {
      const key = keyOf(point.x, point.y);
      const known = this.#cells.get(key);
      if (known === undefined) this.#cells.set(key, [point]);
      else known.push(point);
    }
  }

  /** Whether one of them is no farther than this. */
  isNear({ x, y }: Point, distance: number): boolean {
    for (let row = Math.floor((y - distance) / cell); row <= Math.floor((y + distance) / cell); row++)
      for (let column = Math.floor((x - distance) / cell); column <= Math.floor((x + distance) / cell); column++)
        for (const point of this.#cells.get(`${row},${column}`) ?? [])
          if (Math.hypot(point.x - x, point.y - y) <= distance) return true;
    return false;
  }
}

function keyOf(x: number, y: number): string {
  return `${Math.floor(y / cell)},${Math.floor(x / cell)}`;
}

/** Pixels by which a spine may lie beside that of a filament of this width and is still its own: half of it, two at least. */
export function toleranceOf(width: number): number {
  return Math.max(2, width / 2);
}

/** Share of a spine that has a point of others within a distance. */
export function coveredShare(points: readonly Point[], others: SpineIndex, distance: number): number {
  return points.filter((point) => others.isNear(point, distance)).length / points.length;
}
