/** PyTorch's normalisations as functions. Running statistics belong to the modules: a function changes nothing. */
import { TensorError } from "../errors.ts";
import {
  batchMean,
  batchNorm as batchNormOp,
  batchVariance,
  groupMean,
  groupNorm as groupNormOp,
  groupVariance,
  layerNorm as layerNormOp,
  normalize,
} from "../ops/normalization.ts";
import { movedTowardsZero, towardsZero } from "../ops/towards-zero.ts";
import { type Shape, sameShape, showShape, sizeOf } from "../shape.ts";
import type { Tensor } from "../tensor.ts";

export interface Affine {
  /** Multiplies what was normalised. */
  readonly weight?: Tensor | undefined;
  /** Added to what was normalised. */
  readonly bias?: Tensor | undefined;
  /** Added to the variance before its root is taken. */
  readonly eps?: number;
}

/** Normalised values with the statistics of what was normalised together; the variance is the biased one. */
export interface Normalized {
  readonly output: Tensor;
  readonly mean: Tensor;
  readonly variance: Tensor;
}

/**
 * Normalises each channel over the batch and its positions, as a batch norm does in training.
 *
 * @param input [batch, channels] or [batch, channels, ...]
 * @param affine weight and bias [channels]
 */
export function batchNorm(input: Tensor, affine: Affine = {}): Normalized {
  const { weight, bias, eps } = affineOf("batchNorm", input, affine);
  if (input.numel === input.size(1)) {
    throw new TensorError(
      "TENSOR_SHAPE",
      `batchNorm: input ${showShape(input.shape)} has one value for each channel; more are needed in training`,
    );
  }
  const affineInputs = [weight, bias] as const;
  if (input.numel === 0) {
    const nothing = input.newFull([input.size(1)], Number.NaN);
    return { output: input.apply(batchNormOp, affineInputs, { eps }), mean: nothing, variance: nothing };
  }
  const axes = input.shape.map((_, axis) => axis).filter((axis) => axis !== 1);
  const near = input.apply(towardsZero, [], { axes });
  const moved = input.apply(movedTowardsZero, [], { axes }).reshape([-1]);
  if (input.ndim > 2) {
    return {
      output: near.apply(batchNormOp, affineInputs, { eps }),
      mean: near.apply(batchMean, affineInputs, { eps }).add(moved),
      variance: near.apply(batchVariance, affineInputs, { eps }),
    };
  }
  const each = (values: Tensor) => values.reshape([-1, ...new Array<number>(input.ndim - 2).fill(1)]);
  const mean = near.mean(axes);
  const centred = near.sub(each(mean));
  const variance = centred.mul(centred).mean(axes);
  const scale = weight.div(variance.add(eps).sqrt());
  return { output: centred.mul(each(scale)).add(each(bias)), mean: mean.add(moved), variance };
}

/**
 * Normalises each channel with a given mean and variance, as a batch norm does in evaluation.
 *
 * @param input [batch, channels] or [batch, channels, ...]
 * @param mean and `variance`: [channels]
 */
export function normalizeWith(input: Tensor, mean: Tensor, variance: Tensor, affine: Affine = {}): Tensor {
  const { weight, bias, eps } = affineOf("normalizeWith", input, affine);
  checkPerChannel("normalizeWith", input, { mean, variance });
  return input.apply(normalize, [weight, bias, mean, variance], { eps });
}

/**
 * Normalises each group of channels of each sample.
 *
 * @param input [batch, channels, ...]
 * @param affine weight and bias [channels]
 */
export function groupNorm(input: Tensor, numGroups: number, affine: Affine = {}): Tensor {
  const { weight, bias, eps } = affineOf("groupNorm", input, affine);
  if (!Number.isInteger(numGroups) || numGroups < 1 || input.size(1) % numGroups !== 0) {
    throw new TensorError(
      "TENSOR_SHAPE",
      `groupNorm: the ${input.size(1)} channels of input ${showShape(input.shape)} cannot be cut into ${numGroups} groups`,
    );
  }
  if (input.numel === numGroups) {
    throw new TensorError(
      "TENSOR_SHAPE",
      `groupNorm: input ${showShape(input.shape)} has one value for each of ${numGroups} groups; more are needed`,
    );
  }
  return groupsTowardsZero(input, numGroups).apply(groupNormOp, [weight, bias], { groups: numGroups, eps });
}

/**
 * Normalises each channel of each sample, over its positions.
 *
 * @param input [batch, channels, ...]
 * @param affine weight and bias [channels]
 * @returns the statistics are [batch, channels]
 */
export function instanceNorm(input: Tensor, affine: Affine = {}): Normalized {
  const { weight, bias, eps } = affineOf("instanceNorm", input, affine);
  if (sizeOf(input.shape.slice(2)) === 1) {
    throw new TensorError(
      "TENSOR_SHAPE",
      `instanceNorm: input ${showShape(input.shape)} has one value for each channel of a sample; more are needed`,
    );
  }
  const attributes = { groups: input.size(1), eps };
  const near = groupsTowardsZero(input, attributes.groups);
  const output = near.apply(groupNormOp, [weight, bias], attributes);
  if (input.numel === 0) {
    const nothing = input.newFull([input.size(0), input.size(1)], 0);
    return { output, mean: nothing, variance: nothing };
  }
  const moved = inGroups(input, attributes.groups)
    .apply(movedTowardsZero, [], { axes: [2] })
    .squeeze(2);
  return {
    output,
    mean: near.apply(groupMean, [], attributes).add(moved),
    variance: near.apply(groupVariance, [], attributes),
  };
}

/**
 * Normalises over the last axes.
 *
 * @param normalizedShape sizes of these axes
 * @param affine weight and bias of that shape
 */
export function layerNorm(input: Tensor, normalizedShape: Shape, { weight, bias, eps = 1e-5 }: Affine = {}): Tensor {
  const axis = normalizedAxis("layerNorm", input, normalizedShape, { weight, bias });
  const affineInputs = [weight ?? ones(input, normalizedShape), bias ?? input.newFull(normalizedShape, 0)] as const;
  const axes = normalizedShape.map((_, index) => axis + index);
  const near = input.numel === 0 ? input : input.apply(towardsZero, [], { axes });
  return near.apply(layerNormOp, affineInputs, { axis, eps });
}

/**
 * Divides by the root of the mean of squares over the last axes.
 *
 * @param normalizedShape sizes of these axes
 * @param options weight of that shape; without eps the distance from 1 to the next float32
 */
export function rmsNorm(
  input: Tensor,
  normalizedShape: Shape,
  { weight, eps = 2 ** -23 }: { readonly weight?: Tensor | undefined; readonly eps?: number } = {},
): Tensor {
  const axis = normalizedAxis("rmsNorm", input, normalizedShape, { weight });
  const axes = normalizedShape.map((_, index) => axis + index);
  const scaled = input.div(input.mul(input).mean(axes, true).add(eps).sqrt());
  return weight === undefined ? scaled : scaled.mul(weight);
}

/** The first of the axes that are normalised, which must be of the shape that is told. */
function normalizedAxis(
  name: string,
  input: Tensor,
  normalizedShape: Shape,
  affine: Readonly<Record<string, Tensor | undefined>>,
): number {
  const axis = input.ndim - normalizedShape.length;
  if (normalizedShape.length === 0 || axis < 0 || !sameShape(input.shape.slice(axis), normalizedShape)) {
    throw new TensorError(
      "TENSOR_SHAPE",
      `${name}: input ${showShape(input.shape)} must end in the normalised shape ${showShape(normalizedShape)}`,
    );
  }
  checkFloat(name, input);
  for (const [what, values] of Object.entries(affine)) {
    if (values !== undefined && !sameShape(values.shape, normalizedShape)) {
      throw new TensorError(
        "TENSOR_SHAPE",
        `${name}: ${what} ${showShape(values.shape)} must have the normalised shape ${showShape(normalizedShape)}`,
      );
    }
  }
  return axis;
}

/** The groups of channels of each sample, of which those that are far from 0 are moved. */
function groupsTowardsZero(input: Tensor, groups: number): Tensor {
  if (input.numel === 0) return input;
  return inGroups(input, groups)
    .apply(towardsZero, [], { axes: [2] })
    .reshape(input.shape);
}

function inGroups(input: Tensor, groups: number): Tensor {
  return input.reshape([input.size(0), groups, -1]);
}

const ones = (input: Tensor, shape: Shape) => input.newFull(shape, 1);

function checkFloat(name: string, input: Tensor): void {
  if (input.dtype === "float32") return;
  throw new TensorError("TENSOR_DTYPE", `${name} needs float32, not ${input.dtype}; convert it with .to("float32")`);
}

function checkPerChannel(name: string, input: Tensor, values: Readonly<Record<string, Tensor | undefined>>): void {
  if (input.ndim < 2) {
    throw new TensorError("TENSOR_SHAPE", `${name}: input ${showShape(input.shape)} must have 2 axes or more`);
  }
  for (const [what, tensor] of Object.entries(values)) {
    if (tensor !== undefined && !sameShape(tensor.shape, [input.size(1)])) {
      throw new TensorError(
        "TENSOR_SHAPE",
        `${name}: ${what} ${showShape(tensor.shape)} does not fit input ${showShape(input.shape)}: axis 1 has ${input.size(1)} channels`,
      );
    }
  }
}

function affineOf(name: string, input: Tensor, { weight, bias, eps = 1e-5 }: Affine) {
  checkPerChannel(name, input, { weight, bias });
  checkFloat(name, input);
  const channels = [input.size(1)];
  return { weight: weight ?? ones(input, channels), bias: bias ?? input.newFull(channels, 0), eps };
}
