/** How much each option matters for a result, how sure that is, and how far it can be told at all. */
import { tQuantile } from "./distributions.ts";
import { type GridSample, growTree, predict, type Tree } from "./extra-trees.ts";
import { gridShares, type OptionShare, treeShares } from "./functional-anova.ts";
import { seededRandom } from "./random.ts";
import { deviationOf, type Interval, level, meanOf } from "./sample.ts";

export interface GridOption {
  readonly levelCount: number;
  /** Whether its levels have an order, as numbers have; the others are put in the order of their means. */
  readonly isOrdered: boolean;
}

/** The results of one pipeline. */
export interface GridResults {
  /** The level of each option, from 0 on. */
  readonly point: readonly number[];
  /** Results by repetition; repetitions with the same name share their seed. */
  readonly results: ReadonlyMap<string, number>;
}

export interface OptionImportance extends OptionShare {
  /** 95 % jackknife intervals over the repetitions; null where nothing is repeated. */
  readonly aloneInterval: Interval | null;
  readonly totalInterval: Interval | null;
}

export interface Importance {
  readonly options: readonly OptionImportance[];
  /** Combinations of levels that were run, of so many. */
  readonly known: number;
  readonly combinations: number;
  /** R² of guesses for pipelines that were left out; null where every combination was run, so that none is guessed. */
  readonly leftOutR2: number | null;
  /** Share of the variance between the means that comes from chance, as far as repetitions show it; null without them. */
  readonly chanceShare: number | null;
}

/** Fewer for many pipelines, which take longer and vary the trees less. */
const treeCountOf = (points: number) => Math.max(8, Math.min(64, Math.round(64_000 / points)));
const seed = 20_260_105;
/** Leaves of trees over more pipelines than this hold several. */
const mostLeaves = 1000;
const mostBlocks = 10;

/** undefined where all means are equal, or there are no two pipelines. */
export function optionImportance(
  options: readonly GridOption[],
  pipelines: readonly GridResults[],
): Importance | undefined {
  const sample = sampleOf(options, pipelines, new Set());
  const shares = sharesOf(sample);
  if (shares === undefined) return undefined;
  const repetitions = [...new Set(pipelines.flatMap(({ results }) => [...results.keys()]))];
  const isRepeated = pipelines.some(({ results }) => results.size > 1);
  const blocks = isRepeated ? blocksOf(repetitions) : [];
  const without = blocks.map((block) => sharesOf(sampleOf(options, pipelines, block)));
  const combinations = combinationsOf(sample.levelCounts);
  const known = knownPoints(sample.points);
  return {
    options: shares.map((share, option) => ({
      ...share,
      aloneInterval: jackknife(
        share.alone,
        without.map((one) => one?.[option]?.alone),
      ),
      totalInterval: jackknife(
        share.total,
        without.map((one) => one?.[option]?.total),
      ),
    })),
    known,
    combinations,
    leftOutR2: known === combinations ? null : leftOutR2(sample),
    chanceShare: isRepeated ? chanceShare(pipelines) : null,
  };
}

/** Means over the repetitions; a point that several pipelines have is there several times. */
function sampleOf(
  options: readonly GridOption[],
  pipelines: readonly GridResults[],
  without: ReadonlySet<string>,
): GridSample {
  const kept = pipelines.flatMap(({ point, results }) => {
    const values = [...results].flatMap(([repetition, value]) => (without.has(repetition) ? [] : [value]));
    return values.length === 0 ? [] : [{ point, value: meanOf(values) }];
  });
  const places = options.map(({ levelCount, isOrdered }, option) => {
    const levels = Array.from({ length: levelCount }, (_, index) => index);
    if (isOrdered) return levels;
    const ofLevel = Map.groupBy(kept, ({ point }) => point[option]);
    const means = levels.map((index) => meanOf(ofLevel.get(index)?.map(({ value }) => value) ?? [Infinity]));
    const order = levels.toSorted((one, other) => (means[one] ?? 0) - (means[other] ?? 0) || one - other);
    const placeOf = new Uint32Array(levelCount);
    for (const [place, index] of order.entries()) placeOf[index] = place;
    return placeOf;
  });
  return {
    levelCounts: options.map(({ levelCount }) => levelCount),
    points: kept.map(({ point }) => point.map((index, option) => places[option]?.[index] ?? 0)),
    values: kept.map(({ value }) => value),
  };
}

/** Averaged over trees; where every combination is known all trees would say the same, and it is an analysis of variance. */
function sharesOf(sample: GridSample): readonly OptionShare[] | undefined {
  if (isComplete(sample)) return gridShares(sample);
  const found = treesOf(sample).flatMap(({ leaves }) => {
    const shares = treeShares(leaves, sample.levelCounts);
    return shares === undefined ? [] : [shares];
  });
  if (found.length === 0) return undefined;
  return sample.levelCounts.map((_, option) => ({
    alone: meanOf(found.map((shares) => shares[option]?.alone ?? 0)),
    total: meanOf(found.map((shares) => shares[option]?.total ?? 0)),
  }));
}

function isComplete({ points, levelCounts }: GridSample): boolean {
  const combinations = combinationsOf(levelCounts);
  return combinations <= points.length && knownPoints(points) === combinations;
}

function combinationsOf(levelCounts: readonly number[]): number {
  return levelCounts.reduce((product, count) => product * count, 1);
}

function knownPoints(points: GridSample["points"]): number {
  return new Set(points.map((point) => point.join())).size;
}

function treesOf(sample: GridSample): readonly Tree[] {
  if (sample.points.length < 2) return [];
  const random = seededRandom(seed);
  const fewest = Math.ceil(sample.points.length / mostLeaves);
  return Array.from({ length: treeCountOf(sample.points.length) }, () => growTree(sample, random, fewest));
}

function blocksOf(repetitions: readonly string[]): readonly ReadonlySet<string>[] {
  const count = Math.min(mostBlocks, repetitions.length);
  if (count < 2) return [];
  return Array.from(
    { length: count },
    (_, block) => new Set(repetitions.filter((_name, index) => index % count === block)),
  );
}

/** estimate ± t(B − 1) · s / √B with the pseudo-values B · estimate − (B − 1) · (estimate without a block), in [0, 1]. */
function jackknife(estimate: number, without: readonly (number | undefined)[]): Interval | null {
  const known = without.filter((value) => value !== undefined);
  const B = known.length;
  if (B < 2) return null;
  const half = (tQuantile((1 + level) / 2, B - 1) * (B - 1) * deviationOf(known)) / Math.sqrt(B);
  return { low: Math.max(0, estimate - half), high: Math.min(1, estimate + half) };
}

/** Ten-fold: 1 − squared errors of the guesses over squared deviations from the mean. */
function leftOutR2({ levelCounts, points, values }: GridSample): number {
  const folds = Math.min(10, points.length);
  const mean = meanOf(values);
  const random = seededRandom(seed + 1);
  const order = points.map((_, index) => ({ index, key: random() })).sort((one, other) => one.key - other.key);
  let [errors, deviations] = [0, 0];
  for (let fold = 0; fold < folds; fold++) {
    const left = order.filter((_, place) => place % folds === fold).map(({ index }) => index);
    const kept = order.filter((_, place) => place % folds !== fold).map(({ index }) => index);
    const trees = treesOf({
      levelCounts,
      points: kept.map((index) => points[index] ?? []),
      values: kept.map((index) => values[index] ?? Number.NaN),
    });
    for (const index of left) {
      const value = values[index] ?? Number.NaN;
      const guess = trees.length === 0 ? mean : meanOf(trees.map((tree) => predict(tree, points[index] ?? [])));
      errors += (value - guess) ** 2;
      deviations += (value - mean) ** 2;
    }
  }
  return 1 - errors / deviations;
}

/**
 * What varies within pipelines beyond what a repetition does to all of them, over the number of repetitions, as a share of
 * the variance of the means.
 */
function chanceShare(pipelines: readonly GridResults[]): number | null {
  const means = pipelines.map(({ results }) => meanOf([...results.values()]));
  const rests = pipelines.flatMap(({ results }, index) =>
    results.size < 2
      ? []
      : Array.from(results, ([repetition, value]) => ({ repetition, rest: value - (means[index] ?? 0) })),
  );
  const shared = new Map(
    [...Map.groupBy(rests, ({ repetition }) => repetition)].map(([name, of]) => [
      name,
      meanOf(of.map(({ rest }) => rest)),
    ]),
  );
  const squares = rests.reduce((sum, { repetition, rest }) => sum + (rest - (shared.get(repetition) ?? 0)) ** 2, 0);
  const repeated = pipelines.filter(({ results }) => results.size > 1).length;
  const freedom = rests.length - repeated - (shared.size - 1);
  const grandMean = meanOf(means);
  const between = meanOf(means.map((value) => (value - grandMean) ** 2));
  if (freedom < 1 || between === 0) return null;
  const perMean = meanOf(pipelines.map(({ results }) => 1 / results.size));
  return Math.min(1, ((squares / freedom) * perMean) / between);
}
