import { meanOf, tInterval } from "@ml-mosaic/statistics";
import type { PlotRun } from "./plot-runs.ts";

export interface RunValue {
  readonly run: PlotRun;
  readonly value: number;
}

export interface RunMean {
  readonly mean: number;
  /** 95 % t interval of the mean; null for a single run, of which no uncertainty is known. */
  readonly low: number | null;
  readonly high: number | null;
}

/** Folds of a cross-validation share training data: their interval is Nadeau and Bengio's. */
export function meanOfRuns(runs: readonly RunValue[]): RunMean {
  const values = runs.map(({ value }) => value);
  const folds = new Set(runs.map(({ run }) => run.fold)).size;
  const interval = values.length > 1 ? tInterval(values, folds > 1 ? 1 / folds : 0) : undefined;
  return { mean: meanOf(values), low: interval?.low ?? null, high: interval?.high ?? null };
}
