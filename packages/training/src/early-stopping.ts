/** What a rule remembers: plain numbers, so that a snapshot can hold it. */
export type StoppingState = Readonly<Record<string, number>>;

/** When training ends before its last epoch. Data, like a scheduler: the state goes in and comes out. */
export interface StoppingRule {
  readonly start: StoppingState;
  /** The state after an epoch that ended with this loss, or with what else is watched, turned so that lower is better. It may be NaN. */
  next(state: StoppingState, loss: number): StoppingState;
  stops(state: StoppingState): boolean;
}

export interface PatienceOptions {
  /** Epochs without improvement that are let pass; the next one is the last. */
  readonly patience?: number;
  /** An improvement is a loss below best - minDelta. */
  readonly minDelta?: number;
}

/** Ends when the loss has not fallen by more than `minDelta` for more than `patience` epochs; NaN is no improvement. */
export function stopWithoutImprovement({ patience = 10, minDelta = 0 }: PatienceOptions = {}): StoppingRule {
  return {
    start: { best: Number.POSITIVE_INFINITY, waited: 0 },
    next({ best = Number.POSITIVE_INFINITY, waited = 0 }, loss) {
      return loss < best - minDelta || (best === Number.POSITIVE_INFINITY && loss < best)
        ? { best: loss, waited: 0 }
        : { best, waited: waited + 1 };
    },
    stops: ({ waited = 0 }) => waited > patience,
  };
}
