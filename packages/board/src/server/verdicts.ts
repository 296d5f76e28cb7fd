/** What `mosaic compare` says, for a page: one data set at a time. */
import { nearestNames } from "@ml-mosaic/base";
import { anytimeEvidence, meanOf } from "@ml-mosaic/statistics";
import {
  type CompareReport,
  compareRuns,
  type DataReport,
  dataNotes,
  defaultRope,
  explainText,
  headline,
  type ModelStanding,
  type PairReport,
  planText,
  rankDirection,
  reportNotes,
  type StoreReader,
  sentence,
} from "ml-mosaic/reading";
import type { CriticalDifferences, Estimate, ModelPair, PairDetail, RankedModel, Verdicts } from "../wire/answers.ts";
import { nothingToSay, Refused } from "./refused.ts";

export interface VerdictWishes {
  readonly criterion: string;
  readonly data: string | undefined;
  readonly by: string | undefined;
  readonly runIds: readonly number[] | undefined;
}

export function compareFor(
  reader: StoreReader,
  { criterion, data, by, runIds }: VerdictWishes,
): Promise<CompareReport> {
  return compareRuns(reader, { criterion, data, by, runIds, rope: defaultRope, scale: "auto" });
}

export function verdictsOf(report: CompareReport): Verdicts {
  const { criterion, overall } = report;
  const data = firstData(report);
  const place = new Map(data.models.map(({ model }, index) => [model, index]));
  const best = data.models[0];
  const labels = labelsOf(data.models.map(({ model }) => model));
  return {
    sentence: sentenceOf(data),
    notes: [...dataNotes(data), ...reportNotes(report)],
    result: criterion.name,
    title: criterion.title,
    direction: rankDirection(criterion),
    interval: "95 % interval of the mean",
    data: data.data,
    dataSets: report.dataSets.map((each) => each.data),
    scale: data.scale,
    ranking: data.models.map((standing, index) =>
      rankedModel(standing, labels[index] ?? standing.model, best, data.pairs),
    ),
    pairs: data.pairs.flatMap((pair) => {
      const [one, other] = [place.get(pair.a), place.get(pair.b)];
      return one === undefined || other === undefined ? [] : [modelPair(pair, one, other)];
    }),
    criticalDifferences: overall === null ? null : criticalDifferences(overall, data.models),
  };
}

function firstData({ dataSets }: CompareReport): DataReport {
  const [data] = dataSets;
  if (data === undefined) throw new Refused(nothingToSay, { message: "there is no data set to compare models on" });
  return data;
}

/** The verdict that counts, and how much is missing to the next one. */
function sentenceOf({ models, pairs }: DataReport): string {
  const compared = models.flatMap(({ model, rank }) => (rank === null ? [] : [model]));
  if (pairs.length === 0)
    return compared.length < 2
      ? "There is one model, and nothing to compare it with."
      : "No two models can be compared yet.";
  const plan = pairs.find(({ a, plan: of }) => a === compared[0] && of !== null);
  const count = plan === undefined ? "" : planText(plan.plan);
  const more =
    plan === undefined
      ? ""
      : ` ${count} more ${count === "1" ? "repetition" : "repetitions"} would decide between it and ${plan.b}.`;
  return headline(compared, pairs) + more;
}

function rankedModel(
  { model, mean, interval, n, failed }: ModelStanding,
  label: string,
  best: ModelStanding | undefined,
  pairs: readonly PairReport[],
): RankedModel {
  const against = pairs.find(({ a, b }) => a === best?.model && b === model);
  const mayBeBest = model === best?.model || (against !== undefined && against.verdict !== "better");
  return { name: model, label, mean, low: interval?.low ?? null, high: interval?.high ?? null, n, failed, mayBeBest };
}

/** Without the parts between " | " that all names have. */
function labelsOf(names: readonly string[]): readonly string[] {
  const parts = names.map((name) => name.split(" | "));
  const isCommon = (part: string) => names.length > 1 && parts.every((each) => each.includes(part));
  return parts.map((each, index) => each.filter((part) => !isCommon(part)).join(" | ") || (names[index] ?? ""));
}

const outcomes = {
  better: "one",
  worse: "other",
  equivalent: "same",
  undecided: "undecided",
  unknown: "undecided",
} as const;

function modelPair(pair: PairReport, one: number, other: number): ModelPair {
  const { difference, evidence, verdict, pCorrected } = pair;
  return {
    one,
    other,
    difference: finite(difference),
    low: finite(evidence?.interval.low),
    high: finite(evidence?.interval.high),
    outcome: outcomes[verdict],
    text: `${sentence(pair)}.`,
    pValue: finite(pCorrected),
  };
}

function finite(value: number | undefined): number | null {
  return value !== undefined && Number.isFinite(value) ? value : null;
}

/** Over the data sets: models whose neighbouring ranks no verdict tells apart. */
function criticalDifferences(
  { models, groups, dataSets }: NonNullable<CompareReport["overall"]>,
  ranking: readonly ModelStanding[],
): CriticalDifferences {
  const place = (name: string) => ranking.findIndex(({ model }) => model === name);
  const rankOf = new Map(models.map(({ model, averageRank }) => [model, averageRank]));
  return {
    ranks: ranking.map(({ model }) => rankOf.get(model) ?? Number.NaN),
    difference: null,
    groups: groups.map((group) => group.map(place).filter((index) => index >= 0)),
    blocks: dataSets.length,
  };
}

/** Looks after more would cost more than they show. */
const mostLooks = 100;

/** @throws Refused for names that are no pair, with those there are */
export function pairDetail(report: CompareReport, one: string, other: string): PairDetail {
  const data = firstData(report);
  const pair = data.pairs.find(({ a, b }) => (a === one && b === other) || (a === other && b === one));
  if (pair === undefined) {
    const names = data.models.map(({ model }) => model);
    const unknown = [one, other].find((name) => !names.includes(name));
    throw new Refused(404, {
      message:
        unknown === undefined
          ? `${one} and ${other} are not compared with each other: of so many models only the best one is compared with all`
          : `there is no model "${unknown}". Known ones, the nearest first: ${nearestNames(unknown, names).slice(0, 10).join(", ")}`,
    });
  }
  const resultsOf = (name: string) =>
    new Map(
      data.models.find(({ model }) => model === name)?.results.map(({ repetition, value }) => [repetition, value]),
    );
  const [first, second] = [resultsOf(pair.a), resultsOf(pair.b)];
  const sign = pair.a === one ? 1 : -1;
  const onScale = (value: number) => (data.scale === "log" ? Math.log(value) : value);
  const differences = [...first].flatMap(([repetition, value], index) => {
    const against = second.get(repetition);
    if (against === undefined) return [];
    return [{ repetition: index + 1, difference: sign * (onScale(value) - onScale(against)) }];
  });
  const values = differences.map(({ difference }) => difference);
  const step = Math.max(1, Math.ceil(values.length / mostLooks));
  const looks = values.map((_, index) => index + 1).filter((n) => n >= 2 && (n % step === 0 || n === values.length));
  return {
    scale: data.scale,
    rope: finite(pair.rope),
    differences,
    sequence: looks.map((n) => lookAfter(values.slice(0, n), pair.rope)),
    text: explainText({ ...report, dataSets: [data] }, `${pair.a} / ${pair.b}`),
  };
}

function lookAfter(values: readonly number[], rope: number): Estimate {
  const { interval } = anytimeEvidence(values, rope);
  return { mean: meanOf(values), low: finite(interval.low), high: finite(interval.high), n: values.length };
}
