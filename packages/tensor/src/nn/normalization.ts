import { TensorError } from "../errors.ts";
import { groupNorm, instanceNorm, layerNorm, normalizeWith, rmsNorm } from "../functional/normalization.ts";
import { type Shape, showShape } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { Parameter } from "../variable.ts";
import { type BatchNormOptions, ChannelNorm } from "./batch-norm.ts";
import { filled } from "./init.ts";
import { Module } from "./module.ts";

export interface LayerNormOptions {
  /** Added to the variance before its root is taken. */
  readonly eps?: number;
  /** Whether there are a weight and a bias for each element. */
  readonly elementwiseAffine?: boolean;
}

/** Normalises over the last axes, whose sizes are given (a number: the last axis). */
export class LayerNorm extends Module {
  readonly normalizedShape: Shape;
  readonly eps: number;
  /** Of the normalised shape. */
  readonly weight: Parameter | undefined;
  /** Of the normalised shape. */
  readonly bias: Parameter | undefined;

  constructor(normalizedShape: number | Shape, { eps = 1e-5, elementwiseAffine = true }: LayerNormOptions = {}) {
    super();
    const shape = shapeOf("LayerNorm", normalizedShape);
    this.normalizedShape = shape;
    this.eps = eps;
    this.weight = elementwiseAffine ? new Parameter(shape, filled(1)) : undefined;
    this.bias = elementwiseAffine ? new Parameter(shape, filled(0)) : undefined;
  }

  forward(input: Tensor): Tensor {
    return layerNorm(input.float(), this.normalizedShape, this);
  }
}

/** The sizes of the last axes, or of the last one. */
function shapeOf(name: string, normalizedShape: number | Shape): Shape {
  const shape = typeof normalizedShape === "number" ? [normalizedShape] : normalizedShape;
  if (shape.length > 0 && shape.every((length) => Number.isInteger(length) && length > 0)) return shape;
  throw new TensorError(
    "TENSOR_VALUE",
    `${name}: the normalised shape is ${showShape(shape)}; it must be one or more whole numbers above 0`,
  );
}

export interface RMSNormOptions {
  /** Added to the mean of squares before its root is taken; without it the distance from 1 to the next float32. */
  readonly eps?: number;
  /** Whether there is a weight for each element. */
  readonly elementwiseAffine?: boolean;
}

/** Divides by the root of the mean of squares over the last axes, whose sizes are given (a number: the last axis). */
export class RMSNorm extends Module {
  readonly normalizedShape: Shape;
  readonly eps: number | undefined;
  /** Of the normalised shape. */
  readonly weight: Parameter | undefined;

  constructor(normalizedShape: number | Shape, { eps, elementwiseAffine = true }: RMSNormOptions = {}) {
    super();
    this.normalizedShape = shapeOf("RMSNorm", normalizedShape);
    this.eps = eps;
    this.weight = elementwiseAffine ? new Parameter(this.normalizedShape, filled(1)) : undefined;
  }

  forward(input: Tensor): Tensor {
    const { weight, eps } = this;
    return rmsNorm(input.float(), this.normalizedShape, { weight, ...(eps === undefined ? {} : { eps }) });
  }
}

export interface GroupNormOptions {
  /** Added to the variance before its root is taken. */
  readonly eps?: number;
  /** Whether there are a weight and a bias for each channel. */
  readonly affine?: boolean;
}

/** Normalises each of `numGroups` groups of channels of each sample: [batch, channels, ...]. */
export class GroupNorm extends Module {
  readonly numGroups: number;
  readonly numChannels: number;
  readonly eps: number;
  /** [numChannels] */
  readonly weight: Parameter | undefined;
  /** [numChannels] */
  readonly bias: Parameter | undefined;

  constructor(numGroups: number, numChannels: number, { eps = 1e-5, affine = true }: GroupNormOptions = {}) {
    super();
    const whole = [numGroups, numChannels].every((value) => Number.isInteger(value) && value > 0);
    if (!whole || numChannels % numGroups !== 0) {
      throw new TensorError(
        "TENSOR_VALUE",
        `GroupNorm: ${numChannels} channels cannot be cut into ${numGroups} groups of equal size`,
      );
    }
    this.numGroups = numGroups;
    this.numChannels = numChannels;
    this.eps = eps;
    this.weight = affine ? new Parameter([numChannels], filled(1)) : undefined;
    this.bias = affine ? new Parameter([numChannels], filled(0)) : undefined;
  }

  forward(input: Tensor): Tensor {
    if (input.shape[1] !== this.numChannels) {
      throw new TensorError(
        "TENSOR_SHAPE",
        `GroupNorm(${this.numGroups}, ${this.numChannels}) got ${showShape(input.shape)}: it needs ${this.numChannels} channels in axis 1`,
      );
    }
    return groupNorm(input.float(), this.numGroups, this);
  }
}

export interface InstanceNormOptions extends BatchNormOptions {
  /** Share of a batch in the running statistics. */
  readonly momentum?: number;
}

/**
 * Normalises each channel of each sample: [batch, channels, height, width] or [channels, height, width]. As in PyTorch
 * it has neither weights nor running statistics unless told so.
 */
export class InstanceNorm2d extends ChannelNorm {
  constructor(numFeatures: number, options: InstanceNormOptions = {}) {
    super(numFeatures, { affine: false, trackRunningStats: false, ...options });
  }

  forward(input: Tensor): Tensor {
    this.checkInput(input, [3, 4], input.ndim - 3);
    if (input.ndim === 3) return this.forward(input.unsqueeze(0)).squeeze(0);
    const fixed = this.fixedStatistics();
    if (fixed !== undefined) return normalizeWith(input.float(), ...fixed, this);
    const { output, mean, variance } = instanceNorm(input.float(), this);
    const count = input.size(2) * input.size(3);
    // As in PyTorch, num_batches_tracked is there but stays 0.
    this.track({ mean: mean.mean(0), variance: variance.mean(0), count }, this.momentum ?? 0);
    return output;
  }
}
