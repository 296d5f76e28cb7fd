/** What Mosaic and BigSF compute with: intervals, tests, verdicts, plans. */
export type { Posterior } from "./correlated-t.ts";
export { normalQuantile, tQuantile } from "./distributions.ts";
export {
  anytimeEvidence,
  type Evidence,
  foldsEvidence,
  type Method,
  signFlipEvidence,
  welchEvidence,
} from "./evidence.ts";
export { friedman } from "./friedman.ts";
export { holm } from "./holm.ts";
export {
  type InterquartileMean,
  interquartileMean,
  middleMean,
  performanceProfile,
  profileBand,
} from "./many-tasks.ts";
export { type MeanInterval, meanInterval, shareMeanInterval, tInterval } from "./mean-interval.ts";
export { type GridResults, type Importance, type OptionImportance, optionImportance } from "./option-importance.ts";
export {
  comparePair,
  type Direction,
  type Failures,
  type PairedResults,
  type PairSettings,
  type PairStatistics,
} from "./pair.ts";
export { detectableEffect, fewestToPlan, type Plan, planFor } from "./plan.ts";
export { type Random, seededRandom } from "./random.ts";
export {
  deviationOf,
  type Interval,
  largestOf,
  level,
  meanOf,
  medianOf,
  mostDoubt,
  quantileOf,
  smallestOf,
} from "./sample.ts";
export { exactUpTo } from "./sign-flip-test.ts";
export { fewestForAnytime } from "./sign-prediction.ts";
export { signedRankPosterior } from "./signed-rank-posterior.ts";
export { type Claim, decide, type Judgement, judge, type Verdict } from "./verdict.ts";
export { wilcoxon } from "./wilcoxon.ts";
export { shareInterval } from "./win-probability.ts";
