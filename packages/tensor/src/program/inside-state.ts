/**
 * States whose values are still inside of the program that computed them. They are arrays for whoever looks, and are copied out
 * then; a run that goes on from one at which nobody has looked moves nothing.
 */
import type { TrainingState } from "./layout.ts";
import type { StepsResult } from "./step-program.ts";

export interface InsideValues {
  readonly result: StepsResult;
  /** What the run began with: has the arrays of what it does not change. */
  readonly base: TrainingState;
}

type Arrays = Pick<TrainingState, "parameters" | "slots" | "buffers">;

/**
 * The getters are the same for all states, and each state's own, so that copies of a state have arrays: with getters of its own
 * each would be of another kind, which V8 keeps until it looks through all memory.
 */
class StateInside implements TrainingState {
  readonly step: number;
  declare readonly phases?: TrainingState["phases"];
  declare readonly parameters: TrainingState["parameters"];
  declare readonly slots: TrainingState["slots"];
  declare readonly buffers: TrainingState["buffers"];
  #values: InsideValues | undefined;
  #make: (() => Arrays) | undefined;
  #arrays: Arrays | undefined;

  static readonly #getters: Readonly<Record<keyof Arrays, PropertyDescriptor & ThisType<StateInside>>> = {
    parameters: {
      enumerable: true,
      get() {
        return this.#look().parameters;
      },
    },
    slots: {
      enumerable: true,
      get() {
        return this.#look().slots;
      },
    },
    buffers: {
      enumerable: true,
      get() {
        return this.#look().buffers;
      },
    },
  };

  constructor({ step, phases }: Pick<TrainingState, "step" | "phases">, values: InsideValues, make: () => Arrays) {
    this.step = step;
    if (phases !== undefined) Object.defineProperty(this, "phases", { value: phases, enumerable: true });
    this.#values = values;
    this.#make = make;
    Object.defineProperties(this, StateInside.#getters);
  }

  get values(): InsideValues | undefined {
    return this.#values;
  }

  take(): InsideValues | undefined {
    const values = this.#values;
    if (values !== undefined) this.#make = takenFrom(values.base);
    this.#values = undefined;
    return values;
  }

  #look(): Arrays {
    const arrays = this.#arrays ?? this.#make?.();
    if (arrays === undefined) throw new RangeError("a state has neither arrays nor a way to them");
    // Where somebody has looked nothing of the run is held any more: each begins with the state of the one before, and all
    // runs of a training would stay in memory.
    this.#arrays = arrays;
    this.#make = undefined;
    this.#values = undefined;
    return arrays;
  }
}

/** What of a state is inside; undefined where it is arrays, or somebody has looked. */
export function valuesInside(state: TrainingState): InsideValues | undefined {
  return state instanceof StateInside ? state.values : undefined;
}

/** Gives the values away: whoever looks finds empty arrays. */
export function takeInside(state: TrainingState): void {
  if (state instanceof StateInside) state.take();
}

/** @param make makes the state's arrays */
export function stateInside(
  counts: Pick<TrainingState, "step" | "phases">,
  values: InsideValues,
  make: () => Arrays,
): TrainingState {
  return new StateInside(counts, values, make);
}

function takenFrom(base: Arrays): () => Arrays {
  return () => taken(base);
}

function taken({ parameters, slots, buffers }: Arrays): Arrays {
  const empty = () => {
    const array = new Float32Array(1);
    array.buffer.transfer();
    return array;
  };
  return {
    parameters: parameters.map(empty),
    slots: slots.map((vectors) => Object.fromEntries(Object.keys(vectors).map((slot) => [slot, empty()]))),
    buffers,
  };
}
