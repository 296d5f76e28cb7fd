/**
 * Convolution over two spatial axes: input [batch, channels, height, width], weight [out, in / groups, kh, kw]. One axis
 * is two axes of which the first has size 1. ONNX Runtime has no gradients: they are built here from what its kernels
 * are fast at.
 */
import { TensorError } from "../errors.ts";
import { lengthAt, type Shape, showShape } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { defineOp, inputAt, type Op } from "./op.ts";

export type ConvolutionAttributes = {
  readonly stride: readonly [number, number];
  /** Zeros before and after, of height and width. */
  readonly before: readonly [number, number];
  readonly after: readonly [number, number];
  readonly dilation: readonly [number, number];
  readonly groups: number;
};

const spatial = [0, 1] as const;

function checkRank(name: string, input: Shape, weight: Shape): void {
  if (input.length !== 4 || weight.length !== 4) {
    throw new TensorError(
      "TENSOR_SHAPE",
      `${name}: input ${showShape(input)} must be [batch, channels, height, width], weight ${showShape(weight)} must have four axes too`,
    );
  }
}

function checkBias(name: string, bias: Shape | undefined, channels: number): void {
  if (bias !== undefined && (bias.length !== 1 || bias[0] !== channels)) {
    throw new TensorError(
      "TENSOR_SHAPE",
      `${name}: bias ${showShape(bias)} must be [${channels}], one for each output channel`,
    );
  }
}

function onnxAttributes({ stride, before, after, dilation, groups }: ConvolutionAttributes) {
  return { strides: stride, pads: [...before, ...after], dilations: dilation, group: groups };
}

/** Cross-correlation, as PyTorch's conv2d; inputs: input, weight, perhaps bias. */
export const convolution: Op<ConvolutionAttributes> = defineOp<ConvolutionAttributes>({
  name: "convolution",
  infer(inputs, { stride, before, after, dilation, groups }) {
    const { shape } = inputAt(inputs, 0);
    const weight = inputAt(inputs, 1).shape;
    checkRank("conv", shape, weight);
    const [outChannels, inChannels] = [lengthAt(weight, 0), lengthAt(weight, 1)];
    if (lengthAt(shape, 1) !== inChannels * groups || outChannels % groups !== 0) {
      throw new TensorError(
        "TENSOR_SHAPE",
        `conv: input ${showShape(shape)} and weight ${showShape(weight)} with ${groups} groups do not fit: the input needs ${inChannels * groups} channels, and ${groups} must divide the ${outChannels} output channels`,
      );
    }
    checkBias("conv", inputs[2]?.shape, outChannels);
    const sizes = spatial.map((axis) => {
      const padded = lengthAt(shape, axis + 2) + before[axis] + after[axis];
      const reach = dilation[axis] * (lengthAt(weight, axis + 2) - 1) + 1;
      if (reach > padded || lengthAt(weight, axis + 2) === 0) {
        throw new TensorError(
          "TENSOR_SHAPE",
          `conv: the kernel of ${showShape(weight)} reaches over ${reach} positions of axis ${axis + 2}, but the padded input ${showShape(shape)} has ${padded}`,
        );
      }
      return Math.floor((padded - reach) / stride[axis]) + 1;
    });
    return { shape: [lengthAt(shape, 0), outChannels, ...sizes], dtype: "float32" };
  },
  gradient({ inputs, gradient, attributes, needs }) {
    const input = inputAt(inputs, 0);
    const weight = inputAt(inputs, 1);
    return [
      needs(0) ? inputGradient(input.shape, weight, gradient, attributes) : undefined,
      needs(1) ? weightGradient(input, gradient, weight.shape, attributes) : undefined,
      ...(inputs.length < 3 ? [] : [needs(2) ? gradient.sum([0, 2, 3]) : undefined]),
    ];
  },
  emit: (emitter, inputs, attributes) =>
    emitter.node(
      "Conv",
      inputs.map(({ name }) => name),
      { ...onnxAttributes(attributes), kernel_shape: inputAt(inputs, 1).shape.slice(2) },
    ),
});

export type TransposedAttributes = ConvolutionAttributes & { readonly outputPadding: readonly [number, number] };

/** PyTorch's conv_transpose2d; inputs: input, weight [in, out / groups, kh, kw], perhaps bias. */
export const transposedConvolution: Op<TransposedAttributes> = defineOp<TransposedAttributes>({
  name: "transposedConvolution",
  infer(inputs, { stride, before, after, dilation, groups, outputPadding }) {
    const { shape } = inputAt(inputs, 0);
    const weight = inputAt(inputs, 1).shape;
    checkRank("convTranspose", shape, weight);
    if (lengthAt(shape, 1) !== lengthAt(weight, 0) || lengthAt(weight, 0) % groups !== 0) {
      throw new TensorError(
        "TENSOR_SHAPE",
        `convTranspose: input ${showShape(shape)} and weight ${showShape(weight)} with ${groups} groups do not fit: the input needs ${lengthAt(weight, 0)} channels, a multiple of ${groups}`,
      );
    }
    const outChannels = lengthAt(weight, 1) * groups;
    checkBias("convTranspose", inputs[2]?.shape, outChannels);
    const sizes = spatial.map((axis) => {
      const reach = dilation[axis] * (lengthAt(weight, axis + 2) - 1) + 1;
      const size =
        (lengthAt(shape, axis + 2) - 1) * stride[axis] - before[axis] - after[axis] + reach + outputPadding[axis];
      if (size < 1)
        throw new TensorError(
          "TENSOR_SHAPE",
          `convTranspose: input ${showShape(shape)} and weight ${showShape(weight)} give size ${size} along axis ${axis + 2}`,
        );
      return size;
    });
    return { shape: [lengthAt(shape, 0), outChannels, ...sizes], dtype: "float32" };
  },
  gradient({ inputs, gradient, attributes, needs }) {
    const input = inputAt(inputs, 0);
    const weight = inputAt(inputs, 1);
    // What the transposed convolution spread, a convolution with the same weight collects.
    return [
      needs(0) ? gradient.convolution(weight, undefined, attributes) : undefined,
      needs(1) ? weightGradient(gradient, input, weight.shape, attributes) : undefined,
      ...(inputs.length < 3 ? [] : [needs(2) ? gradient.sum([0, 2, 3]) : undefined]),
    ];
  },
  emit: (emitter, inputs, attributes) =>
    emitter.node(
      "ConvTranspose",
      inputs.map(({ name }) => name),
      {
        ...onnxAttributes(attributes),
        kernel_shape: inputAt(inputs, 1).shape.slice(2),
        output_padding: attributes.outputPadding,
      },
    ),
});

function inputGradient(input: Shape, weight: Tensor, gradient: Tensor, attributes: ConvolutionAttributes): Tensor {
  const { stride, before, after, dilation, groups } = attributes;
  const reach = spatial.map((axis) => dilation[axis] * (lengthAt(weight.shape, axis + 2) - 1));
  const fullBefore = pair((axis) => inputAt(reach, axis) - before[axis]);
  const fullAfter = pair((axis) => inputAt(reach, axis) - after[axis]);
  const isPlain =
    groups === 1 && stride.every((step) => step === 1) && [...fullBefore, ...fullAfter].every((amount) => amount >= 0);
  if (isPlain) {
    // A convolution of the gradient with the kernel turned round: ONNX Runtime does it faster than the transposed one.
    const turned = weight.permute([1, 0, 2, 3]).flip([2, 3]);
    return gradient.convolution(turned, undefined, { stride, before: fullBefore, after: fullAfter, dilation, groups });
  }
  // Rows and columns at the end that no stride reached get no gradient, but must be there.
  const outputPadding = pair(
    (axis) =>
      lengthAt(input, axis + 2) +
      before[axis] +
      after[axis] -
      inputAt(reach, axis) -
      1 -
      (lengthAt(gradient.shape, axis + 2) - 1) * stride[axis],
  );
  return gradient.transposedConvolution(weight, undefined, { ...attributes, outputPadding });
}

function pair(value: (axis: 0 | 1) => number): readonly [number, number] {
  return [value(0), value(1)];
}

/** Sum over batch and positions of gradient times input, for each kernel position. */
function weightGradient(input: Tensor, gradient: Tensor, weight: Shape, attributes: ConvolutionAttributes): Tensor {
  const { stride, before, after, groups } = attributes;
  const isPlain = groups === 1 && stride.every((step) => step === 1);
  const parts = batchParts(input, gradient);
  const sums = parts.map((_, index) => {
    const padded = input.part(0, parts, index).padAll([0, 0, ...before], [0, 0, ...after]);
    const part = gradient.part(0, parts, index);
    return isPlain
      ? shiftedProduct(padded, part, weight, attributes)
      : unfoldedProduct(padded, part, weight, attributes);
  });
  return sums.reduce((sum, part) => sum.add(part));
}

/** A weight gradient copies its input several times; this many elements of it at once stay within a processor's cache. */
const maxPartElements = 2 ** 19;

/** Sizes into which the batch is cut, so that the copies are small. */
function batchParts(input: Tensor, gradient: Tensor): readonly number[] {
  const batch = input.size(0);
  const parts = Math.min(batch, Math.max(1, Math.ceil(Math.max(input.numel, gradient.numel) / maxPartElements)));
  const size = Math.ceil(batch / parts);
  return Array.from({ length: Math.ceil(batch / size) }, (_, index) => Math.min(size, batch - index * size));
}

/**
 * Stride 1: with channels outermost and rows laid end to end, a kernel position is a shift of the flat input against the
 * flat gradient. Copies of one, shifted by whole kernel rows, and of the other, shifted along a row, meet in ONE product
 * of matrices that holds all positions and sums over the batch: for a 3 x 3 kernel six copies instead of nine, and a
 * product large enough to run at full speed. Where a shift reaches into the next sample, the gradient is padding.
 */
function shiftedProduct(padded: Tensor, gradient: Tensor, weight: Shape, { dilation }: ConvolutionAttributes): Tensor {
  const [batch, inChannels, height, width] = [padded.size(0), padded.size(1), padded.size(2), padded.size(3)];
  const [outChannels, kernelHeight, kernelWidth] = [lengthAt(weight, 0), lengthAt(weight, 2), lengthAt(weight, 3)];
  const length = batch * height * width;
  const flatInput = padded.permute([1, 0, 2, 3]).reshape([inChannels, length]);
  const flatGradient = gradient
    .permute([1, 0, 2, 3])
    .padAll([0, 0, 0, 0], [0, 0, height - gradient.size(2), width - gradient.size(3)])
    .reshape([outChannels, length]);
  const rows = Array.from({ length: kernelHeight }, (_, index) => index * dilation[0] * width);
  const columns = Array.from({ length: kernelWidth }, (_, index) => index * dilation[1]);
  const all = rows.flatMap((row) => columns.map((column) => row + column));
  const shiftedInput = (shifts: readonly number[]) => joined(shifts.map((shift) => flatInput.pad(1, -shift, shift)));
  const shiftedGradient = (shifts: readonly number[]) =>
    joined(shifts.map((shift) => flatGradient.pad(1, shift, -shift)));
  const product = (a: Tensor, b: Tensor) => a.product(b, false, true);
  // Shift whichever way copies least.
  const split = rows.length * outChannels + columns.length * inChannels;
  const smallest = Math.min(split, all.length * outChannels, all.length * inChannels);
  if (smallest === split) {
    return product(shiftedGradient(rows), shiftedInput(columns))
      .reshape([kernelHeight, outChannels, kernelWidth, inChannels])
      .permute([1, 3, 0, 2]);
  }
  if (smallest === all.length * outChannels) {
    return product(shiftedGradient(all), flatInput)
      .reshape([kernelHeight, kernelWidth, outChannels, inChannels])
      .permute([2, 3, 0, 1]);
  }
  return product(flatGradient, shiftedInput(all))
    .reshape([outChannels, kernelHeight, kernelWidth, inChannels])
    .permute([0, 3, 1, 2]);
}

/** One below the other. */
function joined([first, ...others]: readonly Tensor[]): Tensor {
  if (first === undefined) throw new RangeError("a kernel has at least one position");
  return first.concat(others, 0);
}

/** Any stride and groups: the input's values under each kernel position, side by side, times the gradient. */
function unfoldedProduct(
  padded: Tensor,
  gradient: Tensor,
  weight: Shape,
  { stride, dilation, groups }: ConvolutionAttributes,
): Tensor {
  const [batch, outChannels, outHeight, outWidth] = [
    gradient.size(0),
    gradient.size(1),
    gradient.size(2),
    gradient.size(3),
  ];
  const [inChannels, kernelHeight, kernelWidth] = [lengthAt(weight, 1), lengthAt(weight, 2), lengthAt(weight, 3)];
  const positions: Tensor[] = [];
  for (let row = 0; row < kernelHeight; row++) {
    for (let column = 0; column < kernelWidth; column++) {
      const [top, left] = [row * dilation[0], column * dilation[1]];
      const under = padded
        .slice(2, top, top + (outHeight - 1) * stride[0] + 1, stride[0])
        .slice(3, left, left + (outWidth - 1) * stride[1] + 1, stride[1]);
      positions.push(under.reshape([batch, groups, inChannels, outHeight * outWidth]));
    }
  }
  const [first, ...others] = positions;
  if (first === undefined) throw new RangeError("a kernel has at least one position");
  const unfolded = first.concat(others, 2);
  return gradient
    .reshape([batch, groups, outChannels / groups, outHeight * outWidth])
    .product(unfolded, false, true)
    .sum(0)
    .reshape([outChannels, kernelHeight, kernelWidth, inChannels])
    .permute([0, 3, 1, 2]);
}
