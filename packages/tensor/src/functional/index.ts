export {
  elu,
  gelu,
  leakyRelu,
  logSoftmax,
  relu,
  sigmoid,
  silu,
  softmax,
  softplus,
  tanh,
} from "./activations.ts";
export { type ScaledDotProductOptions, scaledDotProductAttention } from "./attention.ts";
export {
  type Conv1dOptions,
  type Conv2dOptions,
  type ConvTranspose1dOptions,
  type ConvTranspose2dOptions,
  conv1d,
  conv2d,
  convTranspose1d,
  convTranspose2d,
  type Pair,
} from "./convolution.ts";
export { type Conv3dOptions, conv3d, type Triple } from "./convolution-3d.ts";
export { cosineSimilarity, pairwiseDistance } from "./distance.ts";
export { type DropoutOptions, dropout, dropout2d } from "./dropout.ts";
export { type InterpolateOptions, interpolate } from "./interpolate.ts";
export {
  binaryCrossEntropy,
  binaryCrossEntropyWithLogits,
  crossEntropy,
  huberLoss,
  klDiv,
  l1Loss,
  mseLoss,
  nllLoss,
  smoothL1Loss,
} from "./losses.ts";
export {
  type Affine,
  batchNorm,
  groupNorm,
  instanceNorm,
  layerNorm,
  type Normalized,
  normalizeWith,
  rmsNorm,
} from "./normalization.ts";
export { type Amounts, constantPad, reflectionPad, replicationPad } from "./padding.ts";
export {
  type AvgPool1dOptions,
  type AvgPool2dOptions,
  adaptiveAvgPool1d,
  adaptiveAvgPool2d,
  adaptiveMaxPool1d,
  adaptiveMaxPool2d,
  avgPool1d,
  avgPool2d,
  type MaxPool1dOptions,
  type MaxPool2dOptions,
  maxPool1d,
  maxPool2d,
  type OutputSize,
} from "./pooling.ts";
