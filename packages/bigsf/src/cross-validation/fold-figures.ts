/** What the test sets of all splits say together. */
import { deviationOf, type Interval, meanOf, shareMeanInterval, tInterval } from "@ml-mosaic/statistics";
import type { TestResult } from "@ml-mosaic/training";

/** One figure over the splits. */
export interface FoldFigure {
  readonly name: string;
  /** Of each split, in their order; NaN where it has none. */
  readonly values: readonly number[];
  readonly mean: number;
  /** With n - 1; NaN for a single split. */
  readonly sd: number;
  /** 95 % interval of the mean as if the splits were independent; undefined for a single split. */
  readonly interval: Interval | undefined;
  /** 95 % interval with Nadeau and Bengio's correction: training sets overlap, so that results vary together. */
  readonly corrected: Interval | undefined;
}

/**
 * Test loss and metrics of all splits, with intervals. Splits without a value (no positive pixel, say) are left out of
 * mean and intervals.
 *
 * @param testShare test samples of a split divided by those that it has for training and test: the correlation that
 *   Nadeau and Bengio (Machine Learning 52, 2003) take for results of splits of one data set; NaN
 *   where it is not known
 * @param shares names of the metrics whose values lie between 0 and 1: so do their intervals
 */
export function foldFigures(
  results: readonly TestResult[],
  testShare: number,
  shares: ReadonlySet<string> = new Set(),
): readonly FoldFigure[] {
  const names = [...new Set(results.flatMap(({ metrics }) => Object.keys(metrics)))];
  const columns = [
    { name: "loss", values: results.map(({ loss }) => loss) },
    ...names.map((name) => ({ name, values: results.map(({ metrics }) => metrics[name] ?? Number.NaN) })),
  ];
  return columns.map(({ name, values }) => figureOf(name, values, { testShare, isShare: shares.has(name) }));
}

/** Mean and intervals of a figure, of which there is one value for each split or map. */
export function figureOf(
  name: string,
  values: readonly number[],
  { testShare, isShare }: { readonly testShare: number; readonly isShare: boolean },
): FoldFigure {
  const known = values.filter(Number.isFinite);
  const several = known.length > 1;
  const interval = isShare ? shareMeanInterval : tInterval;
  return {
    name,
    values,
    mean: known.length > 0 ? meanOf(known) : Number.NaN,
    sd: several ? deviationOf(known) : Number.NaN,
    interval: several ? interval(known) : undefined,
    corrected: several && !Number.isNaN(testShare) ? interval(known, testShare) : undefined,
  };
}
