import { distanceOf, pointAlong } from "./polyline.ts";
import { turned } from "./prune.ts";
import type { Branch, GraphNode, Point, SkeletonGraph } from "./skeleton-graph.ts";

/** The line of one filament, in pixels. */
export interface FilamentLine {
  readonly points: readonly Point[];
  readonly isClosed: boolean;
  /** Where it meets others, its ends included. */
  readonly nodes: ReadonlySet<GraphNode>;
}

/**
 * Puts branches together into filaments that go on through nodes: of the branches that meet there, pairs that turn least, the
 * straightest pair first, as long as it turns by no more than `mostTurn` degrees. What is not paired begins or ends at the node.
 */
export function assemble({ branches }: SkeletonGraph, mostTurn: number): readonly FilamentLine[] {
  const { partners, meeting } = pairs(branches, mostTurn);
  const used = new Set<Branch>();
  const lines: FilamentLine[] = [];
  const onward = (branch: Branch, isForward: boolean) => partners.get(branch)?.[isForward ? "to" : "from"];
  for (const start of branches) {
    if (used.has(start)) continue;
    // Back to where it begins, or once around.
    let first: Travelled = { branch: start, isForward: true };
    const passed = new Set([start]);
    let isRing = false;
    for (;;) {
      const before = onward(first.branch, !first.isForward);
      if (before === undefined) break;
      isRing = passed.has(before.branch);
      if (isRing) break;
      passed.add(before.branch);
      first = { branch: before.branch, isForward: before.end === "to" };
    }
    const points: Point[] = [];
    const nodes = new Set<GraphNode>();
    const addNode = (node: GraphNode | undefined) => {
      if (node === undefined) return;
      points.push({ x: node.x, y: node.y });
      nodes.add(node);
    };
    let current: Travelled | undefined = first;
    const firstNode = ahead(first).from;
    addNode(firstNode);
    let lastNode: GraphNode | undefined;
    while (current !== undefined && !used.has(current.branch)) {
      used.add(current.branch);
      const { points: added, to } = ahead(current);
      for (const point of added) points.push(point);
      addNode(to);
      lastNode = to;
      const next: End | undefined = onward(current.branch, current.isForward);
      current = next === undefined ? undefined : { branch: next.branch, isForward: next.end === "from" };
    }
    if (!isRing) {
      const through = (node: GraphNode) => throughLines(node, meeting.get(node) ?? [], partners);
      if (firstNode !== undefined) leaveStraight(points, firstNode, through(firstNode));
      if (lastNode !== undefined) leaveStraight(points.reverse(), lastNode, through(lastNode));
    }
    const [begin, end] = [points[0], points.at(-1)];
    const touches = begin !== undefined && end !== undefined && points.length > 8 && distanceOf(begin, end) < 1.5;
    lines.push({
      points: touches && begin !== end && begin !== undefined ? [...points, begin] : points,
      isClosed: touches,
      nodes,
    });
  }
  return lines;
}

interface Travelled {
  readonly branch: Branch;
  readonly isForward: boolean;
}

interface End {
  readonly branch: Branch;
  /** At which of its ends the node is. */
  readonly end: "from" | "to";
}

function ahead({ branch, isForward }: Travelled): Branch {
  return isForward ? branch : turned(branch);
}

type Partners = ReadonlyMap<Branch, { readonly from?: End; readonly to?: End }>;

/** Parts near a node of the filaments that go on through it. */
function throughLines(node: GraphNode, ends: readonly End[], partners: Partners): readonly (readonly Point[])[] {
  const near = ({ branch, end }: End) =>
    (end === "from" ? branch.points : branch.points.toReversed()).slice(0, Math.ceil(6 * node.reach));
  return ends.flatMap((one) => {
    const other = partners.get(one.branch)?.[one.end];
    return other === undefined ? [] : [[...near(one).toReversed(), node, ...near(other)]];
  });
}

/**
 * Near a filament that another leaves, their masks are one, and the skeleton turns into the node. The line that leaves is
 * replaced there by a straight one, from where it is alone back to the filament.
 *
 * @param points begin at the node
 */
function leaveStraight(points: Point[], node: GraphNode, through: readonly (readonly Point[])[]): void {
  const alone = 1.5 * node.reach;
  const [near, far] = [pointAlong(points, alone), pointAlong(points, alone + node.reach + 6)];
  if (near === undefined || far === undefined || distanceOf(near, far) < node.reach + 3) return;
  const along = { x: near.x - far.x, y: near.y - far.y };
  const scale = (3 * node.reach + 2) / Math.hypot(along.x, along.y);
  const beyond = { x: near.x + scale * along.x, y: near.y + scale * along.y };
  const shares = through.flatMap((line) =>
    line.flatMap((point, i) => {
      const next = line[i + 1];
      return next === undefined ? [] : (crossingShare(near, beyond, point, next) ?? []);
    }),
  );
  if (shares.length === 0) return;
  const share = Math.min(...shares);
  let [index, passed] = [1, 0];
  while (index < points.length && passed < alone) {
    passed += distanceOf(points[index - 1] ?? near, points[index] ?? near);
    index++;
  }
  const start = { x: near.x + share * (beyond.x - near.x), y: near.y + share * (beyond.y - near.y) };
  points.splice(0, index, start, near);
}

/** How far along the way from a to b, 0 to 1, it crosses that from c to d. */
function crossingShare(a: Point, b: Point, c: Point, d: Point): number | undefined {
  const [r, s] = [
    { x: b.x - a.x, y: b.y - a.y },
    { x: d.x - c.x, y: d.y - c.y },
  ];
  const turn = r.x * s.y - r.y * s.x;
  if (turn === 0) return undefined;
  const share = ((c.x - a.x) * s.y - (c.y - a.y) * s.x) / turn;
  const other = ((c.x - a.x) * r.y - (c.y - a.y) * r.x) / turn;
  return share >= 0 && share <= 1 && other >= 0 && other <= 1 ? share : undefined;
}

function pairs(
  branches: readonly Branch[],
  mostTurn: number,
): { readonly partners: Partners; readonly meeting: ReadonlyMap<GraphNode, readonly End[]> } {
  const ends = new Map<GraphNode, End[]>();
  for (const branch of branches)
    for (const end of ["from", "to"] as const) {
      const node = branch[end];
      if (node === undefined) continue;
      const known = ends.get(node);
      if (known === undefined) ends.set(node, [{ branch, end }]);
      else known.push({ branch, end });
    }
  const partners = new Map<Branch, { from?: End; to?: End }>();
  const isFree = ({ branch, end }: End) => partners.get(branch)?.[end] === undefined;
  const setPartner = ({ branch, end }: End, other: End) =>
    partners.set(branch, { ...partners.get(branch), [end]: other });
  for (const [node, there] of ends) {
    const candidates = there.flatMap((one, i) =>
      there.slice(i + 1).map((other) => ({ one, other, turn: turnBetween(node, one, other) })),
    );
    for (const { one, other, turn } of candidates.toSorted((a, b) => a.turn - b.turn)) {
      if (turn > mostTurn || !isFree(one) || !isFree(other)) continue;
      setPartner(one, other);
      setPartner(other, one);
    }
  }
  return { partners, meeting: ends };
}

/** Degrees by which a line turns that comes along one branch and goes on along another. */
function turnBetween(node: GraphNode, one: End, other: End): number {
  const [a, b] = [directionFrom(node, one), directionFrom(node, other)];
  const turn = Math.atan2(a.x * b.y - a.y * b.x, -(a.x * b.x + a.y * b.y));
  return (Math.abs(turn) * 180) / Math.PI;
}

/** Where a branch goes from its node, looked at beyond what the node reaches: there it is its own. */
function directionFrom(node: GraphNode, { branch, end }: End): Point {
  const points = end === "from" ? branch.points : branch.points.toReversed();
  const near = pointAlong([node, ...points], node.reach) ?? node;
  const far = pointAlong([node, ...points], 2 * node.reach + 8) ?? node;
  return distanceOf(near, far) < 2
    ? { x: far.x - node.x, y: far.y - node.y }
    : { x: far.x - near.x, y: far.y - near.y };
}
