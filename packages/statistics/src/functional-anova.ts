/** How much of the differences between values on a grid comes from each option of the grid. */
import type { Leaf } from "./extra-trees.ts";

/** Of one option, as shares of the variance over the whole grid, on which all levels count the same. */
export interface OptionShare {
  /** Of the option alone: the variance of the means over all others. */
  readonly alone: number;
  /** With all interactions that it takes part in: what would be left if all other options were known. */
  readonly total: number;
}

/**
 * Functional analysis of variance of a tree: exact, from its boxes. undefined where the tree says the same everywhere.
 *
 * With p_g(i) the share of option g's levels in box i: the mean where option f has level l is Σ vᵢ Π_{g≠f} p_g(i) over the
 * boxes with l; the mean over f, squared and averaged, is Σᵢⱼ vᵢ vⱼ p_f(i) p_f(j) Π_{g≠f} p_g(i ∩ j).
 *
 * Source: Hutter, Hoos and Leyton-Brown, An efficient approach for assessing hyperparameter importance, ICML (2014);
 * total: Homma and Saltelli (1996).
 */
export function treeShares(tree: readonly Leaf[], levelCounts: readonly number[]): readonly OptionShare[] | undefined {
  const shareOf = (leaf: Leaf, option: number) =>
    ((leaf.to[option] ?? 0) - (leaf.from[option] ?? 0)) / (levelCounts[option] ?? 1);
  const options = levelCounts.map((_, option) => option);
  const volumes = tree.map((leaf) => options.reduce((product, option) => product * shareOf(leaf, option), 1));
  const mean = tree.reduce((sum, { value }, index) => sum + value * (volumes[index] ?? 0), 0);
  const values = tree.map(({ value }) => value - mean);
  const variance = values.reduce((sum, value, index) => sum + value ** 2 * (volumes[index] ?? 0), 0);
  if (!(variance > 0)) return undefined;
  const others = othersKnown(tree, values, levelCounts);
  return options.map((option) => {
    const count = levelCounts[option] ?? 1;
    // What begins and what ends at each level.
    const steps = new Float64Array(count + 1);
    for (const [index, leaf] of tree.entries()) {
      const part = ((values[index] ?? 0) * (volumes[index] ?? 0)) / shareOf(leaf, option);
      const [from, to] = [leaf.from[option] ?? 0, leaf.to[option] ?? 0];
      steps[from] = (steps[from] ?? 0) + part;
      steps[to] = (steps[to] ?? 0) - part;
    }
    let [marginal, squares] = [0, 0];
    for (let level = 0; level < count; level++) {
      marginal += steps[level] ?? 0;
      squares += marginal ** 2 / count;
    }
    return { alone: squares / variance, total: Math.max(0, 1 - (others[option] ?? 0) / variance) };
  });
}

/** For each option the variance of what is left when only it is averaged over. */
function othersKnown(tree: readonly Leaf[], values: readonly number[], levelCounts: readonly number[]): Float64Array {
  const D = levelCounts.length;
  const [from, to] = [
    Int32Array.from(tree.flatMap((leaf) => leaf.from)),
    Int32Array.from(tree.flatMap((leaf) => leaf.to)),
  ];
  const variances = new Float64Array(D);
  for (let i = 0; i < tree.length; i++)
    for (let j = i; j < tree.length; j++) {
      let [apart, product] = [-1, (values[i] ?? 0) * (values[j] ?? 0) * (i === j ? 1 : 2)];
      for (let option = 0; option < D && product !== 0; option++) {
        const [a, b] = [i * D + option, j * D + option];
        const overlap = Math.min(to[a] ?? 0, to[b] ?? 0) - Math.max(from[a] ?? 0, from[b] ?? 0);
        const count = levelCounts[option] ?? 1;
        if (overlap > 0) product *= overlap / count;
        // Boxes that lie apart in two options share nothing, whichever one is averaged over.
        else if (apart >= 0) product = 0;
        else {
          apart = option;
          product *= ((to[a] ?? 0) - (from[a] ?? 0)) * (((to[b] ?? 0) - (from[b] ?? 0)) / count ** 2);
        }
      }
      if (product === 0) continue;
      if (apart >= 0) variances[apart] = (variances[apart] ?? 0) + product;
      else
        for (let option = 0; option < D; option++) {
          const [a, b] = [i * D + option, j * D + option];
          const overlap = Math.min(to[a] ?? 0, to[b] ?? 0) - Math.max(from[a] ?? 0, from[b] ?? 0);
          const both = ((to[a] ?? 0) - (from[a] ?? 0)) * ((to[b] ?? 0) - (from[b] ?? 0));
          variances[option] = (variances[option] ?? 0) + (product * both) / (overlap * (levelCounts[option] ?? 1));
        }
    }
  return variances;
}
