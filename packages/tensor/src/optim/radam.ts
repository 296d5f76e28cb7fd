import { powersOf } from "../portable-math.ts";
import { checkMoments, type MomentOptions, movedMoments, scalarOf } from "./moments.ts";
import type { Optimizer } from "./optimizer.ts";

export type RAdamOptions = MomentOptions;

/** RAdam (Liu et al. 2020) with PyTorch's formulas and defaults: until the squares are known well enough, momentum alone. */
export function RAdam(options: RAdamOptions = {}): Optimizer {
  const { lr = 1e-3, betas = [0.9, 0.999], eps = 1e-8, weightDecay = 0 } = options;
  const settled = { lr, betas, eps, weightDecay };
  checkMoments("RAdam", settled);
  const [beta1, beta2] = betas;
  const [powerOf1, powerOf2] = [powersOf(beta1), powersOf(beta2)];
  const most = 2 / (1 - beta2) - 1;
  return {
    name: "RAdam",
    lr,
    slots: { exp_avg: 0, exp_avg_sq: 0 },
    scalars(before, rate) {
      const step = before + 1;
      const correction = 1 - powerOf2(step);
      // How many squares the mean is worth.
      const length = most - (2 * step * powerOf2(step)) / correction;
      const size = rate / (1 - powerOf1(step));
      if (length <= 5) return { plain: size, adaptive: 0 };
      const rectification = Math.sqrt(((length - 4) * (length - 2) * most) / ((most - 4) * (most - 2) * length));
      return { plain: 0, adaptive: size * rectification * Math.sqrt(correction) };
    },
    update(context) {
      const { exp_avg, exp_avg_sq } = movedMoments("RAdam", context, settled);
      const scalar = (name: string) => scalarOf("RAdam", context, name);
      const adaptive = exp_avg.mul(scalar("adaptive")).div(exp_avg_sq.sqrt().add(eps));
      const move = exp_avg.mul(scalar("plain")).add(adaptive);
      return { parameter: context.parameter.sub(move), slots: { exp_avg, exp_avg_sq } };
    },
  };
}
