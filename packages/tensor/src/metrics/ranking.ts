/** Metrics of how scores order the samples: exact, from all scores. */
import { readScores } from "./classes.ts";
import type { Metric } from "./metric.ts";

type RankingMetric<Result extends number | readonly number[]> = Metric<Result, "scores" | "actual">;

export interface RankingOptions {
  /** With scores of several classes, each against the rest: the mean ("macro"), or one number for each class ("none"). */
  readonly average?: "macro" | "none";
}
type PerClass = { readonly average: "none" };
type Averaged = { readonly average?: "macro" };

/**
 * Area under the receiver operating characteristic: how probably a sample of the class has a larger score than one of
 * the others, ties counting half. NaN where there are no samples of the class, or no others. sklearn's roc_auc_score.
 */
export function rocAuc(options: PerClass): RankingMetric<readonly number[]>;
export function rocAuc(options?: Averaged): RankingMetric<number>;
export function rocAuc(options: RankingOptions = {}): RankingMetric<number | readonly number[]> {
  return rankingMetric("rocAuc", options, (inside, outside) => {
    let pairs = 0;
    let below = 0;
    // From the smallest score to the largest.
    for (const { hits, misses } of tied(inside, outside).reverse()) {
      pairs += hits * (below + misses / 2);
      below += misses;
    }
    return pairs / (inside.length * outside.length);
  });
}

/**
 * Area under the steps of precision over recall: the mean, over the samples of the class, of the precision down to
 * their score. NaN where there are none. sklearn's average_precision_score.
 */
export function averagePrecision(options: PerClass): RankingMetric<readonly number[]>;
export function averagePrecision(options?: Averaged): RankingMetric<number>;
export function averagePrecision(options: RankingOptions = {}): RankingMetric<number | readonly number[]> {
  return rankingMetric("averagePrecision", options, (inside, outside) => {
    let area = 0;
    let [found, seen] = [0, 0];
    for (const { hits, misses } of tied(inside, outside)) {
      found += hits;
      seen += hits + misses;
      area += hits * (found / seen);
    }
    return area / inside.length;
  });
}

function rankingMetric(
  name: string,
  { average = "macro" }: RankingOptions,
  area: (inside: Float32Array, outside: Float32Array) => number,
): RankingMetric<number | readonly number[]> {
  return {
    name: average === "none" ? `${name}PerClass` : name,
    join: "append",
    step: (prediction, target) => readScores(name, prediction, target),
    result({ scores, actual }) {
      const columns = scores.length / actual.length;
      const areas = Array.from({ length: columns }, (_, column) => {
        const [inside, outside]: [number[], number[]] = [[], []];
        for (const [sample, index] of actual.entries()) {
          const score = scores[sample * columns + column] ?? Number.NaN;
          if (Number.isNaN(score)) return Number.NaN;
          (index === (columns === 1 ? 1 : column) ? inside : outside).push(score);
        }
        return area(Float32Array.from(inside).sort(), Float32Array.from(outside).sort());
      });
      return average === "none" ? areas : areas.reduce((a, b) => a + b, 0) / columns;
    },
  };
}

interface Tie {
  /** Samples of the class with this score, and others. */
  readonly hits: number;
  readonly misses: number;
}

/** Samples of equal score together, the largest score first. @param inside rising, as is `outside` */
function tied(inside: Float32Array, outside: Float32Array): Tie[] {
  const ties: Tie[] = [];
  let [a, b] = [inside.length - 1, outside.length - 1];
  while (a >= 0 || b >= 0) {
    const score = Math.max(inside[a] ?? Number.NEGATIVE_INFINITY, outside[b] ?? Number.NEGATIVE_INFINITY);
    const [beforeA, beforeB] = [a, b];
    while (a >= 0 && inside[a] === score) a--;
    while (b >= 0 && outside[b] === score) b--;
    ties.push({ hits: beforeA - a, misses: beforeB - b });
  }
  return ties;
}
