/** Operations that move elements without computing: reshape, permute, expand, slice, pad, concat, part. */
import { allocate, fromNumbers } from "../dtype.ts";
import { TensorError } from "../errors.ts";
import { broadcastShapes, lengthAt, type Shape, sameShape, showShape, sizeOf } from "../shape.ts";
import { defineOp, inputAt, type Op } from "./op.ts";
import { emitPermutation } from "./transposition.ts";

const int64 = (values: readonly number[]) => BigInt64Array.from(values, BigInt);

export const reshape: Op<{ shape: Shape }> = defineOp<{ shape: Shape }>({
  name: "reshape",
  infer(inputs, { shape }) {
    const input = inputAt(inputs, 0);
    if (sizeOf(input.shape) !== sizeOf(shape)) {
      throw new TensorError("TENSOR_SHAPE", `reshape: ${showShape(input.shape)} does not fit ${showShape(shape)}`);
    }
    return { shape, dtype: input.dtype };
  },
  gradient: ({ inputs, gradient }) => [gradient.reshape(inputAt(inputs, 0).shape)],
  emit: (emitter, inputs, { shape }) =>
    // ONNX reads a 0 as "keep this size" unless told otherwise, which empty tensors need.
    emitter.node("Reshape", [inputAt(inputs, 0).name, emitter.shape(shape)], shape.includes(0) ? { allowzero: 1 } : {}),
});

export const permute: Op<{ order: readonly number[] }> = defineOp<{ order: readonly number[] }>({
  name: "permute",
  infer(inputs, { order }) {
    const { shape, dtype } = inputAt(inputs, 0);
    if (order.length !== shape.length || shape.some((_, axis) => !order.includes(axis))) {
      throw new TensorError(
        "TENSOR_SHAPE",
        `permute: order ${showShape(order)} must name each axis of ${showShape(shape)} once`,
      );
    }
    return { shape: order.map((axis) => lengthAt(shape, axis)), dtype };
  },
  gradient: ({ gradient, attributes: { order } }) => [gradient.permute(order.map((_, axis) => order.indexOf(axis)))],
  emit: (emitter, inputs, { order }) => emitPermutation(emitter, inputAt(inputs, 0), order),
});

export const expand: Op<{ shape: Shape }> = defineOp<{ shape: Shape }>({
  name: "expand",
  infer(inputs, { shape }) {
    const input = inputAt(inputs, 0);
    if (shape.some((length) => length < 0) || !sameShape(broadcastShapes(input.shape, shape, "expand"), shape)) {
      throw new TensorError(
        "TENSOR_SHAPE",
        `expand: ${showShape(input.shape)} cannot become ${showShape(shape)}: only axes of size 1 grow, only their sizes may be -1`,
      );
    }
    return { shape, dtype: input.dtype };
  },
  gradient: ({ inputs, gradient }) => [gradient.sumTo(inputAt(inputs, 0).shape)],
  emit: (emitter, inputs, { shape }) =>
    // ONNX Runtime drops an Expand to size 0 as if it changed nothing.
    shape.includes(0)
      ? emitter.constant(allocate(inputAt(inputs, 0).dtype, 0), shape)
      : emitter.node("Expand", [inputAt(inputs, 0).name, emitter.shape(shape)]),
});

export type SliceAttributes = {
  readonly axis: number;
  readonly start: number;
  readonly end: number;
  readonly step: number;
};

/** Elements start, start + step, … below end along one axis; bounds already clamped to the axis, step >= 1. */
export const slice: Op<SliceAttributes> = defineOp<SliceAttributes>({
  name: "slice",
  infer(inputs, { axis, start, end, step }) {
    const { shape, dtype } = inputAt(inputs, 0);
    const length = Math.max(0, Math.ceil((end - start) / step));
    return { shape: shape.map((size, index) => (index === axis ? length : size)), dtype };
  },
  gradient({ inputs, gradient, attributes: { axis, start, step } }) {
    const size = lengthAt(inputAt(inputs, 0).shape, axis);
    const taken = lengthAt(gradient.shape, axis);
    if (step === 1) return [gradient.pad(axis, start, size - start - taken)];
    // Put step - 1 zeros behind each element, then cut or fill up to the axis' size.
    const spread = gradient.unsqueeze(axis + 1).pad(axis + 1, 0, step - 1);
    const joined = spread.reshape(gradient.shape.map((length, index) => (index === axis ? length * step : length)));
    const fitting = joined.slice(axis, 0, size - start);
    return [fitting.pad(axis, start, size - start - lengthAt(fitting.shape, axis))];
  },
  emit(emitter, inputs, { axis, start, end, step }) {
    const one = (value: number) => emitter.constant(int64([value]), [1]);
    return emitter.node("Slice", [inputAt(inputs, 0).name, one(start), one(end), one(axis), one(step)]);
  },
});

export type PadAttributes = {
  readonly before: readonly number[];
  readonly after: readonly number[];
  readonly value: number;
};

/** `value` before and after, one amount for each axis; a negative amount cuts off instead. */
export const pad: Op<PadAttributes> = defineOp<PadAttributes>({
  name: "pad",
  infer(inputs, { before, after }) {
    const { shape, dtype } = inputAt(inputs, 0);
    const padded = shape.map((size, axis) => size + inputAt(before, axis) + inputAt(after, axis));
    if (padded.some((size) => size < 0)) {
      throw new TensorError(
        "TENSOR_SHAPE",
        `pad: ${showShape(shape)} is too small to cut off ${showShape(before)} and ${showShape(after)}`,
      );
    }
    return { shape: padded, dtype };
  },
  gradient: ({ gradient, attributes: { before, after } }) => [
    gradient.padAll(
      before.map((amount) => -amount),
      after.map((amount) => -amount),
    ),
  ],
  emit(emitter, inputs, { before, after, value }, { dtype }) {
    const pads = [...before, ...after];
    const fill = value === 0 ? [] : [emitter.constant(fromNumbers(dtype, [value]), [])];
    return emitter.node("Pad", [inputAt(inputs, 0).name, emitter.constant(int64(pads), [pads.length]), ...fill]);
  },
});

/** Reverses the order along axes. */
export const flip: Op<{ axes: readonly number[] }> = defineOp<{ axes: readonly number[] }>({
  name: "flip",
  infer: (inputs) => inputAt(inputs, 0),
  gradient: ({ gradient, attributes: { axes } }) => [gradient.flip(axes)],
  emit(emitter, inputs, { axes }) {
    const each = (value: number) => emitter.constant(int64(axes.map(() => value)), [axes.length]);
    // From the last element to before the first: a bound further out than any axis is long.
    const beyond = -(2 ** 31);
    return emitter.node("Slice", [
      inputAt(inputs, 0).name,
      each(-1),
      each(beyond),
      emitter.constant(int64(axes), [axes.length]),
      each(-1),
    ]);
  },
});

export const concat: Op<{ axis: number }> = defineOp<{ axis: number }>({
  name: "concat",
  infer(inputs, { axis }) {
    const { shape, dtype } = inputAt(inputs, 0);
    let length = 0;
    for (const input of inputs) {
      const fits =
        input.shape.length === shape.length &&
        input.shape.every((size, index) => index === axis || size === shape[index]);
      if (!fits) {
        throw new TensorError(
          "TENSOR_SHAPE",
          `cat: shapes ${inputs.map((each) => showShape(each.shape)).join(" and ")} must be equal in all axes but ${axis}`,
        );
      }
      length += lengthAt(input.shape, axis);
    }
    return { shape: shape.map((size, index) => (index === axis ? length : size)), dtype };
  },
  gradient({ inputs, gradient, attributes: { axis } }) {
    const sizes = inputs.map((input) => lengthAt(input.shape, axis));
    return sizes.map((_, index) => gradient.part(axis, sizes, index));
  },
  emit(emitter, inputs, { axis }) {
    const filled = inputs.filter(({ shape }) => lengthAt(shape, axis) > 0);
    return emitter.node(
      "Concat",
      (filled.length === 0 ? inputs : filled).map(({ name }) => name),
      { axis },
    );
  },
});

/** Refuses sizes that do not cut the axis into pieces. */
export function checkSizes(sizes: readonly number[], shape: Shape, axis: number): void {
  const whole = sizes.every((size) => Number.isInteger(size) && size >= 0);
  if (whole && sizes.reduce((a, b) => a + b, 0) === lengthAt(shape, axis)) return;
  throw new TensorError(
    "TENSOR_SHAPE",
    `split: sizes ${showShape(sizes)} do not add up to axis ${axis} of ${showShape(shape)}`,
  );
}

/** One of the pieces that `sizes` cuts an axis into; pieces of one cut share one ONNX Split. */
export const part: Op<{ axis: number; sizes: readonly number[]; index: number }> = defineOp<{
  axis: number;
  sizes: readonly number[];
  index: number;
}>({
  name: "part",
  infer(inputs, { axis, sizes, index }) {
    const { shape, dtype } = inputAt(inputs, 0);
    checkSizes(sizes, shape, axis);
    return { shape: shape.map((size, each) => (each === axis ? inputAt(sizes, index) : size)), dtype };
  },
  gradient({ inputs, gradient, attributes: { axis, sizes, index } }) {
    const before = sizes.slice(0, index).reduce((a, b) => a + b, 0);
    const size = lengthAt(inputAt(inputs, 0).shape, axis);
    return [gradient.pad(axis, before, size - before - inputAt(sizes, index))];
  },
  emit(emitter, inputs, { axis, sizes, index }) {
    const input = inputAt(inputs, 0).name;
    if (emitter.device === "webgpu") {
      // There a Split binds all its pieces at once, and a shader takes no more than some eight buffers.
      const start = sizes.slice(0, index).reduce((a, b) => a + b, 0);
      const bounds = [start, start + inputAt(sizes, index), axis];
      return emitter.node("Slice", [input, ...bounds.map((bound) => emitter.constant(int64([bound]), [1]))]);
    }
    const parts = emitter.nodeOnce(
      `${input}:${axis}:${sizes.join(",")}`,
      "Split",
      () => [input, emitter.constant(int64(sizes), [sizes.length])],
      { axis },
      sizes.length,
    );
    return inputAt(parts, index);
  },
});
