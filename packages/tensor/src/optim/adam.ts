import { powersOf } from "../portable-math.ts";
import { checkMoments, type MomentOptions } from "./moments.ts";
import type { Optimizer } from "./optimizer.ts";

export interface AdamOptions extends MomentOptions {
  readonly amsgrad?: boolean;
}

/** Adam (Kingma and Ba 2015) with PyTorch's formulas and defaults; weight decay is added to the gradient. */
export function Adam({ weightDecay = 0, ...options }: AdamOptions = {}): Optimizer {
  return adaptive("Adam", { ...options, weightDecay }, false);
}

/** Adam with decoupled weight decay (Loshchilov and Hutter 2019), 0.01 unless told otherwise. */
export function AdamW({ weightDecay = 1e-2, ...options }: AdamOptions = {}): Optimizer {
  return adaptive("AdamW", { ...options, weightDecay }, true);
}

function adaptive(name: string, options: AdamOptions & { weightDecay: number }, decoupled: boolean): Optimizer {
  const { lr = 1e-3, betas = [0.9, 0.999], eps = 1e-8, weightDecay, amsgrad = false } = options;
  const [beta1, beta2] = betas;
  const [powerOf1, powerOf2] = [powersOf(beta1), powersOf(beta2)];
  checkMoments(name, { lr, betas, eps, weightDecay });
  return {
    name,
    lr,
    // The moments are kept without their factors 1 - beta, which go into the scalars: three passes over memory fewer.
    slots: amsgrad ? { exp_avg: 0, exp_avg_sq: 0, max_exp_avg_sq: 0 } : { exp_avg: 0, exp_avg_sq: 0 },
    scalars(step, rate) {
      const correction1 = (1 - beta1) / (1 - powerOf1(step + 1));
      const correction2 = Math.sqrt((1 - beta2) / (1 - powerOf2(step + 1)));
      const scalars = { rate: (rate * correction1) / correction2, eps: eps / correction2 };
      return decoupled && weightDecay !== 0 ? { ...scalars, keep: 1 - rate * weightDecay } : scalars;
    },
    update({ parameter, gradient, slots, scalars }) {
      const { exp_avg, exp_avg_sq, max_exp_avg_sq } = slots;
      const { rate, eps: smallest, keep } = scalars;
      if (exp_avg === undefined || exp_avg_sq === undefined || rate === undefined || smallest === undefined) {
        throw new RangeError(`${name} lacks its slots or scalars`);
      }
      const g = decoupled || weightDecay === 0 ? gradient : gradient.add(parameter.mul(weightDecay));
      const first = exp_avg.mul(beta1).add(g);
      const second = exp_avg_sq.mul(beta2).add(g.mul(g));
      const largest = max_exp_avg_sq?.maximum(second);
      const move = first.mul(rate).div((largest ?? second).sqrt().add(smallest));
      return {
        parameter: (keep === undefined ? parameter : parameter.mul(keep)).sub(move),
        slots: { exp_avg: first, exp_avg_sq: second, ...(largest === undefined ? {} : { max_exp_avg_sq: largest }) },
      };
    },
  };
}
