export {
  CrossEntropyLoss,
  type CrossEntropyLossOptions,
  NLLLoss,
  type NLLLossOptions,
} from "../losses/classification.ts";
export { BCELoss, BCEWithLogitsLoss, KLDivLoss } from "../losses/probability.ts";
export type { Loss, Reduction, ReductionOptions } from "../losses/reduction.ts";
export { HuberLoss, L1Loss, MSELoss, SmoothL1Loss } from "../losses/regression.ts";
export { ELU, GELU, LeakyReLU, LogSoftmax, ReLU, Sigmoid, SiLU, Softmax, Softplus, Tanh } from "./activations.ts";
export { Conv1d, Conv2d, ConvTranspose1d, ConvTranspose2d } from "./conv.ts";
export { Dropout } from "./dropout.ts";
export { Flatten } from "./flatten.ts";
export { Linear } from "./linear.ts";
export { type Layer, Module } from "./module.ts";
export type { LayerSummary } from "./summary.ts";
export { Sequential } from "./sequential.ts";
