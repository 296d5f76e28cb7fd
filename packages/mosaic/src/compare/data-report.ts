/** The models on one data set: their ranking, and every pair of them. */
import {
  comparePair,
  detectableEffect,
  deviationOf,
  type Interval,
  type Judgement,
  judge,
  largestOf,
  meanInterval,
  meanOf,
  medianOf,
  middleMean,
  type PairedResults,
  type PairStatistics,
  type Plan,
  planFor,
  shareInterval,
} from "@ml-mosaic/statistics";
import { type Figure, rankDirection } from "../figures/figure.ts";
import { type Counting, countingOf } from "./counting.ts";
import { isOutlying, type Outlier } from "./outliers.ts";
import type { DataResults, ModelResults } from "./results.ts";
import { type Rope, ropeSize } from "./rope.ts";
import { fromScale, onScale, type Scale, type ScaleChoice, scaleOf } from "./scale.ts";

export interface Settings {
  readonly criterion: Figure;
  readonly rope: Rope;
  readonly scale: ScaleChoice;
  /** The permutation test is exact for so many repetitions. */
  readonly exactUpTo: number;
  /** So many pairs of the best model, in the order of ranks, get a plan if they are open: each is a simulation. */
  readonly plans: number;
}

export interface ModelStanding
  extends Omit<
    ModelResults,
    | "results"
    | "failures"
    | "repetitions"
    | "runIdsOf"
    | "dataSource"
    | "dataDigests"
    | "readsOwnData"
    | "orders"
    | "experimentIds"
    | "paths"
  > {
  /** null where too few repetitions have a result for a place among the others. */
  readonly rank: number | null;
  /** Repetitions with a result; with folds, results. */
  readonly n: number;
  /** The geometric mean on the logarithmic scale. null where there is no result. */
  readonly mean: number | null;
  readonly median: number | null;
  /** The mean without the lowest and the highest quarter. */
  readonly interquartileMean: number | null;
  readonly deviation: number | null;
  /** Of the mean, 95 %. */
  readonly interval: Interval | null;
  readonly results: readonly { readonly repetition: string; readonly value: number }[];
  readonly outliers: readonly Outlier[];
  /** The share of ended repetitions in which it failed, with its 95 % interval; null where none has ended. */
  readonly failure: (Interval & { readonly share: number }) | null;
}

/** `a` ranks before `b`; the verdict is about `a`. On the logarithmic scale differences are of logarithms. */
export interface PairReport extends Omit<PairStatistics, "advantages">, Judgement {
  readonly a: string;
  readonly b: string;
  /** Which verdict it is: for a planned number of repetitions, or one that holds at every look. */
  readonly counting: Counting;
  /** The smallest difference, on the scale, that so many repetitions would show with 80 %; null where they can show none. */
  readonly detectable: number | null;
  /** Of repetitions that would decide it; null where it is decided, nothing can be planned, or none was asked for. */
  readonly plan: Plan | null;
}

export interface DataReport {
  readonly data: string;
  readonly scale: Scale;
  /** Folds of the cross-validation, 0 where there is none, and the correlation that it causes between results. */
  readonly folds: number;
  readonly correlation: number;
  /** By mean, the best first; those with too few results to be compared last. */
  readonly models: readonly ModelStanding[];
  readonly pairs: readonly PairReport[];
  /** All pairs of models; `pairs` has only those of the best one where there are too many models. */
  readonly familySize: number;
  readonly repeated: number;
  readonly isPairedByOrder: boolean;
  /** Repetitions of pairs that do not count as such: their data are said to be the same, and are not known to be. */
  readonly unlikeData: number;
  /** Models that are programs, which read their own data: those of a repetition are what they make of its seed. */
  readonly programs: readonly string[];
}

/** With more models only the best one is compared with the others; the correction counts all pairs even so. */
export const mostModels = 40;

/** How many pairs `compareOnData` will compare. */
export function pairCountOf({ models }: DataResults): number {
  const count = models.filter(({ results }) => results.size > 0).length;
  return count <= mostModels ? (count * (count - 1)) / 2 : count - 1;
}

export function compareOnData(
  data: DataResults,
  { criterion, rope, scale: choice, exactUpTo, plans }: Settings,
): DataReport {
  const correlation = data.folds === 0 ? 0 : 1 / data.folds;
  const direction = rankDirection(criterion);
  const scale = scaleOf(
    choice,
    criterion,
    data.models.flatMap(({ results }) => [...results.values()]),
  );
  const ranked = rankModels(
    data.models.map((model) => onScaleOf(model, scale)),
    direction,
    criterion.fixed === true,
  );
  const compared = ranked.flatMap(({ model, rank }) => (rank === null ? [] : [model]));
  const familySize = (compared.length * (compared.length - 1)) / 2;
  const first = compared.length <= mostModels ? compared : compared.slice(0, 1);
  // What is drawn of a model's results takes 100 KB: of those that are compared once it is not kept.
  const listOf = listsOf(new Set(first));
  const sharedOf = repetitionsShared();
  let unlikeData = 0;
  const pairs = first.flatMap((a, index) =>
    compared.slice(index + 1).map((b) => {
      const shared = sharedOf(a, b);
      unlikeData += shared.unlike;
      const counting = countingOf([a.orders, b.orders]);
      const statistics = comparePair(pairUp(a, b, shared.repetitions, listOf), {
        direction,
        rope: (meanA, meanB) => ropeSize(rope, criterion, scale, meanA, meanB),
        correlation,
        isFixed: criterion.fixed === true,
        isPlanned: counting.kind === "planned",
        exactUpTo,
      });
      return { a, b, counting, statistics };
    }),
  );
  const judgements = judge(
    pairs.map(({ statistics, counting }) =>
      counting.kind === "pending" ? { ...statistics, evidence: undefined, withFailures: undefined } : statistics,
    ),
    direction,
    familySize,
  );
  return {
    data: data.data,
    scale,
    folds: data.folds,
    correlation,
    models: ranked.map(({ model, rank }) => standingOf(model, rank, correlation, scale)),
    pairs: pairs.flatMap(({ a, b, statistics, counting }, index) => {
      const judgement = judgements[index];
      if (judgement === undefined) return [];
      const { advantages, ...figures } = statistics;
      const isPlanned =
        index < plans &&
        a === compared[0] &&
        judgement.verdict === "undecided" &&
        correlation === 0 &&
        statistics.withFailures === undefined;
      const outlook = isPlanned
        ? outlookOf(statistics, judgement.factor, familySize)
        : { detectable: null, plan: null };
      return [{ a: a.model, b: b.model, ...figures, ...judgement, counting, ...outlook }];
    }),
    familySize,
    repeated: data.repeated,
    isPairedByOrder: data.isPairedByOrder,
    unlikeData,
    programs: data.models.filter(({ readsOwnData }) => readsOwnData).map(({ model }) => model),
  };
}

/** What more repetitions would give. */
function outlookOf({ advantages, rope }: PairStatistics, factor: number, familySize: number) {
  const smallest = deviationOf(advantages) * detectableEffect(advantages.length, familySize);
  return {
    detectable: Number.isFinite(smallest) && smallest > 0 ? smallest : null,
    plan: planFor(advantages, rope, factor) ?? null,
  };
}

function failureOf(count: number, ended: number): ModelStanding["failure"] {
  return ended === 0 ? null : { share: count / ended, ...shareInterval(count, ended) };
}

function onScaleOf(model: ModelResults, scale: Scale): ModelResults {
  if (scale === "linear") return model;
  return { ...model, results: new Map(Array.from(model.results, ([key, value]) => [key, onScale(scale, value)])) };
}

/**
 * The better mean first, with a failure as the worst result of any model, so that no model leads because it failed; equal
 * ones share a rank. A single result is luck: it has a place only where no model has more. Models
 * without a place come last.
 */
function rankModels(models: readonly ModelResults[], direction: "lower" | "higher", isFixed: boolean) {
  const sign = direction === "lower" ? 1 : -1;
  const most = largestOf(models.map(({ results }) => results.size));
  const worst = models
    .flatMap(({ results }) => [...results.values()])
    .reduce((farthest, value) => Math.max(farthest, sign * value), -Infinity);
  const fewest = isFixed || most < 2 ? 1 : 2;
  const scored = models
    .map((model) => ({
      model,
      isPlaced: model.results.size >= fewest,
      score:
        model.results.size === 0
          ? Infinity
          : meanOf([
              ...Array.from(model.results.values(), (value) => sign * value),
              ...Array.from(model.failures, () => worst),
            ]),
    }))
    .sort(
      (one, other) =>
        Number(other.isPlaced) - Number(one.isPlaced) || (one.score === other.score ? 0 : one.score - other.score),
    );
  let rank = 1;
  return scored.map(({ model, score, isPlaced }, index) => {
    if (score !== scored[index - 1]?.score) rank = index + 1;
    return { model, rank: isPlaced ? rank : null };
  });
}

/**
 * The repetitions that have ended for both, of the same data: one seed gives classes of two languages other data, unless their
 * digests say that it does not.
 */
function repetitionsShared() {
  const known = new Map<ModelResults, ReadonlyMap<string, string>>();
  const digestsOf = (model: ModelResults) => {
    const digests = known.get(model) ?? model.dataDigests();
    known.set(model, digests);
    return digests;
  };
  const hasEnded = ({ results, failures }: ModelResults, repetition: string) =>
    results.has(repetition) || failures.has(repetition);
  return (a: ModelResults, b: ModelResults) => {
    const ended = a.repetitions.filter((repetition) => hasEnded(a, repetition) && hasEnded(b, repetition));
    if (a.dataSource === b.dataSource) return { repetitions: ended, unlike: 0 };
    const [ofA, ofB] = [digestsOf(a), digestsOf(b)];
    const alike = ended.filter((repetition) => ofA.has(repetition) && ofA.get(repetition) === ofB.get(repetition));
    return { repetitions: alike, unlike: ended.length - alike.length };
  };
}

/** The same list for every pair that shares all of a model's repetitions. */
function pairUp(a: ModelResults, b: ModelResults, shared: readonly string[], listOf: ListOf): PairedResults {
  return {
    a: listOf(a, shared),
    b: listOf(b, shared),
    alone: { a: [...a.results.values()], b: [...b.results.values()] },
  };
}

type ListOf = (model: ModelResults, repetitions: readonly string[]) => readonly number[];

/** What is drawn of a list is kept with the list; so the same list is given out again, of models in `kept`. */
function listsOf(kept: ReadonlySet<ModelResults>): ListOf {
  const lists = new Map<ModelResults, Map<string, readonly number[]>>();
  return (model, repetitions) => {
    const make = () => repetitions.map((repetition) => model.results.get(repetition) ?? Number.NaN);
    if (!kept.has(model)) return make();
    const ofModel = lists.get(model) ?? new Map<string, readonly number[]>();
    const key = repetitions.join("\n");
    const list = ofModel.get(key) ?? make();
    lists.set(model, ofModel.set(key, list));
    return list;
  };
}

function standingOf(
  {
    results,
    failures,
    repetitions,
    runIdsOf,
    dataSource,
    dataDigests,
    readsOwnData,
    orders,
    experimentIds,
    paths,
    ...model
  }: ModelResults,
  rank: number | null,
  correlation: number,
  scale: Scale,
): ModelStanding {
  const values = [...results.values()];
  const natural = values.map((value) => fromScale(scale, value));
  const interval = meanInterval(values, correlation);
  const outlying = isOutlying(values);
  return {
    ...model,
    rank,
    n: values.length,
    mean: values.length === 0 ? null : fromScale(scale, meanOf(values)),
    median: values.length === 0 ? null : medianOf(natural),
    interquartileMean: values.length === 0 ? null : middleMean(natural),
    deviation: values.length < 2 ? null : deviationOf(natural),
    failure: failureOf(failures.size, values.length + failures.size),
    interval:
      interval === undefined ? null : { low: fromScale(scale, interval.low), high: fromScale(scale, interval.high) },
    results: Array.from(results, ([repetition, value]) => ({ repetition, value: fromScale(scale, value) })),
    outliers: [...results].flatMap(([repetition], index) =>
      outlying[index] === true ? [{ runIds: runIdsOf(repetition), value: natural[index] ?? Number.NaN }] : [],
    ),
  };
}
