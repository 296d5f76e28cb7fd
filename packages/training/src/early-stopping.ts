/** What early stopping remembers: plain numbers, so that a snapshot can hold it. */
export interface EarlyStoppingState {
  readonly best: number;
  /** Epochs since the best one. */
  readonly waited: number;
}

export interface EarlyStopping {
  /** Epochs without improvement after which training stops. */
  readonly patience: number;
  /** An improvement is a loss below best - minDelta. */
  readonly minDelta: number;
}

export const freshEarlyStopping: EarlyStoppingState = { best: Number.POSITIVE_INFINITY, waited: 0 };

/** State after an epoch that ended with this loss; NaN is no improvement. */
export function watch(
  { minDelta }: EarlyStopping,
  { best, waited }: EarlyStoppingState,
  loss: number,
): EarlyStoppingState {
  return loss < best - minDelta || (best === Number.POSITIVE_INFINITY && loss < best)
    ? { best: loss, waited: 0 }
    : { best, waited: waited + 1 };
}

export function shouldStop({ patience }: EarlyStopping, { waited }: EarlyStoppingState): boolean {
  return waited > patience;
}
