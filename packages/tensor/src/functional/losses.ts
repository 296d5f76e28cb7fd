/** PyTorch's losses as functions: those of the modules, with their options. */
import {
  CrossEntropyLoss,
  type CrossEntropyLossOptions,
  NLLLoss,
  type NLLLossOptions,
} from "../losses/classification.ts";
import { BCELoss, BCEWithLogitsLoss, KLDivLoss } from "../losses/probability.ts";
import { checkSameShape, type ReductionOptions, reduceLoss } from "../losses/reduction.ts";
import { HuberLoss, L1Loss, MSELoss, SmoothL1Loss } from "../losses/regression.ts";
import type { Tensor } from "../tensor.ts";

/** PyTorch's cross_entropy. */
export function crossEntropy(input: Tensor, target: Tensor, options: CrossEntropyLossOptions = {}): Tensor {
  return new CrossEntropyLoss(options).forward(input, target);
}

/** PyTorch's nll_loss, of logarithms of probabilities. */
export function nllLoss(input: Tensor, target: Tensor, options: NLLLossOptions = {}): Tensor {
  return new NLLLoss(options).forward(input, target);
}

export function mseLoss(input: Tensor, target: Tensor, options: ReductionOptions = {}): Tensor {
  return new MSELoss(options).forward(input, target);
}

export function l1Loss(input: Tensor, target: Tensor, options: ReductionOptions = {}): Tensor {
  return new L1Loss(options).forward(input, target);
}

export function smoothL1Loss(
  input: Tensor,
  target: Tensor,
  options: ReductionOptions & { readonly beta?: number } = {},
): Tensor {
  return new SmoothL1Loss(options).forward(input, target);
}

export function huberLoss(
  input: Tensor,
  target: Tensor,
  options: ReductionOptions & { readonly delta?: number } = {},
): Tensor {
  return new HuberLoss(options).forward(input, target);
}

/** PyTorch's binary_cross_entropy, of probabilities. */
export function binaryCrossEntropy(
  input: Tensor,
  target: Tensor,
  options: ConstructorParameters<typeof BCELoss>[0] = {},
): Tensor {
  return new BCELoss(options).forward(input, target);
}

/** PyTorch's binary_cross_entropy_with_logits. */
export function binaryCrossEntropyWithLogits(
  input: Tensor,
  target: Tensor,
  options: ConstructorParameters<typeof BCEWithLogitsLoss>[0] = {},
): Tensor {
  return new BCEWithLogitsLoss(options).forward(input, target);
}

/** PyTorch's kl_div, of logarithms of probabilities. */
export function klDiv(input: Tensor, target: Tensor, options: ConstructorParameters<typeof KLDivLoss>[0] = {}): Tensor {
  return new KLDivLoss(options).forward(input, target);
}

/**
 * Of a normal distribution around the input, without the constant unless it is to be `full`.
 *
 * @param variance of the input's shape, or one that broadcasts to it
 */
export function gaussianNllLoss(
  input: Tensor,
  target: Tensor,
  variance: Tensor,
  {
    full = false,
    eps = 1e-6,
    reduction,
  }: ReductionOptions & { readonly full?: boolean /** Smaller variances count as it. */; readonly eps?: number } = {},
): Tensor {
  checkSameShape("gaussianNllLoss", input, target);
  // As in PyTorch, the bound takes no gradient from the variance.
  const bounded = variance.add(variance.clamp({ min: eps }).sub(variance).detach());
  const loss = bounded.log().add(input.sub(target).pow(2).div(bounded)).mul(0.5);
  return reduceLoss(full ? loss.add(0.5 * Math.log(2 * Math.PI)) : loss, reduction);
}

export interface PoissonNllLossOptions extends ReductionOptions {
  /** The input is the logarithm of the expected number. */
  readonly logInput?: boolean;
  /** Keeps the number's logarithm away from -infinity where `logInput` is false. */
  readonly eps?: number;
}

/** Of numbers that are counted. Stirling's term, PyTorch's `full`, is not there. */
export function poissonNllLoss(
  input: Tensor,
  target: Tensor,
  { logInput = true, eps = 1e-8, reduction }: PoissonNllLossOptions = {},
): Tensor {
  checkSameShape("poissonNllLoss", input, target);
  const loss = logInput ? input.exp().sub(target.mul(input)) : input.sub(target.mul(input.add(eps).log()));
  return reduceLoss(loss, reduction);
}

/** max(0, -target (input1 - input2) + margin): the first is to be larger where the target is 1, smaller where it is -1. */
export function marginRankingLoss(
  input1: Tensor,
  input2: Tensor,
  target: Tensor,
  { margin = 0, reduction }: ReductionOptions & { readonly margin?: number } = {},
): Tensor {
  checkSameShape("marginRankingLoss", input1, input2);
  checkSameShape("marginRankingLoss", input1, target);
  return reduceLoss(target.neg().mul(input1.sub(input2)).add(margin).clamp({ min: 0 }), reduction);
}
