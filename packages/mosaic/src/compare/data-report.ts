/** The models on one data set: their ranking, and every pair of them. */
import {
  comparePair,
  deviationOf,
  type Judgement,
  judge,
  type MeanInterval,
  meanInterval,
  meanOf,
  type PairSettings,
  type PairStatistics,
} from "@ml-mosaic/statistics";
import { type Figure, rankDirection } from "../figures/figure.ts";
import type { DataResults, ModelResults } from "./results.ts";
import type { Rope } from "./rope.ts";

export interface Settings {
  readonly criterion: Figure;
  readonly rope: Rope;
  /** The permutation test is exact for so many repetitions. */
  readonly exactUpTo: number;
}

export interface ModelStanding extends Omit<ModelResults, "results"> {
  readonly rank: number;
  /** Repetitions with a result; with folds, results. */
  readonly n: number;
  /** null where there is no result. */
  readonly mean: number | null;
  readonly deviation: number | null;
  readonly interval: MeanInterval | null;
  readonly results: readonly { readonly repetition: string; readonly value: number }[];
}

/** `a` ranks before `b`; the verdict is about `a`. */
export interface PairReport extends Omit<PairStatistics, "advantages">, Judgement {
  readonly a: string;
  readonly b: string;
}

export interface DataReport {
  readonly data: string;
  /** Folds of the cross-validation, 0 where there is none, and the correlation that it causes between results. */
  readonly folds: number;
  readonly correlation: number;
  /** By mean, the best first. */
  readonly models: readonly ModelStanding[];
  readonly pairs: readonly PairReport[];
  /** All pairs of models; `pairs` has only those of the best one where there are too many models. */
  readonly familySize: number;
  readonly repeated: number;
  readonly isPairedByOrder: boolean;
}

/** With more models only the best one is compared with the others; the correction counts all pairs even so. */
export const mostModels = 40;

/** How many pairs `compareOnData` will compare. */
export function pairCountOf({ models }: DataResults): number {
  const count = models.filter(({ results }) => results.size > 0).length;
  return count <= mostModels ? (count * (count - 1)) / 2 : count - 1;
}

export function compareOnData(data: DataResults, { criterion, rope, exactUpTo }: Settings): DataReport {
  const correlation = data.folds === 0 ? 0 : 1 / data.folds;
  const ranked = rankModels(data.models, criterion);
  const compared = ranked.flatMap(({ model }) => (model.results.size > 0 ? [model] : []));
  const familySize = (compared.length * (compared.length - 1)) / 2;
  const settings: PairSettings = {
    direction: rankDirection(criterion),
    rope: (meanA, meanB) => ropeSize(rope, criterion, meanA, meanB),
    correlation,
    isFixed: criterion.fixed === true,
    exactUpTo,
  };
  const pairs = (compared.length <= mostModels ? compared : compared.slice(0, 1)).flatMap((a, index) =>
    compared.slice(index + 1).map((b) => ({ a, b, statistics: comparePair(pairUp(a, b), settings) })),
  );
  const judgements = judge(
    pairs.map(({ statistics }) => statistics),
    correlation,
    familySize,
  );
  return {
    data: data.data,
    folds: data.folds,
    correlation,
    models: ranked.map(({ model, rank }) => standingOf(model, rank, correlation)),
    pairs: pairs.flatMap(({ a, b, statistics }, index) => {
      const judgement = judgements[index];
      const { advantages, ...figures } = statistics;
      return judgement === undefined ? [] : [{ a: a.model, b: b.model, ...figures, ...judgement }];
    }),
    familySize,
    repeated: data.repeated,
    isPairedByOrder: data.isPairedByOrder,
  };
}

/** The better mean first, who has no result last; equal means share a rank. */
function rankModels(models: readonly ModelResults[], criterion: Figure) {
  const sign = rankDirection(criterion) === "lower" ? 1 : -1;
  const scored = models
    .map((model) => ({
      model,
      score: model.results.size === 0 ? Infinity : sign * meanOf([...model.results.values()]),
    }))
    .sort((one, other) => (one.score === other.score ? 0 : one.score - other.score));
  let rank = 1;
  return scored.map(({ model, score }, index) => {
    if (score !== scored[index - 1]?.score) rank = index + 1;
    return { model, rank };
  });
}

export function ropeSize(rope: Rope, criterion: Figure, meanA: number, meanB: number): number {
  if (rope.kind === "absolute") return rope.size;
  return rope.share * Math.abs(rankDirection(criterion) === "lower" ? Math.min(meanA, meanB) : Math.max(meanA, meanB));
}

/** The results of the repetitions that both have; the same list for every pair of which it has all. */
function pairUp(a: ModelResults, b: ModelResults) {
  const shared = [...a.results.keys()].filter((repetition) => b.results.has(repetition));
  return { a: valuesOn(a, shared), b: valuesOn(b, shared) };
}

function valuesOn({ results }: ModelResults, repetitions: readonly string[]): readonly number[] {
  const key = repetitions.join("\n");
  const lists = listed.get(results) ?? new Map<string, readonly number[]>();
  const list = lists.get(key) ?? repetitions.map((repetition) => results.get(repetition) ?? Number.NaN);
  listed.set(results, lists.set(key, list));
  return list;
}

/** What is drawn of a list is kept with the list. */
const listed = new WeakMap<ModelResults["results"], Map<string, readonly number[]>>();

function standingOf({ results, ...model }: ModelResults, rank: number, correlation: number): ModelStanding {
  const values = [...results.values()];
  return {
    ...model,
    rank,
    n: values.length,
    mean: values.length === 0 ? null : meanOf(values),
    deviation: values.length < 2 ? null : deviationOf(values),
    interval: meanInterval(values, correlation) ?? null,
    results: Array.from(results, ([repetition, value]) => ({ repetition, value })),
  };
}
