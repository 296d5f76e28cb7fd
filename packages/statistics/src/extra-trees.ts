/** Regression trees over options that have few values each, to guess what was not run. */
import type { Random } from "./random.ts";

/** What is known: at some points of a grid a value each. */
export interface GridSample {
  /** How many levels each option has. */
  readonly levelCounts: readonly number[];
  /** For each point the level of each option, from 0 on. */
  readonly points: readonly (readonly number[])[];
  readonly values: readonly number[];
}

/** A box of the grid in which the tree says one value: levels from `from` to before `to`. A tree's boxes fill the grid. */
export interface Leaf {
  readonly from: readonly number[];
  readonly to: readonly number[];
  readonly value: number;
}

export interface Tree {
  readonly leaves: readonly Leaf[];
  readonly root: Node;
}

/** Says its value, or which of two others does: that under the level of an option, or the other one. */
interface Node {
  value: number;
  cut?: { readonly option: number; readonly level: number; readonly under: Node; readonly over: Node };
}

/**
 * An extremely randomised tree, grown until its leaves are pure: at each node one cut is drawn for each option, and the one
 * that leaves the least variance is taken. No bootstrap: where a point is known, the tree says its value.
 *
 * @param fewest a leaf holds at least so many points
 *
 * Source: Geurts, Ernst and Wehenkel, Extremely randomized trees, Machine Learning 63 (2006), with K = all options.
 */
export function growTree({ levelCounts, points, values }: GridSample, random: Random, fewest = 1): Tree {
  const leaves: Leaf[] = [];
  const columns = levelCounts.map((_, option) => Uint32Array.from(points, (point) => point[option] ?? 0));
  const members = Uint32Array.from(points.keys());
  const root: Node = { value: Number.NaN };
  const open = [{ node: root, members, from: levelCounts.map(() => 0), to: [...levelCounts] }];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { node, members, from, to } = next;
    const known = Float64Array.from(members, (member) => values[member] ?? Number.NaN);
    const cut = known.every((value) => value === known[0])
      ? undefined
      : bestCut(members, known, columns, { random, fewest });
    if (cut === undefined) {
      node.value = known.reduce((sum, value) => sum + value, 0) / known.length;
      leaves.push({ from, to, value: node.value });
      continue;
    }
    const { option, level } = cut;
    const column = columns[option];
    const [under, over]: [Node, Node] = [{ value: Number.NaN }, { value: Number.NaN }];
    node.cut = { option, level, under, over };
    const isUnder = (member: number) => (column?.[member] ?? 0) < level;
    open.push(
      { node: under, members: members.filter(isUnder), from, to: to.with(option, level) },
      { node: over, members: members.filter((member) => !isUnder(member)), from: from.with(option, level), to },
    );
  }
  return { leaves, root };
}

interface Drawing {
  readonly random: Random;
  readonly fewest: number;
}

/** @param columns for each option the level of each point */
function bestCut(
  members: Uint32Array,
  values: Float64Array,
  columns: readonly Uint32Array[],
  { random, fewest }: Drawing,
) {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  let best: { readonly option: number; readonly level: number } | undefined;
  let bestGain = -1;
  for (const [option, levels] of columns.entries()) {
    let [low, high] = [Infinity, -Infinity];
    for (const member of members) {
      const at = levels[member] ?? 0;
      if (at < low) low = at;
      if (at > high) high = at;
    }
    if (low === high) continue;
    const level = low + 1 + Math.floor(random() * (high - low));
    let [count, sum] = [0, 0];
    for (let index = 0; index < members.length; index++)
      if ((levels[members[index] ?? 0] ?? 0) < level) {
        count++;
        sum += (values[index] ?? 0) - mean;
      }
    if (count < fewest || members.length - count < fewest) continue;
    // Both sums are the same but for their sign.
    const gain = sum ** 2 / count + sum ** 2 / (members.length - count);
    if (gain > bestGain) {
      bestGain = gain;
      best = { option, level };
    }
  }
  return best;
}

/** What a tree says of a point. */
export function predict({ root }: Tree, point: readonly number[]): number {
  let node = root;
  while (node.cut !== undefined) {
    const { option, level, under, over } = node.cut;
    node = (point[option] ?? 0) < level ? under : over;
  }
  return node.value;
}
