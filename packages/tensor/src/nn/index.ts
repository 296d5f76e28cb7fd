export {
  CrossEntropyLoss,
  type CrossEntropyLossOptions,
  NLLLoss,
  type NLLLossOptions,
} from "../losses/classification.ts";
export { CTCLoss, type CTCLossOptions } from "../losses/ctc.ts";
export {
  CosineEmbeddingLoss,
  type CosineEmbeddingLossOptions,
  TripletMarginLoss,
  type TripletMarginLossOptions,
} from "../losses/distance.ts";
export { BCELoss, BCEWithLogitsLoss, KLDivLoss } from "../losses/probability.ts";
export type { Loss, Reduction, ReductionOptions } from "../losses/reduction.ts";
export { HuberLoss, L1Loss, MSELoss, SmoothL1Loss } from "../losses/regression.ts";
export { ELU, GELU, LeakyReLU, LogSoftmax, ReLU, Sigmoid, SiLU, Softmax, Softplus, Tanh } from "./activations.ts";
export {
  type AttentionMasks,
  type AttentionOptions,
  type AttentionResult,
  MultiheadAttention,
  type MultiheadAttentionOptions,
} from "./attention.ts";
export { BatchNorm1d, BatchNorm2d, type BatchNormOptions } from "./batch-norm.ts";
export { type CellOptions, GRUCell, LSTMCell, RNNCell } from "./cells.ts";
export { Conv1d, Conv2d, Conv3d, ConvTranspose1d, ConvTranspose2d } from "./conv.ts";
export { Dropout, Dropout2d } from "./dropout.ts";
export { Embedding } from "./embedding.ts";
export { Flatten } from "./flatten.ts";
export type { ForwardHook, ForwardPreHook, HookHandle } from "./hooks.ts";
export { Identity } from "./identity.ts";
export * as init from "./initialization.ts";
export { Linear } from "./linear.ts";
export { type Layer, Module } from "./module.ts";
export {
  GroupNorm,
  type GroupNormOptions,
  InstanceNorm2d,
  LayerNorm,
  type LayerNormOptions,
  RMSNorm,
  type RMSNormOptions,
} from "./normalization.ts";
export {
  ConstantPad1d,
  ConstantPad2d,
  type Padding1d,
  type Padding2d,
  ReflectionPad1d,
  ReflectionPad2d,
  ReplicationPad1d,
  ReplicationPad2d,
  ZeroPad2d,
} from "./padding.ts";
export {
  AdaptiveAvgPool1d,
  AdaptiveAvgPool2d,
  AdaptiveMaxPool1d,
  AdaptiveMaxPool2d,
  AvgPool1d,
  AvgPool2d,
  MaxPool1d,
  MaxPool2d,
} from "./pooling.ts";
export { PReLU } from "./prelu.ts";
export {
  GRU,
  LSTM,
  type LSTMResult,
  type LSTMState,
  type RecurrentOptions,
  type RecurrentResult,
  type RecurrentState,
  RNN,
} from "./recurrent.ts";
export { Sequential } from "./sequential.ts";
export type { LayerSummary } from "./summary.ts";
export {
  type DecoderMasks,
  TransformerDecoder,
  TransformerDecoderLayer,
  type TransformerDecoderLayerOptions,
  TransformerEncoder,
  TransformerEncoderLayer,
  type TransformerEncoderLayerOptions,
  type TransformerStackOptions,
} from "./transformer.ts";
export { Upsample } from "./upsample.ts";
