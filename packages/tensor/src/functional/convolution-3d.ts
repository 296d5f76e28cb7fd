/** Convolution along three axes: in front of a convolution of planes, what the kernel spans in depth becomes channels. */
import { TensorError } from "../errors.ts";
import { stack } from "../methods/movement.ts";
import { lengthAt, showShape } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { type Conv2dOptions, conv2d, convolutionAttributes } from "./convolution.ts";

/** One number for all axes, or one each for depth, height and width. */
export type Triple = number | readonly [number, number, number];

export interface Conv3dOptions {
  readonly stride?: Triple;
  /** Zeros on all sides; "same" keeps depth, height and width (stride 1), "valid" is 0. */
  readonly padding?: Triple | "same" | "valid";
  readonly dilation?: Triple;
  readonly groups?: number;
}

function tripleOf(name: string, option: string, value: Triple): readonly [number, number, number] {
  const all = typeof value === "number" ? ([value, value, value] as const) : value;
  if (all.length === 3) return all;
  throw new TensorError(
    "TENSOR_VALUE",
    `${name}: ${option} is ${[value].flat().join(", ")}; one number or three are needed`,
  );
}

/** The options of depth alone, and those of height and width, checked before a module makes its weights. */
export function splitOptions(
  name: string,
  { stride = 1, padding = 0, dilation = 1, groups = 1 }: Conv3dOptions,
): { readonly depth: Conv2dOptions; readonly plane: Conv2dOptions } {
  const [deepStride, ...planeStride] = tripleOf(name, "stride", stride);
  const [deepDilation, ...planeDilation] = tripleOf(name, "dilation", dilation);
  const depth = { stride: [deepStride, 1], dilation: [deepDilation, 1], groups } as const;
  const plane = { stride: planeStride, dilation: planeDilation, groups } as const;
  if (typeof padding === "string") return { depth: { ...depth, padding }, plane: { ...plane, padding } };
  const [deepPadding, ...planePadding] = tripleOf(name, "padding", padding);
  return { depth: { ...depth, padding: [deepPadding, 0] }, plane: { ...plane, padding: planePadding } };
}

/**
 * Cross-correlation: input [batch, channels, depth, height, width], weight [out, channels / groups, kd, kh, kw], bias [out].
 */
export function conv3d(input: Tensor, weight: Tensor, bias?: Tensor, options: Conv3dOptions = {}): Tensor {
  if (input.ndim === 4) return conv3d(input.unsqueeze(0), weight, bias, options).squeeze(0);
  if (input.ndim !== 5) {
    throw new TensorError(
      "TENSOR_SHAPE",
      `conv3d: input ${showShape(input.shape)} must have 5 axes, or 4 without the batch`,
    );
  }
  const { groups = 1 } = options;
  const { depth, plane } = splitOptions("conv3d", options);
  const [out = 0, channels = 0, kernel = 0, height = 0, width = 0] = weight.shape;
  if (weight.ndim !== 5 || input.size(1) !== channels * groups) {
    throw new TensorError(
      "TENSOR_SHAPE",
      `conv3d: input ${showShape(input.shape)} and weight ${showShape(weight.shape)} with ${groups} groups do not fit: the weight needs 5 axes, and the input ${channels * groups} channels`,
    );
  }
  const { stride, dilation, before, after } = convolutionAttributes(
    "conv3d",
    { shape: [out, channels, kernel, 1] },
    depth,
  );
  // [batch, depth, channels, height, width], so that planes stand one after the other.
  const planes = input.float().permute([0, 2, 1, 3, 4]).pad(1, before[0], after[0]);
  const span = dilation[0] * (kernel - 1) + 1;
  const positions = Math.floor((planes.size(1) - span) / stride[0]) + 1;
  if (positions < 1) {
    throw new TensorError(
      "TENSOR_SHAPE",
      `conv3d: weight ${showShape(weight.shape)} spans ${span} positions of depth; the padded input ${showShape(input.shape)} has ${planes.size(1)}`,
    );
  }
  const [batch, rows, columns] = [input.size(0), input.size(3), input.size(4)];
  const seen = Array.from({ length: kernel }, (_, place) => {
    const from = place * dilation[0];
    const chosen = planes.slice(1, from, from + (positions - 1) * stride[0] + 1, stride[0]);
    return chosen.reshape([batch * positions, groups, channels, rows, columns]);
  });
  const flat = stack(seen, 2).reshape([batch * positions, groups * kernel * channels, rows, columns]);
  const flatWeight = weight.permute([0, 2, 1, 3, 4]).reshape([out, kernel * channels, height, width]);
  const result = conv2d(flat, flatWeight, bias, plane);
  const sizes = [lengthAt(result.shape, 2), lengthAt(result.shape, 3)];
  return result.reshape([batch, positions, out, ...sizes]).permute([0, 2, 1, 3, 4]);
}
