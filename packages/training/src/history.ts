import type { metrics } from "@ml-mosaic/tensor";

/** What is known of one epoch. Losses are means over samples, the train loss taken while training; accuracies percent. */
export interface EpochRecord {
  /** Counted from 1. */
  readonly epoch: number;
  readonly trainLoss: number;
  readonly evaluationLoss: number;
  /** Absent where the targets have no notion of right. */
  readonly trainAccuracy: number | undefined;
  readonly evaluationAccuracy: number | undefined;
  /** By their names, where metrics were asked for. */
  readonly metrics?: Readonly<Record<string, metrics.MetricValue>>;
  /** Learning rate at the beginning of the epoch. */
  readonly lr: number;
  /** Wall time of the epoch, evaluation included. */
  readonly seconds: number;
}
