/** PyTorch's losses as functions: those of the modules, with their options. */
import {
  CrossEntropyLoss,
  type CrossEntropyLossOptions,
  NLLLoss,
  type NLLLossOptions,
} from "../losses/classification.ts";
import { BCELoss, BCEWithLogitsLoss, KLDivLoss } from "../losses/probability.ts";
import type { ReductionOptions } from "../losses/reduction.ts";
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
