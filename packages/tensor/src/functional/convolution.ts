/** PyTorch's convolutions as functions. */
import { TensorError } from "../errors.ts";
import type { ConvolutionAttributes, TransposedAttributes } from "../ops/convolution.ts";
import { showShape } from "../shape.ts";
import type { Tensor } from "../tensor.ts";

/** One number for both axes, or one for height and one for width. */
export type Pair = number | readonly [number, number];

export interface Conv1dOptions {
  readonly stride?: number;
  /** Zeros on both sides; "same" keeps the length (stride 1), "valid" is 0. */
  readonly padding?: number | "same" | "valid";
  readonly dilation?: number;
  readonly groups?: number;
}

export interface Conv2dOptions {
  readonly stride?: Pair;
  /** Zeros on all sides; "same" keeps height and width (stride 1), "valid" is 0. */
  readonly padding?: Pair | "same" | "valid";
  readonly dilation?: Pair;
  readonly groups?: number;
}

export interface ConvTranspose1dOptions {
  readonly stride?: number;
  readonly padding?: number;
  /** Added to the length at the end; below stride or dilation. */
  readonly outputPadding?: number;
  readonly dilation?: number;
  readonly groups?: number;
}

export interface ConvTranspose2dOptions {
  readonly stride?: Pair;
  readonly padding?: Pair;
  /** Added to height and width at their ends; below stride or dilation. */
  readonly outputPadding?: Pair;
  readonly dilation?: Pair;
  readonly groups?: number;
}

/** Cross-correlation: input [batch, channels, height, width], weight [out, channels / groups, kh, kw], bias [out]. */
export function conv2d(input: Tensor, weight: Tensor, bias?: Tensor, options: Conv2dOptions = {}): Tensor {
  return withBatch("conv2d", input, 4, (batched) =>
    batched.float().convolution(weight, bias, convolutionAttributes("conv2d", weight, options)),
  );
}

/** Cross-correlation along one axis: input [batch, channels, length], weight [out, channels / groups, k], bias [out]. */
export function conv1d(input: Tensor, weight: Tensor, bias?: Tensor, options: Conv1dOptions = {}): Tensor {
  const { stride = 1, padding = 0, dilation = 1, groups = 1 } = options;
  const wide = {
    stride: [1, stride],
    padding: typeof padding === "number" ? ([0, padding] as const) : padding,
    dilation: [1, dilation],
    groups,
  } as const;
  return withBatch("conv1d", input, 3, (batched) =>
    conv2d(batched.unsqueeze(2), rowWeight("conv1d", weight), bias, wide).squeeze(2),
  );
}

/** Spreads each input value over a kernel: input [batch, channels, height, width], weight [channels, out / groups, kh, kw]. */
export function convTranspose2d(
  input: Tensor,
  weight: Tensor,
  bias?: Tensor,
  options: ConvTranspose2dOptions = {},
): Tensor {
  const attributes = transposedAttributes("convTranspose2d", options);
  return withBatch("convTranspose2d", input, 4, (batched) =>
    batched.float().transposedConvolution(weight, bias, attributes),
  );
}

/** Spreads each input value over a kernel along one axis: input [batch, channels, length], weight [channels, out / groups, k]. */
export function convTranspose1d(
  input: Tensor,
  weight: Tensor,
  bias?: Tensor,
  options: ConvTranspose1dOptions = {},
): Tensor {
  const { stride = 1, padding = 0, outputPadding = 0, dilation = 1, groups = 1 } = options;
  const wide = {
    stride: [1, stride],
    padding: [0, padding],
    outputPadding: [0, outputPadding],
    dilation: [1, dilation],
    groups,
  } as const;
  return withBatch("convTranspose1d", input, 3, (batched) =>
    convTranspose2d(batched.unsqueeze(2), rowWeight("convTranspose1d", weight), bias, wide).squeeze(2),
  );
}

/** PyTorch takes a single sample without its batch axis. */
function withBatch(name: string, input: Tensor, rank: number, compute: (batched: Tensor) => Tensor): Tensor {
  if (input.ndim === rank) return compute(input);
  if (input.ndim === rank - 1) return compute(input.unsqueeze(0)).squeeze(0);
  throw new TensorError(
    "TENSOR_SHAPE",
    `${name}: input ${showShape(input.shape)} must have ${rank} axes, or ${rank - 1} without the batch`,
  );
}

function rowWeight(name: string, weight: Tensor): Tensor {
  if (weight.ndim !== 3)
    throw new TensorError("TENSOR_SHAPE", `${name}: weight ${showShape(weight.shape)} must have 3 axes`);
  return weight.unsqueeze(2);
}

function pairOf(value: Pair): readonly [number, number] {
  return typeof value === "number" ? [value, value] : value;
}

function checked(name: string, option: string, value: Pair, least: number): readonly [number, number] {
  const both = pairOf(value);
  if (both.length !== 2 || both.some((each) => !Number.isInteger(each) || each < least)) {
    throw new TensorError(
      "TENSOR_VALUE",
      `${name}: ${option} is ${value}; whole numbers of at least ${least} are needed`,
    );
  }
  return both;
}

/** Checks the options of a convolution before a module makes its weights. */
export function convolutionAttributes(
  name: string,
  weight: { readonly shape: readonly number[] },
  options: Conv2dOptions,
): ConvolutionAttributes {
  const { padding = 0, groups = 1 } = options;
  const stride = checked(name, "stride", options.stride ?? 1, 1);
  const dilation = checked(name, "dilation", options.dilation ?? 1, 1);
  checked(name, "groups", groups, 1);
  if (typeof padding === "string") {
    if (padding === "same" && stride.some((step) => step !== 1)) {
      throw new TensorError("TENSOR_VALUE", `${name}: padding "same" needs stride 1, not ${stride}`);
    }
    const total = dilation.map((step, axis) => (padding === "same" ? step * ((weight.shape[axis + 2] ?? 1) - 1) : 0));
    const [height = 0, width = 0] = total;
    // An odd amount leaves one more at the end, as PyTorch does.
    const before = [Math.floor(height / 2), Math.floor(width / 2)] as const;
    return { stride, before, after: [height - before[0], width - before[1]], dilation, groups };
  }
  const sides = checked(name, "padding", padding, 0);
  return { stride, before: sides, after: sides, dilation, groups };
}

export function transposedAttributes(name: string, options: ConvTranspose2dOptions): TransposedAttributes {
  const attributes = convolutionAttributes(name, { shape: [] }, { ...options, padding: options.padding ?? 0 });
  const outputPadding = checked(name, "outputPadding", options.outputPadding ?? 0, 0);
  for (const axis of [0, 1] as const) {
    if (outputPadding[axis] >= Math.max(attributes.stride[axis], attributes.dilation[axis])) {
      throw new TensorError(
        "TENSOR_VALUE",
        `${name}: outputPadding ${outputPadding[axis]} must be below stride ${attributes.stride[axis]} or dilation ${attributes.dilation[axis]}`,
      );
    }
  }
  return { ...attributes, outputPadding };
}
