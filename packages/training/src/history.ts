/** What is known of an epoch: names and plain numbers, so that it can be stored, sent and shown anywhere. */
import type { metrics } from "@ml-mosaic/tensor";

export type Figures = Readonly<Record<string, number>>;

/** One epoch of a training. Losses are means over samples, the train loss taken while training; accuracies percent. */
export interface EpochRecord {
  /** Counted from 1. */
  readonly epoch: number;
  /** Learning rate at the beginning of the epoch. */
  readonly lr: number;
  readonly trainLoss: number;
  /** Of the set that is evaluated after every epoch: the validation set, or the test set where there is no other. */
  readonly validLoss: number;
  /** Absent where nobody looked, or the targets have no notion of right. */
  readonly trainAccuracy?: number | undefined;
  readonly validAccuracy?: number | undefined;
  /** By name; absent where they were not asked for. */
  readonly trainMetrics?: Figures | undefined;
  /** Of the set that is evaluated, by name. */
  readonly metrics: Figures;
  /** Wall time, evaluation included. */
  readonly seconds: number;
}

/** Metrics as plain numbers: those with several become `name_0`, `name_1`…, a matrix `name_0_1`. */
export function flatFigures(values: Readonly<Record<string, metrics.MetricValue>>): Figures {
  return Object.fromEntries(Object.entries(values).flatMap(([name, value]) => flatten(name, value)));
}

function flatten(name: string, value: metrics.MetricValue): [string, number][] {
  if (typeof value === "number") return [[name, value]];
  return value.flatMap((part, index) => flatten(`${name}_${index}`, part));
}
