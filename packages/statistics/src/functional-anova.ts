/** How much of the differences between values on a grid comes from each option of the grid. */
import type { GridSample, Leaf } from "./extra-trees.ts";

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

/**
 * The same of a grid on which every combination is known: what a tree with a box for each would give, in a time that grows with
 * the number of points alone, not with its square. Several values at a point are averaged.
 */
export function gridShares({ levelCounts, points, values }: GridSample): readonly OptionShare[] | undefined {
  const strides: number[] = [];
  let cellCount = 1;
  for (const count of levelCounts) {
    strides.push(cellCount);
    cellCount *= count;
  }
  const cells = new Float64Array(cellCount);
  const counts = new Uint32Array(cellCount);
  for (const [index, point] of points.entries()) {
    const cell = point.reduce((sum, level, option) => sum + level * (strides[option] ?? 0), 0);
    cells[cell] = (cells[cell] ?? 0) + (values[index] ?? Number.NaN);
    counts[cell] = (counts[cell] ?? 0) + 1;
  }
  for (const [cell, count] of counts.entries()) cells[cell] = (cells[cell] ?? 0) / count;
  // Rounding is no variance.
  if (cells.every((value) => value === cells[0])) return undefined;
  const mean = cells.reduce((sum, value) => sum + value, 0) / cellCount;
  for (const [cell, value] of cells.entries()) cells[cell] = value - mean;
  const variance = cells.reduce((sum, value) => sum + value ** 2, 0) / cellCount;
  return levelCounts.map((count, option) => {
    const stride = strides[option] ?? 1;
    const ofLevel = new Float64Array(count);
    const ofOthers = new Float64Array(cellCount / count);
    for (const [cell, value] of cells.entries()) {
      const above = Math.floor(cell / (stride * count));
      const level = Math.floor(cell / stride) % count;
      const others = above * stride + (cell % stride);
      ofLevel[level] = (ofLevel[level] ?? 0) + value;
      ofOthers[others] = (ofOthers[others] ?? 0) + value;
    }
    const meanSquare = (sums: Float64Array) =>
      sums.reduce((sum, one) => sum + (one / (cellCount / sums.length)) ** 2, 0) / sums.length;
    return { alone: meanSquare(ofLevel) / variance, total: Math.max(0, 1 - meanSquare(ofOthers) / variance) };
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
