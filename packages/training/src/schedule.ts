import type { LearningRate, schedulers } from "@ml-mosaic/tensor";

/** A scheduler during one epoch. */
export interface EpochSchedule {
  /** The rate of each optimizer, from its own one, at each optimizer step. */
  readonly rate: LearningRate;
  /** The scheduler's state for the next epoch. @param steps optimizer steps done by then, in all */
  after(steps: number, validLoss: number): schedulers.SchedulerState;
}

/** @param firstStep optimizer steps done before the epoch */
export function epochSchedule(
  scheduler: schedulers.Scheduler | undefined,
  state: schedulers.SchedulerState,
  firstStep: number,
): EpochSchedule {
  if (scheduler === undefined) return { rate: (baseLr) => baseLr, after: () => ({}) };
  if (scheduler.every !== "step") {
    return {
      rate: (baseLr) => scheduler.lr(state, baseLr),
      after: (_, validLoss) => scheduler.next(state, validLoss),
    };
  }
  const states = [state];
  const stateAt = (step: number) => {
    let last = states.at(-1) ?? state;
    while (states.length <= step - firstStep) {
      last = scheduler.next(last, Number.NaN);
      states.push(last);
    }
    return states[step - firstStep] ?? last;
  };
  return { rate: (baseLr, step) => scheduler.lr(stateAt(step), baseLr), after: stateAt };
}
