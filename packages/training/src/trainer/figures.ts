/** The figures of an epoch or a test, as trackers and tables have them: names and plain numbers. */
import type { metrics } from "@ml-mosaic/tensor";

export type Figures = Readonly<Record<string, number>>;

/** One epoch of a run. */
export interface RunEpoch {
  /** Counted from 1. */
  readonly epoch: number;
  /** Learning rate at the beginning of the epoch. */
  readonly lr: number;
  readonly trainLoss: number;
  readonly validLoss: number;
  /** Of the validation set, by name. */
  readonly metrics: Figures;
  /** Wall time, validation included. */
  readonly seconds: number;
}

/** What the test set says of one snapshot. */
export interface TestResult {
  readonly snapshot: "best" | "last";
  /** The epoch that the snapshot was made after. */
  readonly epoch: number;
  readonly loss: number;
  readonly metrics: Figures;
}

/** Metrics as plain numbers: those with several become `name_0`, `name_1`…, a matrix `name_0_1`. */
export function flatFigures(values: Readonly<Record<string, metrics.MetricValue>>): Figures {
  return Object.fromEntries(Object.entries(values).flatMap(([name, value]) => flatten(name, value)));
}

function flatten(name: string, value: metrics.MetricValue): [string, number][] {
  if (typeof value === "number") return [[name, value]];
  return value.flatMap((part, index) => flatten(`${name}_${index}`, part));
}
