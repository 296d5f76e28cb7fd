import { polylineLength } from "./polyline.ts";
import type { Branch, GraphNode, Point, SkeletonGraph } from "./skeleton-graph.ts";

/**
 * Removes spurs: branches that end freely after less than `spur` widths of the mask at their node, where it is as wide as
 * twice its reach. They come from the roughness of the mask's edge, not from filaments. Of a node the shortest goes first, and
 * where two branches are left they become one.
 */
export function prune({ branches }: SkeletonGraph, spur: number): SkeletonGraph {
  let kept = joined(branches);
  for (;;) {
    const shortest = new Map<GraphNode, { branch: Branch; length: number }>();
    for (const branch of kept) {
      const node = branch.from;
      if (node === undefined || branch.to !== undefined) continue;
      const length = branchLength(branch);
      if (length < spur * 2 * node.reach && length < (shortest.get(node)?.length ?? Number.POSITIVE_INFINITY))
        shortest.set(node, { branch, length });
    }
    if (shortest.size === 0) return { branches: kept };
    const gone = new Set(Array.from(shortest.values(), ({ branch }) => branch));
    kept = joined(kept.filter((branch) => !gone.has(branch)));
  }
}

/**
 * Crossing filaments share some pixels when they are thinned, and so leave two nodes and a bridge. Nodes whose bridge is not
 * longer than they reach are one.
 */
export function contract({ branches }: SkeletonGraph): SkeletonGraph {
  const moved = new Map<GraphNode, GraphNode>();
  const bridges = branches.flatMap((branch) => {
    const { from, to } = branch;
    if (from === undefined || to === undefined || from === to) return [];
    const length = branchLength(branch);
    return length <= from.reach + to.reach ? [{ branch, from, to, length }] : [];
  });
  const gone = new Set<Branch>();
  // Each node once: many that follow one another along a filament would all become one.
  for (const { branch, from, to } of bridges.toSorted((a, b) => a.length - b.length)) {
    if (moved.has(from) || moved.has(to)) continue;
    const reach = Math.max(from.reach, to.reach);
    const middle: GraphNode = { x: (from.x + to.x) / 2, y: (from.y + to.y) / 2, reach };
    moved.set(from, middle);
    moved.set(to, middle);
    gone.add(branch);
  }
  const after = (node: GraphNode | undefined) => (node === undefined ? undefined : (moved.get(node) ?? node));
  return {
    branches: branches.flatMap((branch) => {
      if (gone.has(branch)) return [];
      const made = { ...branch, from: after(branch.from), to: after(branch.to) };
      // What ran beside the bridge would be a ring of a few pixels.
      const isBeside = made.from !== undefined && made.from === made.to && branch.from !== branch.to;
      return isBeside && branchLength(made) <= 4 * (made.from?.reach ?? 0) ? [] : [made];
    }),
  };
}

/** From node to node. */
export function branchLength({ points, from, to }: Branch): number {
  return polylineLength([...(from === undefined ? [] : [from]), ...points, ...(to === undefined ? [] : [to])]);
}

/** A branch that begins at its other end. */
export function turned({ points, from, to }: Branch): Branch {
  return { points: points.toReversed(), from: to, to: from };
}

/** Branches that end freely end behind; nodes at which fewer than three meet are points of a branch. */
function joined(branches: readonly Branch[]): readonly Branch[] {
  const left = new Set(
    branches.map((each) => (each.from === undefined && each.to !== undefined ? turned(each) : each)),
  );
  const at = new Map<GraphNode, Branch[]>();
  const meet = (branch: Branch) => {
    for (const node of [branch.from, branch.to]) {
      if (node === undefined) continue;
      const ends = at.get(node);
      if (ends === undefined) at.set(node, [branch]);
      else ends.push(branch);
    }
  };
  for (const branch of left) meet(branch);
  const replace = (old: readonly Branch[], made: Branch) => {
    for (const branch of old) {
      left.delete(branch);
      for (const node of [branch.from, branch.to])
        if (node !== undefined)
          at.set(
            node,
            (at.get(node) ?? []).filter((each) => each !== branch),
          );
    }
    const placed = made.from === undefined && made.to !== undefined ? turned(made) : made;
    left.add(placed);
    meet(placed);
  };
  for (const node of [...at.keys()]) {
    const [first, second, third] = at.get(node) ?? [];
    if (first === undefined || third !== undefined) continue;
    const point: Point = { x: node.x, y: node.y };
    if (second === undefined) {
      const toward = first.to === node ? first : turned(first);
      replace([first], { from: toward.from, points: [...toward.points, point], to: undefined });
    } else if (second === first) {
      replace([first], { from: undefined, points: [point, ...first.points, point], to: undefined });
    } else {
      const before = first.to === node ? first : turned(first);
      const after = second.from === node ? second : turned(second);
      replace([first, second], { from: before.from, points: [...before.points, point, ...after.points], to: after.to });
    }
  }
  return [...left];
}
