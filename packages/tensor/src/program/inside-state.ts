/**
 * States whose values are still inside of the program that computed them. They are arrays for whoever looks, and are copied out
 * then; a run that goes on from one at which nobody has looked moves nothing.
 */
import type { TrainingState } from "./layout.ts";
import type { StepsResult } from "./step-program.ts";

export interface InsideState {
  readonly result: StepsResult;
  /** What the run began with: has the arrays of what it does not change. */
  readonly base: TrainingState;
  /** Gives the values away: whoever looks finds empty arrays. */
  take(): void;
}

/** Not enumerable: copies of a state have arrays. A map of states would hold up the garbage collector at every step. */
const insideKey = Symbol("inside");

/** How a state is inside; undefined where it is arrays, or somebody has looked. */
export function insideOf(state: TrainingState): InsideState | undefined {
  const find: (() => InsideState | undefined) | undefined = Object(state)[insideKey];
  return find?.();
}

/** @param look makes the state of arrays */
export function stateInside(
  { step, phases }: Pick<TrainingState, "step" | "phases">,
  given: Pick<InsideState, "base" | "result">,
  look: () => TrainingState,
): TrainingState {
  // Where somebody has looked nothing of the run is held any more: each begins with the state of the one before, and all
  // runs of a training would stay in memory.
  let make: (() => TrainingState) | undefined = look;
  let seen: TrainingState | undefined;
  const arrays = () => {
    const found = seen ?? make?.() ?? state;
    seen = found;
    make = undefined;
    inside = undefined;
    return found;
  };
  let inside: InsideState | undefined = {
    ...given,
    take() {
      if (inside !== undefined) make = takenFrom(inside.base);
      inside = undefined;
    },
  };
  const state: TrainingState = {
    step,
    ...(phases && { phases }),
    get parameters() {
      return arrays().parameters;
    },
    get slots() {
      return arrays().slots;
    },
    get buffers() {
      return arrays().buffers;
    },
  };
  return Object.defineProperty(state, insideKey, { value: () => inside });
}

function takenFrom(base: TrainingState): () => TrainingState {
  return () => taken(base);
}

function taken({ parameters, slots, buffers, ...counts }: TrainingState): TrainingState {
  const empty = () => {
    const array = new Float32Array(1);
    array.buffer.transfer();
    return array;
  };
  return {
    ...counts,
    parameters: parameters.map(empty),
    slots: slots.map((vectors) => Object.fromEntries(Object.keys(vectors).map((slot) => [slot, empty()]))),
    buffers,
  };
}
