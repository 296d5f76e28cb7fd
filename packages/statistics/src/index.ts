/** What Mosaic and BigSF compute with: intervals, tests, verdicts, plans. */
export type { Posterior } from "./correlated-t.ts";
export { normalQuantile } from "./distributions.ts";
export { friedman } from "./friedman.ts";
export { holm } from "./holm.ts";
export { type InterquartileMean, interquartileMean, performanceProfile, profileBand } from "./many-tasks.ts";
export { type MeanInterval, meanInterval, tInterval } from "./mean-interval.ts";
export { criticalDifference, groupsWithin } from "./nemenyi.ts";
export { type GridResults, type Importance, type OptionImportance, optionImportance } from "./option-importance.ts";
export { chancesOf, comparePair, type Direction, type PairSettings, type PairStatistics } from "./pair.ts";
export { type Random, seededRandom } from "./random.ts";
export { repetitionsNeeded } from "./repetitions-needed.ts";
export { deviationOf, type Interval, level, meanOf, quantileOf } from "./sample.ts";
export { exactUpTo } from "./sign-flip-test.ts";
export { signedRankPosterior } from "./signed-rank-posterior.ts";
export { decide, decidedAbove, equivalentAbove, type Judgement, judge, type Verdict } from "./verdict.ts";
export { wilcoxon } from "./wilcoxon.ts";
