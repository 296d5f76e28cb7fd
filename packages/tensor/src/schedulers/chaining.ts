/** Schedulers made of schedulers. */
import { TensorError } from "../errors.ts";
import type { Scheduler, SchedulerState } from "./scheduler.ts";

/**
 * Steps a scheduler after each optimizer step instead of each epoch, such as a warm-up of some hundred steps.
 *
 * @example
 * perStep(LinearLR({ startFactor: 0.01, totalIters: 500 }))
 */
export function perStep(scheduler: Scheduler): Scheduler {
  if (scheduler.judges) {
    throw new TensorError(
      "TENSOR_VALUE",
      `perStep: ${scheduler.name} judges the loss of whole epochs, it cannot go step by step`,
    );
  }
  return { ...scheduler, every: "step" };
}

/**
 * Several schedules at once: each multiplies the rate that the others give, as PyTorch's ChainedScheduler lets them
 * (there, a CosineAnnealingLR that goes on beyond its tMax forgets the others). Schedules that do not multiply the rate
 * (with an etaMin, restarts, OneCycleLR, ReduceLROnPlateau) are refused: what PyTorch makes of them depends on their
 * order.
 */
export function ChainedScheduler(schedulers: readonly Scheduler[]): Scheduler {
  const every = commonTime("ChainedScheduler", schedulers);
  const other = schedulers.find(({ multiplies }) => multiplies !== true);
  if (other !== undefined) {
    throw new TensorError(
      "TENSOR_VALUE",
      `ChainedScheduler: ${other.name} does not just multiply the rate; use SequentialLR, or leave out etaMin`,
    );
  }
  return {
    name: "ChainedScheduler",
    every,
    multiplies: true,
    start: joined(schedulers.map(({ start }) => start)),
    lr: (state, baseLr) =>
      schedulers.reduce((rate, scheduler, index) => scheduler.lr(partOf(state, index), rate), baseLr),
    next: (state, metric) => joined(schedulers.map((scheduler, index) => scheduler.next(partOf(state, index), metric))),
  };
}

/**
 * One schedule after the other, as PyTorch's SequentialLR: at each milestone the next one starts, from the optimizer's
 * own rate.
 *
 * @param milestones epochs (or steps, if the schedulers go by steps) at which the second, third… scheduler starts
 */
export function SequentialLR(
  schedulers: readonly Scheduler[],
  { milestones }: { readonly milestones: readonly number[] },
): Scheduler {
  const every = commonTime("SequentialLR", schedulers);
  const rising = milestones.every(
    (milestone, index) => Number.isInteger(milestone) && milestone > (milestones[index - 1] ?? 0),
  );
  if (milestones.length !== schedulers.length - 1 || !rising) {
    throw new TensorError(
      "TENSOR_VALUE",
      `SequentialLR: ${schedulers.length} schedulers need ${schedulers.length - 1} rising milestones above 0, got ${JSON.stringify(milestones)}`,
    );
  }
  const indexAt = (done: number) => milestones.filter((milestone) => milestone <= done).length;
  const active = (done: number) => {
    const scheduler = schedulers[indexAt(done)];
    if (scheduler === undefined) throw new RangeError("SequentialLR has no scheduler");
    return scheduler;
  };
  // Only the active scheduler has a state: part 0.
  const stateOf = (done: number, inner: SchedulerState): SchedulerState => ({ done, ...joined([inner]) });
  return {
    name: "SequentialLR",
    every,
    judges: schedulers.some(({ judges }) => judges === true),
    start: stateOf(0, active(0).start),
    lr: (state, baseLr) => active(state.done ?? 0).lr(partOf(state, 0), baseLr),
    next(state, metric) {
      const { done = 0 } = state;
      const starts = indexAt(done + 1) > indexAt(done);
      return stateOf(done + 1, starts ? active(done + 1).start : active(done).next(partOf(state, 0), metric));
    },
  };
}

function commonTime(owner: string, schedulers: readonly Scheduler[]): "epoch" | "step" {
  const times = new Set(schedulers.map(({ every = "epoch" }) => every));
  if (times.size > 1) {
    throw new TensorError(
      "TENSOR_VALUE",
      `${owner}: ${schedulers.map(({ name, every = "epoch" }) => `${name} goes by ${every}s`).join(", ")}; wrap those by epochs in perStep()`,
    );
  }
  const [time] = times;
  if (time === undefined) throw new TensorError("TENSOR_VALUE", `${owner} needs at least one scheduler`);
  return time;
}

/** The states of parts as one flat record: numbers alone, under `<part>.<name>`. */
function joined(states: readonly SchedulerState[]): SchedulerState {
  return Object.fromEntries(
    states.flatMap((state, index) => Object.entries(state).map(([name, value]) => [`${index}.${name}`, value])),
  );
}

function partOf(state: SchedulerState, index: number): SchedulerState {
  const prefix = `${index}.`;
  return Object.fromEntries(
    Object.entries(state)
      .filter(([name]) => name.startsWith(prefix))
      .map(([name, value]) => [name.slice(prefix.length), value]),
  );
}
