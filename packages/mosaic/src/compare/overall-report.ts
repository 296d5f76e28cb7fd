/** The models over several data sets. */
import { present } from "@ml-mosaic/base";
import {
  friedman,
  holm,
  type InterquartileMean,
  type Interval,
  interquartileMean,
  meanOf,
  type Posterior,
  performanceProfile,
  profileBand,
  signedRankPosterior,
  type Verdict,
  wilcoxon,
} from "@ml-mosaic/statistics";
import { type Figure, rankDirection } from "../figures/figure.ts";
import type { Settings } from "./data-report.ts";
import type { DataResults } from "./results.ts";

export interface OverallModel {
  readonly model: string;
  /** 1 is the best; equal means share their ranks. */
  readonly averageRank: number;
  /** Of scores on which 1 is the best result on a data set and 0 the worst; null below three data sets. */
  readonly interquartileMean: InterquartileMean | null;
  /** Share of results with a score above each of the thresholds. */
  readonly profile: readonly number[] | null;
  /** 95 % intervals of these shares. */
  readonly profileBand: readonly Interval[] | null;
}

/** `a` ranks before `b`; the verdict is about `a`. */
export interface OverallPair {
  readonly a: string;
  readonly b: string;
  readonly wilcoxonP: number;
  readonly wilcoxonPCorrected: number;
  /** Of the smallest p that so many data sets can give. */
  readonly smallestP: number;
  /** Bayesian signed-rank: chances that on a further data set `a` is better, practically the same, worse. */
  readonly chances: { readonly better: number; readonly equivalent: number; readonly worse: number };
  readonly verdict: Verdict;
}

export interface OverallReport {
  /** Data sets on which every model has a result; the others do not count. */
  readonly dataSets: readonly string[];
  readonly leftOut: readonly string[];
  readonly friedman: { readonly chiSquare: number; readonly f: number; readonly p: number } | null;
  /** Models of neighbouring ranks of which no verdict tells any two apart. */
  readonly groups: readonly (readonly string[])[];
  /** By average rank. */
  readonly models: readonly OverallModel[];
  readonly pairs: readonly OverallPair[];
  readonly profileThresholds: readonly number[];
}

const thresholds: readonly number[] = Array.from({ length: 21 }, (_, step) => step / 20);
/** With more models only the best one is compared with the others. */
const mostModels = 30;
const decidedAbove = 0.975;
const equivalentAbove = 0.95;

export function compareOverData(dataSets: readonly DataResults[], settings: Settings): OverallReport | null {
  const { criterion } = settings;
  // A model of which all runs were removed is none.
  const names = [
    ...new Set(
      dataSets.flatMap(({ models }) =>
        models.filter(({ repetitions }) => repetitions.length > 0).map(({ model }) => model),
      ),
    ),
  ];
  const tables = dataSets.map(({ data, models }) => ({
    data,
    results: names.map((name) => [...(models.find(({ model }) => model === name)?.results.values() ?? [])]),
  }));
  const complete = tables.filter(({ results }) => results.every((values) => values.length > 0));
  if (complete.length < 2 || names.length < 2) return null;
  const sign = rankDirection(criterion) === "lower" ? 1 : -1;
  const means = complete.map(({ results }) => results.map((values) => meanOf(values)));
  const [N, k] = [complete.length, names.length];
  const { averageRanks, chiSquare, f, p } = friedman(means.map((row) => row.map((mean) => sign * mean)));
  const nameOf = (index: number) => present(names[index], "model of this number");
  const order = names
    .map((_, index) => index)
    .sort((one, other) => (averageRanks[one] ?? 0) - (averageRanks[other] ?? 0));
  const scores = names.map((_, index) =>
    complete.map(({ results }) => scoresOf(results[index] ?? [], results.flat(), criterion)),
  );
  const pairs = pairsOf(order, means, settings).map(({ a, b, ...pair }) => ({ a: nameOf(a), b: nameOf(b), ...pair }));
  return {
    dataSets: complete.map(({ data }) => data),
    leftOut: tables.filter((table) => !complete.includes(table)).map(({ data }) => data),
    friedman: k > 2 ? { chiSquare, f, p } : null,
    groups: names.length > mostModels ? [] : groupsOf(order.map(nameOf), pairs),
    models: order.map((index) => ({
      model: nameOf(index),
      averageRank: averageRanks[index] ?? 0,
      interquartileMean: N < 3 ? null : interquartileMean(scores[index] ?? []),
      profile: N < 3 ? null : performanceProfile(scores[index] ?? [], thresholds),
      profileBand: N < 3 ? null : profileBand(scores[index] ?? [], thresholds),
    })),
    pairs,
    profileThresholds: thresholds,
  };
}

/**
 * The longest runs of neighbours among which nothing is decided, by the same verdicts as the pairs: groups by mean ranks would
 * depend on which other models take part.
 *
 * Source: Benavoli, Corani and Mangili, Should we really use post-hoc tests based on mean-ranks?, Journal of Machine Learning
 * Research 17 (2016).
 */
function groupsOf(order: readonly string[], pairs: readonly OverallPair[]): readonly (readonly string[])[] {
  const decided = new Set(
    pairs.filter(({ verdict }) => verdict === "better" || verdict === "worse").map(({ a, b }) => `${a}\n${b}`),
  );
  const reach = order.map((_, start) => {
    const isApart = (next: string, end: number) =>
      order.slice(start, end).some((each) => decided.has(`${each}\n${next}`));
    const next = order.findIndex((name, end) => end > start && isApart(name, end));
    return (next === -1 ? order.length : next) - 1;
  });
  return order.flatMap((_, start) => {
    const end = reach[start] ?? start;
    const isInEarlier = start > 0 && (reach[start - 1] ?? 0) >= end;
    return end > start && !isInEarlier ? [order.slice(start, end + 1)] : [];
  });
}

/** 1 for the best result on a data set, 0 for the worst, so that scores stay between; all 1 where they are equal. */
function scoresOf(values: readonly number[], all: readonly number[], criterion: Figure): readonly number[] {
  const low = all.reduce((least, value) => Math.min(least, value), Infinity);
  const high = all.reduce((most, value) => Math.max(most, value), -Infinity);
  const [best, worst] = rankDirection(criterion) === "lower" ? [low, high] : [high, low];
  return values.map((value) => (best === worst ? 1 : (value - worst) / (best - worst)));
}

function pairsOf(order: readonly number[], means: readonly (readonly number[])[], { criterion, rope }: Settings) {
  const N = means.length;
  const first = order.length <= mostModels ? order : order.slice(0, 1);
  const pairs = first.flatMap((a, index) => order.slice(index + 1).map((b) => ({ a, b })));
  const sign = rankDirection(criterion) === "lower" ? -1 : 1;
  const draws = drawsOf(pairs.length, N);
  const tested = pairs.map(({ a, b }) => {
    // Losses of different data sets have different scales: what counts is the share of the better mean.
    const advantages = means.map((row) => {
      const [one, other] = [row[a] ?? 0, row[b] ?? 0];
      const better = Math.abs(rankDirection(criterion) === "lower" ? Math.min(one, other) : Math.max(one, other));
      const difference = sign * (one - other);
      return rope.kind === "absolute" || difference === 0 ? difference : difference / better;
    });
    const posterior = signedRankPosterior(advantages, rope.kind === "absolute" ? rope.size : rope.share, draws);
    return { a, b, wilcoxonP: wilcoxon(advantages).p, posterior };
  });
  const familySize = (order.length * (order.length - 1)) / 2;
  const corrected = holm(
    tested.map(({ wilcoxonP }) => wilcoxonP),
    familySize,
  );
  return tested.map(({ a, b, wilcoxonP, posterior }, index) => {
    const wilcoxonPCorrected = corrected[index]?.p ?? 1;
    const { below, within, above } = posterior;
    return {
      a,
      b,
      wilcoxonP,
      wilcoxonPCorrected,
      smallestP: 2 ** (1 - N),
      chances: { better: above, equivalent: within, worse: below },
      verdict: verdictOf(posterior, wilcoxonPCorrected),
    };
  });
}

/** 20,000; fewer where that takes long, but 2,000 at least, or 1,000 of so many data sets that they hardly vary. */
function drawsOf(pairCount: number, N: number): number {
  const affordable = Math.max(2000, Math.min(20_000, Math.floor(6e7 / (pairCount * N))));
  return Math.min(affordable, Math.max(1000, Math.floor(5e6 / N)));
}

/** "better" and "worse" take both: the posterior of Benavoli et al. (2017), and Wilcoxon's test after Holm. */
function verdictOf({ below, within, above }: Posterior, p: number): Verdict {
  if (above > decidedAbove && p < 0.05) return "better";
  if (below > decidedAbove && p < 0.05) return "worse";
  return within > equivalentAbove ? "equivalent" : "undecided";
}
