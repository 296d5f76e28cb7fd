import { columnOf, distanceToEdge, flag, type MaskPlane, neighboursOf, rowOf } from "./mask-plane.ts";

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** Where branches meet. */
export interface GraphNode extends Point {
  /** Distance from the edge of the mask, in pixels. */
  readonly reach: number;
}

/** A line of pixels between two nodes, or one that ends freely or closes on itself. */
export interface Branch {
  readonly points: readonly Point[];
  readonly from: GraphNode | undefined;
  readonly to: GraphNode | undefined;
}

/** A skeleton that hangs together. */
export interface SkeletonGraph {
  readonly branches: readonly Branch[];
}

/**
 * Graphs of all skeletons of a plane, one after the other; memory is that of the largest.
 *
 * @param skeleton places of its pixels in rising order
 */
export function* skeletonGraphs(plane: MaskPlane, skeleton: Int32Array): Generator<SkeletonGraph> {
  const { flags } = plane;
  const neighbours = neighboursOf(plane);
  for (const start of skeleton) {
    if (((flags[start] ?? 0) & flag.seen) !== 0) continue;
    const pixels = [start];
    flags[start] = (flags[start] ?? 0) | flag.seen;
    for (let next = 0; next < pixels.length; next++)
      for (const step of neighbours) {
        const place = (pixels[next] ?? 0) + step;
        if (((flags[place] ?? 0) & (flag.skeleton | flag.seen)) !== flag.skeleton) continue;
        flags[place] = (flags[place] ?? 0) | flag.seen;
        pixels.push(place);
      }
    yield graphOf(plane, pixels);
  }
  for (const place of skeleton) flags[place] = (flags[place] ?? 0) & ~flag.seen;
}

function graphOf(plane: MaskPlane, pixels: readonly number[]): SkeletonGraph {
  const { flags } = plane;
  const steps = neighboursOf(plane);
  const around = (place: number) =>
    steps.map((step) => place + step).filter((each) => ((flags[each] ?? 0) & flag.skeleton) !== 0);
  const nodes = nodesOf(plane, pixels, around);
  const point = (place: number): Point => ({ x: columnOf(plane, place), y: rowOf(plane, place) });
  const done = new Set<number>();
  const branches: Branch[] = [];
  /** Walks from a pixel on, away from the node that it came from. */
  const walk = (first: number, from: GraphNode | undefined) => {
    const points: Point[] = [];
    let place: number | undefined = first;
    let to: GraphNode | undefined;
    while (place !== undefined) {
      done.add(place);
      points.push(point(place));
      const beyond: readonly number[] = around(place);
      const onward: number | undefined = beyond.find((each) => !done.has(each) && !nodes.has(each));
      const ends: readonly GraphNode[] = beyond.flatMap((each) => nodes.get(each) ?? []);
      to = ends.find((node) => node !== from) ?? (points.length > 2 ? ends[0] : undefined);
      place = to === undefined ? onward : undefined;
    }
    branches.push({ points, from, to });
  };
  for (const [place, node] of nodes)
    for (const first of around(place)) if (!nodes.has(first) && !done.has(first)) walk(first, node);
  // What has no node is a line, which begins at an end, or a ring.
  const ends = pixels.filter((place) => around(place).length < 2);
  for (const place of [...ends, ...pixels]) if (!nodes.has(place) && !done.has(place)) walk(place, undefined);
  return { branches };
}

/** Pixels with more than two neighbours; those that touch each other are one node. */
function nodesOf(
  plane: MaskPlane,
  pixels: readonly number[],
  around: (place: number) => readonly number[],
): ReadonlyMap<number, GraphNode> {
  const crossings = new Set(pixels.filter((place) => around(place).length > 2));
  const nodes = new Map<number, GraphNode>();
  for (const start of crossings) {
    if (nodes.has(start)) continue;
    const cluster = new Set([start]);
    for (const place of cluster) for (const next of around(place)) if (crossings.has(next)) cluster.add(next);
    let [x, y, reach] = [0, 0, 0];
    for (const place of cluster) {
      x += columnOf(plane, place) / cluster.size;
      y += rowOf(plane, place) / cluster.size;
      reach = Math.max(reach, distanceToEdge(plane, place));
    }
    const node: GraphNode = { x, y, reach };
    for (const place of cluster) nodes.set(place, node);
  }
  return nodes;
}
