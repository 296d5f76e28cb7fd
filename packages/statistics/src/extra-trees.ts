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

/**
 * An extremely randomised tree, grown until its leaves are pure: at each node one cut is drawn for each option, and the one
 * that leaves the least variance is taken. No bootstrap: where a point is known, the tree says its value.
 *
 * @param fewest a leaf holds at least so many points
 *
 * Source: Geurts, Ernst and Wehenkel, Extremely randomized trees, Machine Learning 63 (2006), with K = all options.
 */
export function growTree({ levelCounts, points, values }: GridSample, random: Random, fewest = 1): readonly Leaf[] {
  const leaves: Leaf[] = [];
  const open = [{ members: points.map((_, index) => index), from: levelCounts.map(() => 0), to: [...levelCounts] }];
  const levelOf = (member: number, option: number) => points[member]?.[option] ?? 0;
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    const { members, from, to } = node;
    const known = members.map((member) => values[member] ?? Number.NaN);
    const cut = known.every((value) => value === known[0])
      ? undefined
      : bestCut(members, known, levelCounts.length, { levelOf, random, fewest });
    if (cut === undefined) {
      leaves.push({ from, to, value: known.reduce((sum, value) => sum + value, 0) / known.length });
      continue;
    }
    const { option, level } = cut;
    const isUnder = (member: number) => levelOf(member, option) < level;
    open.push(
      { members: members.filter(isUnder), from, to: to.with(option, level) },
      { members: members.filter((member) => !isUnder(member)), from: from.with(option, level), to },
    );
  }
  return leaves;
}

interface Drawing {
  readonly levelOf: (member: number, option: number) => number;
  readonly random: Random;
  readonly fewest: number;
}

function bestCut(
  members: readonly number[],
  values: readonly number[],
  optionCount: number,
  { levelOf, random, fewest }: Drawing,
) {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  let best: { readonly option: number; readonly level: number } | undefined;
  let bestGain = -1;
  for (let option = 0; option < optionCount; option++) {
    let [low, high] = [Infinity, -Infinity];
    for (const member of members) {
      low = Math.min(low, levelOf(member, option));
      high = Math.max(high, levelOf(member, option));
    }
    if (low === high) continue;
    const level = low + 1 + Math.floor(random() * (high - low));
    let [count, sum] = [0, 0];
    for (const [index, member] of members.entries())
      if (levelOf(member, option) < level) {
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
export function predict(tree: readonly Leaf[], point: readonly number[]): number {
  const leaf = tree.find(({ from, to }) =>
    point.every((level, option) => level >= (from[option] ?? 0) && level < (to[option] ?? 0)),
  );
  return leaf?.value ?? Number.NaN;
}
