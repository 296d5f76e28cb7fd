/** What optimizers have in common that keep means of gradients and of their squares: checks, and the means. */
import type { Tensor } from "../tensor.ts";
import { checkNumber, checkRate } from "./checks.ts";
import type { UpdateContext } from "./optimizer.ts";

export interface MomentOptions {
  readonly lr?: number;
  readonly betas?: readonly [number, number];
  readonly eps?: number;
  readonly weightDecay?: number;
}

export function checkMoments(name: string, { lr, betas, eps, weightDecay }: Required<MomentOptions>): void {
  checkRate(name, lr);
  for (const [index, beta] of betas.entries())
    checkNumber(name, `betas[${index}]`, beta, beta >= 0 && beta < 1, "in [0, 1)");
  checkNumber(name, "eps", eps, eps >= 0, "0 or more");
  checkNumber(name, "weightDecay", weightDecay, weightDecay >= 0, "0 or more");
}

/** The gradient with weight decay, and the means that it moves. */
export function movedMoments(
  name: string,
  { parameter, gradient, slots }: UpdateContext,
  { betas: [beta1, beta2], weightDecay }: Required<MomentOptions>,
): { readonly gradient: Tensor; readonly exp_avg: Tensor; readonly exp_avg_sq: Tensor } {
  const { exp_avg, exp_avg_sq } = slots;
  if (exp_avg === undefined || exp_avg_sq === undefined) throw new RangeError(`${name} lacks its slots`);
  const g = weightDecay === 0 ? gradient : gradient.add(parameter.mul(weightDecay));
  return {
    gradient: g,
    exp_avg: exp_avg.mul(beta1).add(g.mul(1 - beta1)),
    exp_avg_sq: exp_avg_sq.mul(beta2).add(g.mul(g).mul(1 - beta2)),
  };
}

/** A number that the optimizer's `scalars` give. */
export function scalarOf(name: string, { scalars }: UpdateContext, scalar: string): Tensor {
  const tensor = scalars[scalar];
  if (tensor === undefined) throw new RangeError(`${name} lacks its scalar ${scalar}`);
  return tensor;
}
