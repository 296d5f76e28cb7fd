import type { TrainingState } from "../program/layout.ts";
import { checkNumber } from "./checks.ts";
import type { Optimizer } from "./optimizer.ts";

const slot = "average";
const keep = "average_keep";

/**
 * Makes an optimizer keep an exponential moving average of the parameters besides: after each step,
 * average = decay average + (1 - decay) parameter. The first step's parameters enter whole, as in PyTorch's
 * AveragedModel. `averagedState` takes the averages out. Buffers, such as running statistics, are not averaged.
 */
export function averaged(optimizer: Optimizer, { decay = 0.999 }: { readonly decay?: number } = {}): Optimizer {
  checkNumber("averaged", "decay", decay, decay >= 0 && decay < 1, "in [0, 1)");
  return {
    ...optimizer,
    slots: { ...optimizer.slots, [slot]: "parameter" },
    scalars: (step, lr) => ({ ...optimizer.scalars(step, lr), [keep]: step === 0 ? 0 : decay }),
    update(context) {
      const update = optimizer.update(context);
      const { [slot]: average } = context.slots;
      const { [keep]: share } = context.scalars;
      if (average === undefined || share === undefined) throw new RangeError("averaged lacks its slot or scalar");
      const moved = average.sub(update.parameter).mul(share).add(update.parameter);
      return { ...update, slots: { ...update.slots, [slot]: moved } };
    },
  };
}

/** The state with averages in the place of parameters, to be evaluated or stored; not to be trained on. */
export function averagedState(state: TrainingState): TrainingState {
  return {
    ...state,
    parameters: state.parameters.map((parameters, index) => state.slots[index]?.[slot] ?? parameters),
  };
}
