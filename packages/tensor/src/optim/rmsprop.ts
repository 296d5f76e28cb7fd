import { checkNumber, checkRate } from "./checks.ts";
import type { Optimizer } from "./optimizer.ts";

export interface RMSpropOptions {
  readonly lr?: number;
  readonly alpha?: number;
  readonly eps?: number;
  readonly weightDecay?: number;
  readonly momentum?: number;
  readonly centered?: boolean;
}

/** RMSprop (Hinton's lectures; centered: Graves 2013) with PyTorch's formulas and defaults. */
export function RMSprop(options: RMSpropOptions = {}): Optimizer {
  const { lr = 1e-2, alpha = 0.99, eps = 1e-8, weightDecay = 0, momentum = 0, centered = false } = options;
  checkRate("RMSprop", lr);
  checkNumber("RMSprop", "alpha", alpha, alpha >= 0, "0 or more");
  checkNumber("RMSprop", "eps", eps, eps >= 0, "0 or more");
  checkNumber("RMSprop", "weightDecay", weightDecay, weightDecay >= 0, "0 or more");
  checkNumber("RMSprop", "momentum", momentum, momentum >= 0, "0 or more");
  return {
    name: "RMSprop",
    lr,
    slots: { square_avg: 0, ...(momentum > 0 ? { momentum_buffer: 0 } : {}), ...(centered ? { grad_avg: 0 } : {}) },
    scalars: (_step, rate) => ({ lr: rate }),
    update({ parameter, gradient, slots, scalars }) {
      const { square_avg, momentum_buffer, grad_avg } = slots;
      if (square_avg === undefined) throw new RangeError("RMSprop lacks its slot square_avg");
      const g = weightDecay === 0 ? gradient : gradient.add(parameter.mul(weightDecay));
      const square = square_avg.mul(alpha).add(g.mul(g).mul(1 - alpha));
      const mean = grad_avg?.mul(alpha).add(g.mul(1 - alpha));
      const spread = (mean === undefined ? square : square.sub(mean.mul(mean))).sqrt().add(eps);
      const buffer = momentum_buffer?.mul(momentum).add(g.div(spread));
      return {
        parameter: parameter.sub((buffer ?? g.div(spread)).mul(scalars.lr ?? lr)),
        slots: {
          square_avg: square,
          ...(buffer === undefined ? {} : { momentum_buffer: buffer }),
          ...(mean === undefined ? {} : { grad_avg: mean }),
        },
      };
    },
  };
}
