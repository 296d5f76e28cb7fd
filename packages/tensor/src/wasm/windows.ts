/** Loops over windows of images: which input positions lie under a kernel. */
import { elementAt } from "../element-at.ts";
import { lengthAt } from "../shape.ts";
import { constantIndex, divided, type Index, plus, shifted, times } from "./indices.ts";
import { type Expression, type Operand, when, within } from "./loops.ts";

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
