/** Loops over windows of images: which input positions lie under a kernel. */
import { elementAt } from "../element-at.ts";
import { lengthAt } from "../shape.ts";
import { constantIndex, divided, type Index, plus, shifted, times } from "./indices.ts";
import { type Expression, nest, number, type Operand, type Stages, when, within } from "./loops.ts";

type Sizes = readonly [number, number];

export interface Kernel {
  readonly stride: Sizes;
  readonly dilation: Sizes;
  readonly before: Sizes;
}

/** The input's row or column under a place of the kernel, for an output's. */
export function under(output: Index, offset: Index, { stride, dilation, before }: Kernel, axis: 0 | 1): Index {
  return shifted(plus(times(output, stride[axis]), times(offset, dilation[axis])), -before[axis]);
}

/** The element of an image at a row and a column, or what stands for it outside. */
export function inImage(
  x: Operand,
  [image, channel]: readonly [Index, Index],
  [row, column]: readonly [Index, Index],
  outside: Expression,
): Expression {
  const [height, width] = [lengthAt(x.shape, 2), lengthAt(x.shape, 3)];
  const inRow = when(within(column, 0, width), x.at([image, channel, row, column]), outside);
  return when(within(row, 0, height), inRow, outside);
}

/** An image with all that a kernel sees around it, and how much that is before: the kernel never meets an end there. */
export function surrounded(
  x: Operand,
  { stride, dilation, before }: Kernel,
  [kernel, output]: readonly [Sizes, Sizes],
  stages: Stages,
): Operand {
  const seen = ([0, 1] as const).map(
    (axis) => (output[axis] - 1) * stride[axis] + (kernel[axis] - 1) * dilation[axis] + 1,
  );
  const [height = 0, width = 0] = seen;
  const isInside =
    before.every((amount) => amount === 0) && height <= lengthAt(x.shape, 2) && width <= lengthAt(x.shape, 3);
  if (isInside) return x;
  return stages.add(
    nest({ shape: [...x.shape.slice(0, 2), height, width], dtype: x.dtype }, (outer) => {
      const [image, channel, row, column] = imagePosition(outer);
      const place = [shifted(row, -before[0]), shifted(column, -before[1])] as const;
      return inImage(x, [image, channel], place, number("f32", 0));
    }),
  );
}

/** The same where the kernel's strides lie between the image's elements, as in a transposed convolution. */
export function betweenStrides(
  x: Operand,
  places: readonly [Index, Index],
  positions: readonly [Index, Index],
  stride: Sizes,
  outside: Expression,
): Expression {
  const steps = ([0, 1] as const).map((axis) => divided(positions[axis], stride[axis]));
  const [row, column] = [elementAt(steps, 0), elementAt(steps, 1)];
  return ([1, 0] as const).reduce(
    (inner: Expression, axis) => {
      const end = (lengthAt(x.shape, axis + 2) - 1) * stride[axis] + 1;
      const isOn = when(within(elementAt(steps, axis)[1], 0, 1), inner, outside);
      return when(within(positions[axis], 0, end), isOn, outside);
    },
    x.at([...places, row[0], column[0]]),
  );
}

/** The four indices of a position in images. */
export function imagePosition(position: readonly Index[]): readonly [Index, Index, Index, Index] {
  const [image = zero, channel = zero, row = zero, column = zero] = position;
  return [image, channel, row, column];
}

const zero = constantIndex(0);
