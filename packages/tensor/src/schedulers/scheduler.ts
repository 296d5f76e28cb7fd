/** What a scheduler remembers from epoch to epoch: plain numbers, so that a snapshot can hold it. */
export type SchedulerState = Readonly<Record<string, number>>;

/**
 * A learning-rate schedule, stepped once an epoch. Schedulers are data: the state goes in and comes out, so that a
 * resumed training goes on exactly where it was.
 */
export interface Scheduler {
  readonly name: string;
  readonly start: SchedulerState;
  /** Learning rate while the state holds, for an optimizer whose own rate is `baseLr`. */
  lr(state: SchedulerState, baseLr: number): number;
  /** State for the next epoch; `metric` is the loss that plateaus are judged by. */
  next(state: SchedulerState, metric: number): SchedulerState;
}

/** A schedule that depends on the number of epochs done alone. */
export function closedForm(name: string, lr: (epoch: number, baseLr: number) => number): Scheduler {
  return {
    name,
    start: { epoch: 0 },
    lr: ({ epoch = 0 }, baseLr) => lr(epoch, baseLr),
    next: ({ epoch = 0 }) => ({ epoch: epoch + 1 }),
  };
}
