import { TensorError } from "../errors.ts";
import {
  type Conv1dOptions,
  type Conv2dOptions,
  type ConvTranspose1dOptions,
  type ConvTranspose2dOptions,
  conv1d,
  conv2d,
  convolutionAttributes,
  convTranspose1d,
  convTranspose2d,
  type Pair,
  transposedAttributes,
} from "../functional/convolution.ts";
import { type Conv3dOptions, conv3d, splitOptions, type Triple } from "../functional/convolution-3d.ts";
import { type Shape, sizeOf } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { Parameter } from "../variable.ts";
import { kaimingUniform } from "./init.ts";
import { Module } from "./module.ts";

interface WithBias {
  /** Whether outputs get a bias; they do unless told otherwise. */
  readonly bias?: boolean;
}

function checkChannels(name: string, sizes: Readonly<Record<string, number>>, groups: number): void {
  for (const [option, value] of Object.entries(sizes)) {
    if (!Number.isInteger(value) || value < 1)
      throw new TensorError("TENSOR_VALUE", `${name}: ${option} is ${value}; it must be a whole number above 0`);
    if (option.endsWith("Channels") && value % groups !== 0)
      throw new TensorError("TENSOR_VALUE", `${name}: ${option} ${value} must be a multiple of groups ${groups}`);
  }
}

/** PyTorch's fan in: elements of the weight per first index. */
function parametersOf(
  weightShape: Shape,
  outChannels: number,
  bias: boolean,
): readonly [Parameter, Parameter | undefined] {
  const initializer = kaimingUniform(sizeOf(weightShape.slice(1)));
  return [new Parameter(weightShape, initializer), bias ? new Parameter([outChannels], initializer) : undefined];
}

/** [batch, inChannels, height, width] to [batch, outChannels, …]. */
export class Conv2d extends Module {
  /** [outChannels, inChannels / groups, kernel height, kernel width] */
  readonly weight: Parameter;
  readonly bias: Parameter | undefined;
  readonly options: Conv2dOptions;

  constructor(
    inChannels: number,
    outChannels: number,
    kernelSize: Pair,
    { bias = true, ...options }: Conv2dOptions & WithBias = {},
  ) {
    super();
    const { groups = 1 } = options;
    const [height, width] = typeof kernelSize === "number" ? [kernelSize, kernelSize] : kernelSize;
    convolutionAttributes("Conv2d", { shape: [] }, options);
    checkChannels("Conv2d", { inChannels, outChannels, kernelHeight: height, kernelWidth: width }, groups);
    [this.weight, this.bias] = parametersOf([outChannels, inChannels / groups, height, width], outChannels, bias);
    this.options = options;
  }

  forward(input: Tensor): Tensor {
    return conv2d(input, this.weight, this.bias, this.options);
  }
}

/** [batch, inChannels, depth, height, width] to [batch, outChannels, …]. */
export class Conv3d extends Module {
  /** [outChannels, inChannels / groups, kernel depth, kernel height, kernel width] */
  readonly weight: Parameter;
  readonly bias: Parameter | undefined;
  readonly options: Conv3dOptions;

  constructor(
    inChannels: number,
    outChannels: number,
    kernelSize: Triple,
    { bias = true, ...options }: Conv3dOptions & WithBias = {},
  ) {
    super();
    const { groups = 1 } = options;
    const [depth, height, width] = typeof kernelSize === "number" ? [kernelSize, kernelSize, kernelSize] : kernelSize;
    for (const part of Object.values(splitOptions("Conv3d", options)))
      convolutionAttributes("Conv3d", { shape: [] }, part);
    const kernel = { kernelDepth: depth, kernelHeight: height, kernelWidth: width };
    checkChannels("Conv3d", { inChannels, outChannels, ...kernel }, groups);
    const shape = [outChannels, inChannels / groups, depth, height, width];
    [this.weight, this.bias] = parametersOf(shape, outChannels, bias);
    this.options = options;
  }

  forward(input: Tensor): Tensor {
    return conv3d(input, this.weight, this.bias, this.options);
  }
}

/** [batch, inChannels, length] to [batch, outChannels, …]. */
export class Conv1d extends Module {
  /** [outChannels, inChannels / groups, kernel size] */
  readonly weight: Parameter;
  readonly bias: Parameter | undefined;
  readonly options: Conv1dOptions;

  constructor(
    inChannels: number,
    outChannels: number,
    kernelSize: number,
    { bias = true, ...options }: Conv1dOptions & WithBias = {},
  ) {
    super();
    const { groups = 1 } = options;
    convolutionAttributes("Conv1d", { shape: [] }, options);
    checkChannels("Conv1d", { inChannels, outChannels, kernelSize }, groups);
    [this.weight, this.bias] = parametersOf([outChannels, inChannels / groups, kernelSize], outChannels, bias);
    this.options = options;
  }

  forward(input: Tensor): Tensor {
    return conv1d(input, this.weight, this.bias, this.options);
  }
}

/** Each input value spread over a kernel: [batch, inChannels, height, width] to [batch, outChannels, …]. */
export class ConvTranspose2d extends Module {
  /** [inChannels, outChannels / groups, kernel height, kernel width] */
  readonly weight: Parameter;
  readonly bias: Parameter | undefined;
  readonly options: ConvTranspose2dOptions;

  constructor(
    inChannels: number,
    outChannels: number,
    kernelSize: Pair,
    { bias = true, ...options }: ConvTranspose2dOptions & WithBias = {},
  ) {
    super();
    const { groups = 1 } = options;
    const [height, width] = typeof kernelSize === "number" ? [kernelSize, kernelSize] : kernelSize;
    transposedAttributes("ConvTranspose2d", options);
    checkChannels("ConvTranspose2d", { inChannels, outChannels, kernelHeight: height, kernelWidth: width }, groups);
    [this.weight, this.bias] = parametersOf([inChannels, outChannels / groups, height, width], outChannels, bias);
    this.options = options;
  }

  forward(input: Tensor): Tensor {
    return convTranspose2d(input, this.weight, this.bias, this.options);
  }
}

/** Each input value spread over a kernel: [batch, inChannels, length] to [batch, outChannels, …]. */
export class ConvTranspose1d extends Module {
  /** [inChannels, outChannels / groups, kernel size] */
  readonly weight: Parameter;
  readonly bias: Parameter | undefined;
  readonly options: ConvTranspose1dOptions;

  constructor(
    inChannels: number,
    outChannels: number,
    kernelSize: number,
    { bias = true, ...options }: ConvTranspose1dOptions & WithBias = {},
  ) {
    super();
    const { groups = 1 } = options;
    transposedAttributes("ConvTranspose1d", options);
    checkChannels("ConvTranspose1d", { inChannels, outChannels, kernelSize }, groups);
    [this.weight, this.bias] = parametersOf([inChannels, outChannels / groups, kernelSize], outChannels, bias);
    this.options = options;
  }

  forward(input: Tensor): Tensor {
    return convTranspose1d(input, this.weight, this.bias, this.options);
  }
}
