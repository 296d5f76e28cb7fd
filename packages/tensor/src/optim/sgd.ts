import type { Tensor } from "../tensor.ts";
import { checkNumber, checkRate } from "./checks.ts";
import type { Optimizer } from "./optimizer.ts";

export interface SGDOptions {
  readonly lr?: number;
  readonly momentum?: number;
  readonly dampening?: number;
  readonly weightDecay?: number;
  readonly nesterov?: boolean;
}

/** Stochastic gradient descent with PyTorch's formulas and defaults. */
export function SGD({
  lr = 1e-3,
  momentum = 0,
  dampening = 0,
  weightDecay = 0,
  nesterov = false,
}: SGDOptions = {}): Optimizer {
  checkRate("SGD", lr);
  checkNumber("SGD", "momentum", momentum, momentum >= 0, "0 or more");
  checkNumber("SGD", "dampening", dampening, Number.isFinite(dampening), "a finite number");
  checkNumber("SGD", "weightDecay", weightDecay, weightDecay >= 0, "0 or more");
  checkNumber(
    "SGD",
    "momentum",
    momentum,
    !nesterov || (momentum > 0 && dampening === 0),
    "above 0, with dampening 0, for nesterov",
  );
  return {
    name: "SGD",
    lr,
    slots: momentum === 0 ? {} : { momentum_buffer: 0 },
    // The first gradient enters the buffer whole: there is nothing to be damped yet.
    scalars: (step, rate): Record<string, number> =>
      dampening === 0 || momentum === 0 ? { lr: rate } : { lr: rate, share: step === 0 ? 1 : 1 - dampening },
    update({ parameter, gradient, slots, scalars }) {
      const decayed = weightDecay === 0 ? gradient : gradient.add(parameter.mul(weightDecay));
      const move = (direction: Tensor) => parameter.sub(direction.mul(scalars.lr ?? lr));
      if (slots.momentum_buffer === undefined) return { parameter: move(decayed), slots: {} };
      const entering = scalars.share === undefined ? decayed : decayed.mul(scalars.share);
      const buffer = slots.momentum_buffer.mul(momentum).add(entering);
      return {
        parameter: move(nesterov ? decayed.add(buffer.mul(momentum)) : buffer),
        slots: { momentum_buffer: buffer },
      };
    },
  };
}
