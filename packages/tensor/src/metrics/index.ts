export {
  type AverageOptions,
  accuracy,
  confusionMatrix,
  f1,
  precision,
  recall,
  type ThresholdOptions,
  topKAccuracy,
} from "./classification.ts";
export {
  type Accumulation,
  type Accumulator,
  compute,
  type Metric,
  MetricTotals,
  type MetricValue,
  metricStep,
} from "./metric.ts";
export { averagePrecision, type RankingOptions, rocAuc } from "./ranking.ts";
export { meanAbsoluteError, r2Score } from "./regression.ts";
export {
  averagePrecisionOf,
  averagePrecisionRange,
  rocAucOf,
  rocAucRange,
  type ScoreCounts,
  ScoreHistogram,
} from "./score-histogram.ts";
