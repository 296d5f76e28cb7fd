import { powersOf } from "../portable-math.ts";
import { checkNumber } from "./checks.ts";
import { checkMoments, type MomentOptions, movedMoments, scalarOf } from "./moments.ts";
import type { Optimizer } from "./optimizer.ts";

export interface NAdamOptions extends MomentOptions {
  /** How fast the momentum comes to its full share. */
  readonly momentumDecay?: number;
}

/** NAdam (Dozat 2016) with PyTorch's formulas and defaults. */
export function NAdam(options: NAdamOptions = {}): Optimizer {
  const { lr = 2e-3, betas = [0.9, 0.999], eps = 1e-8, weightDecay = 0, momentumDecay = 4e-3 } = options;
  const settled = { lr, betas, eps, weightDecay };
  checkMoments("NAdam", settled);
  checkNumber("NAdam", "momentumDecay", momentumDecay, momentumDecay >= 0, "0 or more");
  const [beta1, beta2] = betas;
  const [decayTo, powerOf2] = [powersOf(0.96), powersOf(beta2)];
  /** The momentum of a step, counted from 1. */
  const momentum = (step: number) => beta1 * (1 - 0.5 * decayTo(step * momentumDecay));
  // Products of the momenta of the first steps: known for ever once they are computed.
  const products = [1];
  const productOf = (step: number): number => {
    for (let known = products.length; known <= step; known++) products.push((products.at(-1) ?? 1) * momentum(known));
    return products[step] ?? 0;
  };
  return {
    name: "NAdam",
    lr,
    slots: { exp_avg: 0, exp_avg_sq: 0 },
    scalars(before, rate) {
      const step = before + 1;
      return {
        ofGradient: (rate * (1 - momentum(step))) / (1 - productOf(step)),
        ofMean: (rate * momentum(step + 1)) / (1 - productOf(step + 1)),
        correction: 1 / (1 - powerOf2(step)),
      };
    },
    update(context) {
      const { gradient, exp_avg, exp_avg_sq } = movedMoments("NAdam", context, settled);
      const scalar = (name: string) => scalarOf("NAdam", context, name);
      const spread = exp_avg_sq.mul(scalar("correction")).sqrt().add(eps);
      const move = gradient
        .mul(scalar("ofGradient"))
        .add(exp_avg.mul(scalar("ofMean")))
        .div(spread);
      return { parameter: context.parameter.sub(move), slots: { exp_avg, exp_avg_sq } };
    },
  };
}
