import { checkNumber, checkRate } from "./checks.ts";
import type { Optimizer } from "./optimizer.ts";

export interface AdadeltaOptions {
  readonly lr?: number;
  readonly rho?: number;
  readonly eps?: number;
  readonly weightDecay?: number;
}

/** Adadelta (Zeiler 2012) with PyTorch's formulas and defaults. */
export function Adadelta(options: AdadeltaOptions = {}): Optimizer {
  const { lr = 1, rho = 0.9, eps = 1e-6, weightDecay = 0 } = options;
  checkRate("Adadelta", lr);
  checkNumber("Adadelta", "rho", rho, rho >= 0 && rho <= 1, "in [0, 1]");
  checkNumber("Adadelta", "eps", eps, eps >= 0, "0 or more");
  checkNumber("Adadelta", "weightDecay", weightDecay, weightDecay >= 0, "0 or more");
  return {
    name: "Adadelta",
    lr,
    slots: { square_avg: 0, acc_delta: 0 },
    scalars: (_step, rate) => ({ lr: rate }),
    update({ parameter, gradient, slots, scalars }) {
      const { square_avg, acc_delta } = slots;
      if (square_avg === undefined || acc_delta === undefined) throw new RangeError("Adadelta lacks its slots");
      const g = weightDecay === 0 ? gradient : gradient.add(parameter.mul(weightDecay));
      const square = square_avg.mul(rho).add(g.mul(g).mul(1 - rho));
      const delta = acc_delta.add(eps).sqrt().div(square.add(eps).sqrt()).mul(g);
      return {
        parameter: parameter.sub(delta.mul(scalars.lr ?? lr)),
        slots: { square_avg: square, acc_delta: acc_delta.mul(rho).add(delta.mul(delta).mul(1 - rho)) },
      };
    },
  };
}
