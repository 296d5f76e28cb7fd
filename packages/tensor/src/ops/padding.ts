/** Padding that is not zeros along one axis, which `shaping.pad` is. */

import { allocate, fromNumbers } from "../dtype.ts";
import { TensorError } from "../errors.ts";
import { lengthAt, type Shape, showShape, sizeOf } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { constantIndex, type Index, shifted, times } from "../wasm/indices.ts";
import { type Expression, nest, when, within } from "../wasm/loops.ts";
import { defineOp, type Input, type TensorType } from "./op.ts";
import { padded } from "./shaping.ts";

/** Amounts for each axis, 0 or more. */
type Amounts = { readonly before: readonly number[]; readonly after: readonly number[] };

function paddedShape({ shape }: TensorType, { before, after }: Amounts): Shape {
  return shape.map((length, axis) => length + lengthAt(before, axis) + lengthAt(after, axis));
}

const pads = ({ before, after }: Amounts) => BigInt64Array.from([...before, ...after], BigInt);

/** One number around the input. */
export const constantPad = defineOp<Amounts & { readonly value: number }, [x: Input]>({
  name: "constantPad",
  infer: ([x], amounts) => ({ shape: paddedShape(x, amounts), dtype: x.dtype }),
  gradient({ inputs: [x], gradient, attributes: { before } }) {
    return [
      x.shape.reduce((rest: Tensor, length, axis) => inner(rest, axis, lengthAt(before, axis), length), gradient),
    ];
  },
  emit(emitter, [{ name, dtype, shape }], { value, ...amounts }) {
    const filling = emitter.constant(fromNumbers(dtype, [value]), [], dtype);
    const padded = paddedShape({ shape, dtype }, amounts);
    if (shape.includes(0)) return emitter.node("Expand", [filling, emitter.shape(padded)]);
    return emitter.node("Pad", [name, emitter.constant(pads(amounts), [2 * shape.length]), filling]);
  },
  loops: ([x], { before, value }, output) => nest(output, (outer) => padded(x, outer, before, value)),
});

function inner(tensor: Tensor, axis: number, start: number, length: number): Tensor {
  return tensor.slice(axis, start, start + length);
}

/** What lies at the border, repeated ("edge") or mirrored at it ("reflect"). */
export const borderPad = defineOp<Amounts & { readonly mode: "edge" | "reflect" }, [x: Input]>({
  name: "borderPad",
  infer([{ shape, dtype }], amounts) {
    const { mode, before, after } = amounts;
    for (const [axis, length] of shape.entries()) {
      const most = Math.max(lengthAt(before, axis), lengthAt(after, axis));
      if (mode === "reflect" && most > 0 && most >= length) {
        throw new TensorError(
          "TENSOR_SHAPE",
          `reflection: padding ${lengthAt(before, axis)} and ${lengthAt(after, axis)} must be smaller than the size ${length} of axis ${axis} of ${showShape(shape)}`,
        );
      }
    }
    return { shape: paddedShape({ shape, dtype }, amounts), dtype };
  },
  gradient({ inputs: [x], gradient, attributes: { mode, before, after } }) {
    return [
      x.shape.reduce(
        (rest: Tensor, length, axis) =>
          foldBorder(rest, { axis, length, mode, before: lengthAt(before, axis), after: lengthAt(after, axis) }),
        gradient,
      ),
    ];
  },
  emit(emitter, [{ name, shape, dtype }], { mode, ...amounts }, output) {
    if (sizeOf(output.shape) === 0) return emitter.constant(allocate(dtype, 0), output.shape, dtype);
    return emitter.node("Pad", [name, emitter.constant(pads(amounts), [2 * shape.length])], { mode });
  },
  loops: ([x], { mode, before }, output) =>
    nest(output, (outer) => {
      const inside = outer.map((index, axis) => shifted(index, -lengthAt(before, axis)));
      /** Axis by axis: within the input, before it, behind it. */
      const found = (axis: number, at: readonly Index[]): Expression => {
        const index = inside[axis];
        if (index === undefined) return x.at(at);
        const length = lengthAt(x.shape, axis);
        const isEdge = mode === "edge";
        const first = isEdge ? constantIndex(0) : times(index, -1);
        const last = isEdge ? constantIndex(length - 1) : shifted(times(index, -1), 2 * (length - 1));
        const beyond = when(
          within(index, length, 2 ** 31 - 1),
          found(axis + 1, [...at, last]),
          found(axis + 1, [...at, first]),
        );
        return when(within(index, 0, length), found(axis + 1, [...at, index]), beyond);
      };
      return found(0, []);
    }),
});

interface Border {
  readonly axis: number;
  /** Size before the padding. */
  readonly length: number;
  readonly mode: "edge" | "reflect";
  readonly before: number;
  readonly after: number;
}

/** Adds what reached the borders' copies to what they were copied from. */
function foldBorder(gradient: Tensor, { axis, length, mode, before, after }: Border): Tensor {
  if (before === 0 && after === 0) return gradient;
  const middle = gradient.slice(axis, before, before + length);
  const first = gradient.slice(axis, 0, before);
  const last = gradient.slice(axis, before + length);
  // An edge was copied to every place of its border; a mirrored border is that many elements inside, turned around.
  const edge = mode === "edge";
  const head = edge ? first.sum(axis, true) : turned(first, axis).pad(axis, 1, 0);
  const tail = edge ? last.sum(axis, true) : turned(last, axis).pad(axis, 0, 1);
  const [headLength, tailLength] = [head.size(axis), tail.size(axis)];
  if (headLength + tailLength > length) {
    return middle.add(head.pad(axis, 0, length - headLength)).add(tail.pad(axis, length - tailLength, 0));
  }
  const inside = middle.slice(axis, headLength, length - tailLength);
  return middle
    .slice(axis, 0, headLength)
    .add(head)
    .concat([inside, middle.slice(axis, length - tailLength).add(tail)], axis);
}

function turned(tensor: Tensor, axis: number): Tensor {
  const length = tensor.size(axis);
  if (length < 2) return tensor;
  const positions = Array.from({ length }, (_, index) => length - 1 - index);
  return tensor.indexSelect(axis, tensor.newTensor(positions, [length], "int64"));
}
