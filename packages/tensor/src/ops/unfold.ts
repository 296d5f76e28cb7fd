/**
 * Convolutions as ONE product of matrices over the whole batch. With the batch innermost, [channels, positions, batch],
 * what lies under a kernel's positions is gathered in runs as long as the batch: a fraction of the time of moving
 * single elements. Worth it for batches of some samples and images that are not large.
 */
import { lengthAt, type Shape } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { constantIndex, type Index, unfolded as parts } from "../wasm/indices.ts";
import { nest, number } from "../wasm/loops.ts";
import { inImage, under } from "../wasm/windows.ts";
import { indexAdd } from "./indexing.ts";
import { defineOp, type Emitter, type Input, type Value } from "./op.ts";

type Sizes = readonly [number, number];

/** Output (y, x) sees, for the kernel's (row, column), input y stride + row dilation - before, and so for x. */
export type UnfoldAttributes = {
  readonly kernel: Sizes;
  readonly stride: Sizes;
  /** Negative: the kernel is turned round. */
  readonly dilation: Sizes;
  readonly before: Sizes;
  /** Height and width of what the kernel is moved over. */
  readonly output: Sizes;
};

/** Batches below this have runs so short that other ways are faster. */
const minBatch = 8;
/** Images of fewer positions are multiplied faster in one product for the whole batch than one by one; measured. */
const maxOneProduct = 63;

/** Whether what is under a kernel is gathered fast: images [batch, channels, height, width], given by their shapes. */
export function suitsBatchLast(input: Shape, output: Shape, maxPositions: number): boolean {
  return [input, output].every((shape) => lengthAt(shape, 0) >= minBatch && positionsOf(shape) <= maxPositions);
}

/** Whether a convolution itself is fastest as one product. */
export function suitsOneProduct(input: Shape, output: Shape): boolean {
  return suitsBatchLast(input, output, maxOneProduct);
}

/** Height and width. */
export function imageSize(shape: Shape): Sizes {
  return [lengthAt(shape, 2), lengthAt(shape, 3)];
}

function positionsOf(shape: Shape): number {
  return lengthAt(shape, 2) * lengthAt(shape, 3);
}

/** What a convolution's kernel of this weight's shape sees. */
export function underKernel(
  weight: Shape,
  { stride, dilation, before }: Pick<UnfoldAttributes, "stride" | "dilation" | "before">,
  output: Sizes,
): UnfoldAttributes {
  return { kernel: imageSize(weight), stride, dilation, before, output };
}

/** Nothing but the batch brought to the end. */
export function single(output: Sizes): UnfoldAttributes {
  return { kernel: [1, 1], stride: [1, 1], dilation: [1, 1], before: [0, 0], output };
}

/** For each kernel position and output position the input position, -1 where it is outside of height and width. */
function positionsUnder({ kernel, stride, dilation, before, output }: UnfoldAttributes, size: Sizes): number[] {
  const along = (axis: 0 | 1, at: number, offset: number) => {
    const position = at * stride[axis] + offset * dilation[axis] - before[axis];
    return position >= 0 && position < size[axis] ? position : -1;
  };
  const positions: number[] = [];
  for (let row = 0; row < kernel[0]; row++) {
    for (let column = 0; column < kernel[1]; column++) {
      for (let y = 0; y < output[0]; y++) {
        const inY = along(0, y, row);
        for (let x = 0; x < output[1]; x++) {
          const inX = along(1, x, column);
          positions.push(inY < 0 || inX < 0 ? -1 : inY * size[1] + inX);
        }
      }
    }
  }
  return positions;
}

/** [batch, channels, height, width] to [channels * kernel positions, output positions * batch]. */
export const unfold = defineOp<UnfoldAttributes, [x: Input]>({
  name: "unfold",
  infer([{ shape }], { kernel, output }) {
    const rows = lengthAt(shape, 1) * kernel[0] * kernel[1];
    return { shape: [rows, output[0] * output[1] * lengthAt(shape, 0)], dtype: "float32" };
  },
  gradient({ inputs: [input], gradient, attributes }) {
    const [batch, channels] = [input.size(0), input.size(1)];
    const size = imageSize(input.shape);
    const outside = size[0] * size[1];
    const positions = positionsUnder(attributes, size).map((position) => (position < 0 ? outside : position));
    const index = input.newTensor(positions, [positions.length], "int64");
    const sums = input
      .newFull([channels, outside + 1, batch], 0)
      .apply(indexAdd, [index, gradient.reshape([channels, positions.length, batch])], { axis: 1 })
      .slice(1, 0, outside);
    return [batchFirst(sums, batch, size)];
  },
  emit: (emitter, [x], attributes) => emitUnfold(emitter, x, attributes),
  loops: ([x], attributes, output) =>
    nest(output, ([from = origin, to = origin]) => {
      const { kernel, output: size } = attributes;
      const [channel = origin, down = origin, right = origin] = parts(from, [lengthAt(x.shape, 1), ...kernel]);
      const [row = origin, column = origin, image = origin] = parts(to, [...size, lengthAt(x.shape, 0)]);
      const place: readonly [Index, Index] = [under(row, down, attributes, 0), under(column, right, attributes, 1)];
      return inImage(x, [image, channel], place, number("f32", 0));
    }),
});

const origin = constantIndex(0);

export function unfolded(input: Tensor, attributes: UnfoldAttributes): Tensor {
  return input.apply(unfold, [], attributes);
}

/** The nodes are shared by all that unfold the same input alike. */
export function emitUnfold(emitter: Emitter, { name, shape }: Value, attributes: UnfoldAttributes): string {
  const [batch, channels] = [lengthAt(shape, 0), lengthAt(shape, 1)];
  const size = imageSize(shape);
  const outside = size[0] * size[1];
  const key = `${name} batch last`;
  const once = (opType: string, step: string, inputs: () => readonly string[], options = {}) =>
    emitter.nodeOnce(`${key} ${step}`, opType, inputs, options);
  const rows = once("Reshape", "rows", () => [name, emitter.shape([batch, channels * outside])]);
  const turned = once("Transpose", "turned", () => [rows], { perm: [1, 0] });
  const images = once("Reshape", "images", () => [turned, emitter.shape([channels, outside, batch])]);
  const positions = positionsUnder(attributes, size);
  const under = JSON.stringify(attributes);
  const found = () => {
    if (positions.length === outside && positions.every((position, index) => position === index)) return images;
    // What lies outside is found behind the last position.
    const padded = positions.includes(-1)
      ? once("Pad", "padded", () => [images, emitter.constant(BigInt64Array.of(0n, 0n, 0n, 0n, 1n, 0n), [6])])
      : images;
    const index = () =>
      emitter.constant(
        BigInt64Array.from(positions, (position) => BigInt(position < 0 ? outside : position)),
        [positions.length],
      );
    return once("Gather", under, () => [padded, index()], { axis: 1 });
  };
  const { kernel, output } = attributes;
  const matrix = [channels * kernel[0] * kernel[1], output[0] * output[1] * batch];
  return once("Reshape", `matrix ${under}`, () => [found(), emitter.shape(matrix)]);
}

/** [channels, positions * batch], as a product with something unfolded gives it, to [batch, channels, height, width]. */
export function batchFirst(matrix: Tensor, batch: number, [height, width]: Sizes): Tensor {
  const channels = matrix.numel / (batch * height * width);
  return matrix
    .reshape([channels * height * width, batch])
    .permute([1, 0])
    .reshape([batch, channels, height, width]);
}

/** The same among ONNX nodes. */
export function emitBatchFirst(emitter: Emitter, matrix: string, shape: Shape): string {
  const rows = emitter.node("Reshape", [
    matrix,
    emitter.shape([lengthAt(shape, 1) * positionsOf(shape), lengthAt(shape, 0)]),
  ]);
  return emitter.node("Reshape", [emitter.node("Transpose", [rows], { perm: [1, 0] }), emitter.shape(shape)]);
}
