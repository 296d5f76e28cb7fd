export {
  elu,
  gelu,
  glu,
  hardswish,
  hardtanh,
  leakyRelu,
  logSigmoid,
  logSoftmax,
  mish,
  relu,
  relu6,
  sigmoid,
  silu,
  softmax,
  softplus,
  softsign,
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
export { cosineSimilarity, normalize, pairwiseDistance } from "./distance.ts";
export { type DropoutOptions, dropout, dropout2d } from "./dropout.ts";
export { type GumbelSoftmaxOptions, gumbelSoftmax } from "./gumbel-softmax.ts";
export { type InterpolateOptions, interpolate } from "./interpolate.ts";
export { embedding, linear } from "./linear.ts";
export {
  binaryCrossEntropy,
  binaryCrossEntropyWithLogits,
  crossEntropy,
  gaussianNllLoss,
  huberLoss,
  klDiv,
  l1Loss,
  marginRankingLoss,
  mseLoss,
  nllLoss,
  type PoissonNllLossOptions,
  poissonNllLoss,
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
export { pixelShuffle, pixelUnshuffle } from "./pixel-shuffle.ts";
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
