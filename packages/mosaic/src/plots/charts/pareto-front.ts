import type { Direction } from "@ml-mosaic/statistics";

/**
 * Whether each point is on the Pareto front: no other one is at least as good in both coordinates and better in one. Equal
 * points are on it together.
 */
export function paretoFront(
  points: readonly (readonly [number, number])[],
  [first, second]: readonly [Direction, Direction],
): readonly boolean[] {
  const cost = (value: number, direction: Direction) => (direction === "lower" ? value : -value);
  const costs = points.map(([x, y]) => [cost(x, first), cost(y, second)] as const);
  const order = costs.map((_, index) => index).sort((one, other) => compareCosts(costs[one], costs[other]));
  const isFront = points.map(() => false);
  let [best, previous] = [Infinity, -1];
  for (const index of order) {
    const isEqual = previous >= 0 && compareCosts(costs[previous], costs[index]) === 0;
    const height = costs[index]?.[1] ?? Infinity;
    if (height < best || (isEqual && isFront[previous] === true)) isFront[index] = true;
    best = Math.min(best, height);
    previous = index;
  }
  return isFront;
}

function compareCosts(one: readonly [number, number] = [0, 0], other: readonly [number, number] = [0, 0]): number {
  return one[0] - other[0] || one[1] - other[1];
}
