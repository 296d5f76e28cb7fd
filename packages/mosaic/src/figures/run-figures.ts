/** The figures that every run ends with. To add one is to add an entry. */
import type { EpochRecord } from "@ml-mosaic/training";
import { epochMetrics } from "../store/epoch-columns.ts";
import type { RunResult } from "../store/index.ts";
import type { Figure } from "./figure.ts";

/** What is known of a run at its end. */
export interface TrainedRun {
  /** All of its epochs, those before a continuation included. */
  readonly history: readonly EpochRecord[];
  /** Numbers that were trained. */
  readonly parameterCount: number;
  readonly durationSeconds: number;
}

export interface RunFigure extends Figure {
  /** null where there is no such figure. */
  readonly of: (run: TrainedRun) => number | null;
}

const table = {
  train_loss: {
    title: "train loss",
    scale: "log",
    direction: "lower",
    judges: "train",
    of: ({ history }) => history.at(-1)?.trainLoss ?? null,
  },
  test_loss: {
    title: "test loss",
    scale: "log",
    direction: "lower",
    judges: "test",
    of: ({ history }) => history.at(-1)?.validLoss ?? null,
  },
  train_acc: {
    title: "train accuracy",
    unit: "%",
    shareOf: 100,
    direction: "higher",
    judges: "train",
    of: ({ history }) => history.at(-1)?.trainAccuracy ?? null,
  },
  test_acc: {
    title: "test accuracy",
    unit: "%",
    shareOf: 100,
    direction: "higher",
    judges: "test",
    of: ({ history }) => history.at(-1)?.validAccuracy ?? null,
  },
  nb_params: {
    title: "number of parameters",
    whole: true,
    fixed: true,
    of: ({ parameterCount }) => parameterCount,
  },
  "duration(s)": {
    title: "duration",
    unit: "s",
    scale: "log",
    direction: "lower",
    of: ({ durationSeconds }) => durationSeconds,
  },
  epochs: {
    title: "epochs trained",
    whole: true,
    of: ({ history }) => history.at(-1)?.epoch ?? 0,
  },
  overfit: {
    title: "overfit",
    meaning: "share of the losses' range",
    direction: "lower",
    of: ({ history }) => overfit(history.map(trainLoss), history.map(testLoss)),
  },
  trainability: {
    title: "trainability",
    meaning: "mean test loss of all epochs",
    scale: "log",
    direction: "lower",
    judges: "test",
    of: ({ history }) => mean(history.map(testLoss)),
  },
  slope: {
    title: "slope",
    meaning: "train loss per epoch",
    caution: "A low slope says that the loss still falls, which is no merit in itself.",
    of: ({ history }) => slope(history.map(trainLoss)),
  },
} as const satisfies Readonly<Record<string, Omit<RunFigure, "name">>>;

export type RunFigureName = keyof typeof table;

export const runFigures: readonly RunFigure[] = Object.entries(table).map(([name, figure]) => ({ name, ...figure }));

export function runFigure(name: RunFigureName): RunFigure {
  return { name, ...table[name] };
}

/** The one that every run has and every ranking begins with. */
export const defaultCriterion: RunFigureName = "test_loss";

/** With the metrics of the last epoch. */
export function resultOf(run: TrainedRun): RunResult {
  const last = run.history.at(-1);
  return { ...Object.fromEntries(runFigures.map(({ name, of }) => [name, of(run)])), ...(last && epochMetrics(last)) };
}

/** A figure of a result, by a name that is checked; null also where there is no result. */
export function figureOf(result: RunResult | null, name: RunFigureName): number | null {
  return result?.[name] ?? null;
}

const trainLoss = (record: EpochRecord) => record.trainLoss;
const testLoss = (record: EpochRecord) => record.validLoss;

function mean(values: readonly number[]): number | null {
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
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
