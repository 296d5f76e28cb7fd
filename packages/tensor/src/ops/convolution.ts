/**
 * Convolution over two spatial axes: input [batch, channels, height, width], weight [out, in / groups, kh, kw]. One axis
 * is two axes of which the first has size 1. ONNX Runtime has no gradients: they are built from what its kernels are
 * fast at, which depends on the batch and the size of the images.
 */
import { TensorError } from "../errors.ts";
import { lengthAt, type Shape, showShape, sizeOf } from "../shape.ts";
import { constantIndex, divided, plus, shifted, times } from "../wasm/indices.ts";
import { apply, type Expression, nest, number, type Operand, reduce } from "../wasm/loops.ts";
import { betweenStrides, imagePosition, surrounded, under } from "../wasm/windows.ts";
import { emitBlockedConvolution, suitsBlocks } from "./channel-blocks.ts";
import { depthwiseGradient } from "./depthwise-weight-gradient.ts";
import { inputGradient } from "./input-gradient.ts";
import { defineOp, type Emitter, type Input, namesOf, type TensorType, type Value } from "./op.ts";
import { pointwiseGradient } from "./pointwise-weight-gradient.ts";
import {
  batchFirst,
  emitBatchFirst,
  emitUnfold,
  imageSize,
  single,
  suitsBatchLast,
  suitsOneProduct,
  underKernel,
  unfolded,
} from "./unfold.ts";
import { weightGradient } from "./weight-gradient.ts";

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
export const convolution = defineOp<ConvolutionAttributes, [input: Input, weight: Input, bias?: Input]>({
  name: "convolution",
  infer([{ shape }, { shape: weight }, bias], { stride, before, after, dilation, groups }) {
    checkRank("conv", shape, weight);
    const [outChannels, inChannels] = [lengthAt(weight, 0), lengthAt(weight, 1)];
    if (lengthAt(shape, 1) !== inChannels * groups || outChannels % groups !== 0) {
      throw new TensorError(
        "TENSOR_SHAPE",
        `conv: input ${showShape(shape)} and weight ${showShape(weight)} with ${groups} groups do not fit: the input needs ${inChannels * groups} channels, and ${groups} must divide the ${outChannels} output channels`,
      );
    }
    checkBias("conv", bias?.shape, outChannels);
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
  gradient: ({ inputs: [input, weight], gradient, attributes, needs }) => [
    needs(0) ? inputGradient(input.shape, weight, gradient, attributes) : undefined,
    needs(1)
      ? (depthwiseGradient(input, gradient, weight.shape, attributes) ??
        pointwiseGradient(input, gradient, weight.shape, attributes) ??
        weightGradient(input, gradient, weight.shape, attributes))
      : undefined,
    needs(2) ? gradient.sum([0, 2, 3]) : undefined,
  ],
  cost: ([, weight], _attributes, { shape }) => sizeOf(shape) * sizeOf(weight.shape.slice(1)),
  emit(emitter, inputs, attributes, output) {
    const [input, weight, bias] = inputs;
    const { shape } = weight;
    if (attributes.groups === 1 && oneProduct(emitter, input, output)) {
      const under = emitUnfold(emitter, input, underKernel(shape, attributes, imageSize(output.shape)));
      const rows = lengthAt(shape, 0);
      const reshape = (value: string, to: Shape) => emitter.node("Reshape", [value, emitter.shape(to)]);
      const matrix = reshape(weight.name, [rows, sizeOf(shape) / rows]);
      const column = bias === undefined ? [] : [reshape(bias.name, [rows, 1])];
      return emitBatchFirst(emitter, emitter.node("Gemm", [matrix, under, ...column]), output.shape);
    }
    const whole = { ...onnxAttributes(attributes), kernel_shape: shape.slice(2) };
    if (suitsBlocks(emitter, shape, attributes.groups, output))
      return emitBlockedConvolution(emitter, inputs, whole, output);
    return emitter.node("Conv", namesOf(inputs), whole);
  },
  loops([x, weight, bias], attributes, output, { stages }) {
    const seen = surrounded(x, attributes, [imageSize(weight.shape), imageSize(output.shape)], stages);
    const inside = { ...attributes, before: [0, 0] } as const;
    return nest(output, (outer) => {
      const [image, channel, row, column] = imagePosition(outer);
      const [inChannels, ...kernel] = weight.shape.slice(1);
      const [group] = divided(channel, lengthAt(weight.shape, 0) / attributes.groups);
      const first = times(group, inChannels ?? 1);
      const sum = reduce(
        "add",
        [inChannels ?? 1, ...kernel],
        zero,
        ([each = origin, down = origin, right = origin]) => {
          const place = [under(row, down, inside, 0), under(column, right, inside, 1)] as const;
          return apply(
            "mul",
            "f32",
            seen.at([image, plus(first, each), ...place]),
            weight.at([channel, each, down, right]),
          );
        },
      );
      return withBias(sum, bias, channel);
    });
  },
});

const zero = number("f32", 0);
const origin = constantIndex(0);

function withBias(sum: Expression, bias: Operand | undefined, channel: typeof origin): Expression {
  return bias === undefined ? sum : apply("add", "f32", sum, bias.at([channel]));
}

/**
 * Whether to multiply once for the whole batch. Files, and programs whose weights are fixed, keep the convolution: they
 * are to be read by others, and ONNX Runtime lays fixed weights out for kernels that are faster still.
 */
function oneProduct(emitter: Emitter, input: TensorType, output: TensorType): boolean {
  return emitter.purpose === "program" && suitsOneProduct(input.shape, output.shape);
}

export type TransposedAttributes = ConvolutionAttributes & { readonly outputPadding: readonly [number, number] };

/** PyTorch's conv_transpose2d; inputs: input, weight [in, out / groups, kh, kw], perhaps bias. */
export const transposedConvolution = defineOp<TransposedAttributes, [input: Input, weight: Input, bias?: Input]>({
  name: "transposedConvolution",
  infer([{ shape }, { shape: weight }, bias], { stride, before, after, dilation, groups, outputPadding }) {
    checkRank("convTranspose", shape, weight);
    if (lengthAt(shape, 1) !== lengthAt(weight, 0) || lengthAt(weight, 0) % groups !== 0) {
      throw new TensorError(
        "TENSOR_SHAPE",
        `convTranspose: input ${showShape(shape)} and weight ${showShape(weight)} with ${groups} groups do not fit: the input needs ${lengthAt(weight, 0)} channels, a multiple of ${groups}`,
      );
    }
    const outChannels = lengthAt(weight, 1) * groups;
    checkBias("convTranspose", bias?.shape, outChannels);
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
  gradient({ inputs: [input, weight], gradient, attributes, needs }) {
    const forBias = needs(2) ? gradient.sum([0, 2, 3]) : undefined;
    // What the transposed convolution spread, a convolution with the same weight collects.
    if (attributes.groups === 1 && suitsBatchLast(input.shape, input.shape, maxCollected)) {
      const size = imageSize(input.shape);
      const under = unfolded(gradient, underKernel(weight.shape, attributes, size));
      const matrix = weight.reshape([weight.size(0), weight.numel / weight.size(0)]);
      return [
        needs(0) ? batchFirst(matrix.product(under, false, false), input.size(0), size) : undefined,
        needs(1) ? unfolded(input, single(size)).product(under, false, true).reshape(weight.shape) : undefined,
        forBias,
      ];
    }
    return [
      needs(0) ? gradient.convolution(weight, undefined, attributes) : undefined,
      needs(1) ? weightGradient(gradient, input, weight.shape, attributes) : undefined,
      forBias,
    ];
  },
  cost: ([input, weight]) => sizeOf(input.shape) * sizeOf(weight.shape.slice(1)),
  emit(emitter, inputs, attributes, output) {
    const [input, weight, bias] = inputs;
    if (isTiling(weight.shape, attributes) && oneProduct(emitter, input, input))
      return emitTiles(emitter, input, weight, bias, output);
    return emitter.node("ConvTranspose", namesOf(inputs), {
      ...onnxAttributes(attributes),
      kernel_shape: weight.shape.slice(2),
      output_padding: attributes.outputPadding,
    });
  },
  loops: ([x, weight, bias], attributes, output) =>
    nest(output, (outer) => {
      const [image, channel, row, column] = imagePosition(outer);
      const { stride, dilation, before, groups } = attributes;
      const [outChannels = 1, ...kernel] = weight.shape.slice(1);
      const inChannels = lengthAt(x.shape, 1) / groups;
      const [group, own] = divided(channel, outChannels);
      const sum = reduce("add", [inChannels, ...kernel], zero, ([each = origin, down = origin, right = origin]) => {
        const from = plus(times(group, inChannels), each);
        const along = (output: typeof row, offset: typeof row, axis: 0 | 1) =>
          shifted(plus(output, times(offset, -dilation[axis])), before[axis]);
        const place = [along(row, down, 0), along(column, right, 1)] as const;
        const element = betweenStrides(x, [image, from], place, stride, zero);
        return apply("mul", "f32", element, weight.at([from, own, down, right]));
      });
      return withBias(sum, bias, channel);
    }),
});

/** Gradients of larger images are not collected in one product; measured. */
const maxCollected = 1024;

/** Whether the kernels tile the output without overlap, as in a U-Net's way up. */
function isTiling(
  weight: Shape,
  { stride, before, after, dilation, groups, outputPadding }: TransposedAttributes,
): boolean {
  return (
    groups === 1 &&
    spatial.every((axis) => stride[axis] === weight[axis + 2]) &&
    [...before, ...after, ...outputPadding].every((amount) => amount === 0) &&
    dilation.every((step) => step === 1)
  );
}

/** Tiles as one product for the whole batch, then put in their places. */
function emitTiles(
  emitter: Emitter,
  input: Value,
  weight: Value,
  bias: Value | undefined,
  { shape }: TensorType,
): string {
  const [inChannels, outChannels] = [lengthAt(weight.shape, 0), lengthAt(weight.shape, 1)];
  const [batch, height, width] = [lengthAt(input.shape, 0), lengthAt(input.shape, 2), lengthAt(input.shape, 3)];
  const [rows, columns] = imageSize(weight.shape);
  const reshape = (value: string, to: Shape) => emitter.node("Reshape", [value, emitter.shape(to)]);
  const matrix = reshape(weight.name, [inChannels, outChannels * rows * columns]);
  const images = emitUnfold(emitter, input, single([height, width]));
  const tiles = emitter.node("Gemm", [matrix, images], { transA: 1 });
  const apart = reshape(tiles, [outChannels, rows, columns, height, width, batch]);
  const placed = emitter.node("Transpose", [apart], { perm: [0, 3, 1, 4, 2, 5] });
  const whole = emitBatchFirst(emitter, placed, shape);
  return bias === undefined ? whole : emitter.node("Add", [whole, reshape(bias.name, [outChannels, 1, 1])]);
}
