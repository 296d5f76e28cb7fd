import type { EpochRecord } from "@ml-mosaic/training";
import type { RunResult } from "../store/index.ts";

/** The figures of a done run: the last epoch's, and those that sum up the curves. */
export function runFigures(
  history: readonly EpochRecord[],
  parameterCount: number,
  durationSeconds: number,
): RunResult {
  const last = history.at(-1);
  const testLosses = history.map((record) => record.evaluationLoss);
  const trainLosses = history.map((record) => record.trainLoss);
  return {
    trainLoss: last?.trainLoss ?? null,
    testLoss: last?.evaluationLoss ?? null,
    trainAccuracy: last?.trainAccuracy ?? null,
    testAccuracy: last?.evaluationAccuracy ?? null,
    parameterCount,
    durationSeconds,
    epochs: last?.epoch ?? 0,
    overfit: overfit(trainLosses, testLosses),
    trainability: testLosses.length === 0 ? null : testLosses.reduce((sum, loss) => sum + loss, 0) / testLosses.length,
    slope: slope(trainLosses),
  };
}

/** Gap between the curves at their end, as a share of the range of both; null where they are flat. */
export function overfit(trainLosses: readonly number[], testLosses: readonly number[]): number | null {
  const [train, test] = [trainLosses.at(-1), testLosses.at(-1)];
  if (train === undefined || test === undefined) return null;
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const loss of [...trainLosses, ...testLosses]) {
    if (Number.isNaN(loss)) return Number.NaN;
    low = Math.min(low, loss);
    high = Math.max(high, loss);
  }
  return high > low ? Math.abs(test - train) / (high - low) : null;
}

/** Mean change from epoch to epoch over the last tenth of the epochs, at least one change; null for a single epoch. */
export function slope(trainLosses: readonly number[]): number | null {
  const changes = Math.max(1, Math.floor(trainLosses.length / 10));
  const [first, last] = [trainLosses.at(-1 - changes), trainLosses.at(-1)];
  return first === undefined || last === undefined ? null : (last - first) / changes;
}
