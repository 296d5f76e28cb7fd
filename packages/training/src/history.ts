/** What is known of one epoch. Losses are means over samples, the train loss taken while training; accuracies percent. */
export interface EpochRecord {
  /** Counted from 1. */
  readonly epoch: number;
  readonly trainLoss: number;
  readonly evaluationLoss: number;
  /** Absent where the targets have no notion of right. */
  readonly trainAccuracy: number | undefined;
  readonly evaluationAccuracy: number | undefined;
  /** Learning rate of the epoch. */
  readonly lr: number;
  /** Wall time of the epoch, evaluation included. */
  readonly seconds: number;
}
