import { checkNumber, checkRate } from "./checks.ts";
import type { Optimizer } from "./optimizer.ts";

export interface AdagradOptions {
  readonly lr?: number;
  readonly lrDecay?: number;
  readonly weightDecay?: number;
  readonly initialAccumulatorValue?: number;
  readonly eps?: number;
}

/** Adagrad (Duchi et al. 2011) with PyTorch's formulas and defaults. */
export function Adagrad(options: AdagradOptions = {}): Optimizer {
  const { lr = 1e-2, lrDecay = 0, weightDecay = 0, initialAccumulatorValue = 0, eps = 1e-10 } = options;
  checkRate("Adagrad", lr);
  checkNumber("Adagrad", "lrDecay", lrDecay, lrDecay >= 0, "0 or more");
  checkNumber("Adagrad", "weightDecay", weightDecay, weightDecay >= 0, "0 or more");
  checkNumber("Adagrad", "initialAccumulatorValue", initialAccumulatorValue, initialAccumulatorValue >= 0, "0 or more");
  checkNumber("Adagrad", "eps", eps, eps >= 0, "0 or more");
  return {
    name: "Adagrad",
    lr,
    slots: { sum: initialAccumulatorValue },
    scalars: (step, rate) => ({ lr: rate / (1 + step * lrDecay) }),
    update({ parameter, gradient, slots, scalars }) {
      const g = weightDecay === 0 ? gradient : gradient.add(parameter.mul(weightDecay));
      const sum = g.mul(g).add(slots.sum ?? initialAccumulatorValue);
      return { parameter: parameter.sub(g.div(sum.sqrt().add(eps)).mul(scalars.lr ?? lr)), slots: { sum } };
    },
  };
}
