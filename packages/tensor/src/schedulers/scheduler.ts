/** What a scheduler remembers from one time to the next: plain numbers, so that a snapshot can hold it. */
export type SchedulerState = Readonly<Record<string, number>>;

/**
 * A learning-rate schedule. Schedulers are data: the state goes in and comes out, so that a resumed training goes on
 * exactly where it was.
 */
export interface Scheduler {
  readonly name: string;
  /** When `next` is called: after each epoch (the default), or after each optimizer step. */
  readonly every?: "epoch" | "step";
  /** Whether the rate is the base rate times a number that does not depend on it: what ChainedScheduler can chain. */
  readonly multiplies?: boolean;
  /** Whether `next` looks at the metric: such a schedule can only go epoch by epoch. */
  readonly judges?: boolean;
  readonly start: SchedulerState;
  /** Learning rate while the state holds, for an optimizer whose own rate is `baseLr`. */
  lr(state: SchedulerState, baseLr: number): number;
  /** The state for what comes next; `metric` is the loss that plateaus are judged by, NaN after a step. */
  next(state: SchedulerState, metric: number): SchedulerState;
}

type ClosedFormOptions = Pick<Scheduler, "multiplies" | "every">;

/** A schedule that depends on the number of epochs (or steps) done alone. */
export function closedForm(
  name: string,
  lr: (epoch: number, baseLr: number) => number,
  options: ClosedFormOptions = {},
): Scheduler {
  return {
    ...options,
    name,
    start: { epoch: 0 },
    lr: ({ epoch = 0 }, baseLr) => lr(epoch, baseLr),
    next: ({ epoch = 0 }) => ({ epoch: epoch + 1 }),
  };
}
