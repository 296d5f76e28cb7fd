/** Operations that move elements without computing: reshape, permute, expand, slice, pad, concat, part. */
import { allocate, fromNumbers } from "../dtype.ts";
import { elementAt } from "../element-at.ts";
import { TensorError } from "../errors.ts";
import { broadcastShapes, lengthAt, type Shape, sameShape, showShape, sizeOf } from "../shape.ts";
import { type Index, shifted, times, unfolded } from "../wasm/indices.ts";
import { broadcast, type Expression, kindOf, nest, number, type Operand, place, when, within } from "../wasm/loops.ts";
import { defineOp, type Input, namesOf } from "./op.ts";
import { emitPermutation } from "./transposition.ts";

const int64 = (values: readonly number[]) => BigInt64Array.from(values, BigInt);
const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);

export const reshape = defineOp<{ readonly shape: Shape }, [x: Input]>({
  name: "reshape",
  isExact: true,
  anyType: true,
  infer([input], { shape }) {
    if (sizeOf(input.shape) !== sizeOf(shape)) {
      throw new TensorError("TENSOR_SHAPE", `reshape: ${showShape(input.shape)} does not fit ${showShape(shape)}`);
    }
    return { shape, dtype: input.dtype };
  },
  offset: () => 0,
  gradient: ({ inputs: [x], gradient }) => [gradient.reshape(x.shape)],
  emit: (emitter, [x], { shape }) =>
    // ONNX reads a 0 as "keep this size" unless told otherwise, which empty tensors need.
    emitter.node("Reshape", [x.name, emitter.shape(shape)], shape.includes(0) ? { allowzero: 1 } : {}),
  loops: ([x], _attributes, output) => nest(output, (outer) => x.at(unfolded(place(output.shape, outer), x.shape))),
});

export const permute = defineOp<{ readonly order: readonly number[] }, [x: Input]>({
  name: "permute",
  isExact: true,
  anyType: true,
  infer([{ shape, dtype }], { order }) {
    if (order.length !== shape.length || shape.some((_, axis) => !order.includes(axis))) {
      throw new TensorError(
        "TENSOR_SHAPE",
        `permute: order ${showShape(order)} must name each axis of ${showShape(shape)} once`,
      );
    }
    return { shape: order.map((axis) => lengthAt(shape, axis)), dtype };
  },
  offset({ shape }, { order }) {
    const long = order.filter((axis) => lengthAt(shape, axis) !== 1);
    return long.every((axis, place) => place === 0 || axis > elementAt(long, place - 1)) ? 0 : undefined;
  },
  gradient: ({ gradient, attributes: { order } }) => [gradient.permute(order.map((_, axis) => order.indexOf(axis)))],
  emit: (emitter, [x], { order }) => emitPermutation(emitter, x, order),
  loops: ([x], { order }, output) =>
    nest(output, (outer) => x.at(order.map((_, axis) => elementAt(outer, order.indexOf(axis))))),
});

export const expand = defineOp<{ readonly shape: Shape }, [x: Input]>({
  name: "expand",
  isExact: true,
  anyType: true,
  infer([input], { shape }) {
    if (shape.some((length) => length < 0) || !sameShape(broadcastShapes(input.shape, shape, "expand"), shape)) {
      throw new TensorError(
        "TENSOR_SHAPE",
        `expand: ${showShape(input.shape)} cannot become ${showShape(shape)}: only axes of size 1 grow, only their sizes may be -1`,
      );
    }
    return { shape, dtype: input.dtype };
  },
  offset: (x, { shape }) => (sizeOf(x.shape) === sizeOf(shape) ? 0 : undefined),
  gradient: ({ inputs: [x], gradient }) => [gradient.sumTo(x.shape)],
  emit: (emitter, [x], { shape }) =>
    // ONNX Runtime drops an Expand to size 0 as if it changed nothing.
    shape.includes(0)
      ? emitter.constant(allocate(x.dtype, 0), shape, x.dtype)
      : emitter.node("Expand", [x.name, emitter.shape(shape)]),
  loops: ([x], _attributes, output) => nest(output, (outer) => broadcast(x, outer)),
});

/** Of a piece of one axis: where it begins, unless it is in many places. */
function offsetAlong(shape: Shape, axis: number, start: number): number | undefined {
  return sizeOf(shape.slice(0, axis)) === 1 ? start * sizeOf(shape.slice(axis + 1)) : undefined;
}

export type SliceAttributes = {
  readonly axis: number;
  readonly start: number;
  readonly end: number;
  readonly step: number;
};

/** Elements start, start + step, … below end along one axis; bounds already clamped to the axis, step >= 1. */
export const slice = defineOp<SliceAttributes, [x: Input]>({
  name: "slice",
  isExact: true,
  anyType: true,
  infer([{ shape, dtype }], { axis, start, end, step }) {
    const length = Math.max(0, Math.ceil((end - start) / step));
    return { shape: shape.map((size, index) => (index === axis ? length : size)), dtype };
  },
  offset: (x, { axis, start, step }, output) =>
    step === 1 || lengthAt(output.shape, axis) === 1 ? offsetAlong(x.shape, axis, start) : undefined,
  gradient({ inputs: [x], gradient, attributes: { axis, start, step } }) {
    const size = x.size(axis);
    const taken = lengthAt(gradient.shape, axis);
    if (step === 1) return [gradient.pad(axis, start, size - start - taken)];
    // Put step - 1 zeros behind each element, then cut or fill up to the axis' size.
    const spread = gradient.unsqueeze(axis + 1).pad(axis + 1, 0, step - 1);
    const joined = spread.reshape(gradient.shape.map((length, index) => (index === axis ? length * step : length)));
    const fitting = joined.slice(axis, 0, size - start);
    return [fitting.pad(axis, start, size - start - lengthAt(fitting.shape, axis))];
  },
  emit(emitter, [x], { axis, start, end, step }) {
    const one = (value: number) => emitter.constant(int64([value]), [1]);
    return emitter.node("Slice", [x.name, one(start), one(end), one(axis), one(step)]);
  },
  loops: ([x], { axis, start, step }, output) =>
    nest(output, (outer) =>
      x.at(outer.map((index, each) => (each === axis ? shifted(times(index, step), start) : index))),
    ),
});

/** The element of an operand that lies so much behind a position's beginning; outside of it the value. */
export function padded(x: Operand, outer: readonly Index[], before: readonly number[], value: number): Expression {
  const inside = outer.map((index, axis) => shifted(index, -elementAt(before, axis)));
  const outside = number(kindOf(x.dtype), value);
  return inside.reduceRight(
    (inner: Expression, index, axis) => when(within(index, 0, lengthAt(x.shape, axis)), inner, outside),
    x.at(inside),
  );
}

export type PadAttributes = {
  readonly before: readonly number[];
  readonly after: readonly number[];
  readonly value: number;
};

/** `value` before and after, one amount for each axis; a negative amount cuts off instead. */
export const pad = defineOp<PadAttributes, [x: Input]>({
  name: "pad",
  anyType: true,
  ofNothing: "zeros",
  infer([{ shape, dtype }], { before, after }) {
    const padded = shape.map((size, axis) => size + elementAt(before, axis) + elementAt(after, axis));
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
  emit(emitter, [x], { before, after, value }, { dtype }) {
    const pads = [...before, ...after];
    const fill = value === 0 ? [] : [emitter.constant(fromNumbers(dtype, [value]), [], dtype)];
    return emitter.node("Pad", [x.name, emitter.constant(int64(pads), [pads.length]), ...fill]);
  },
  loops: ([x], { before, value }, output) => nest(output, (outer) => padded(x, outer, before, value)),
});

/** Reverses the order along axes. */
export const flip = defineOp<{ readonly axes: readonly number[] }, [x: Input]>({
  name: "flip",
  isExact: true,
  anyType: true,
  infer: ([x]) => x,
  gradient: ({ gradient, attributes: { axes } }) => [gradient.flip(axes)],
  emit(emitter, [x], { axes }) {
    const each = (value: number) => emitter.constant(int64(axes.map(() => value)), [axes.length]);
    // From the last element to before the first: a bound further out than any axis is long.
    const beyond = -(2 ** 31);
    return emitter.node("Slice", [
      x.name,
      each(-1),
      each(beyond),
      emitter.constant(int64(axes), [axes.length]),
      each(-1),
    ]);
  },
  loops: ([x], { axes }, output) =>
    nest(output, (outer) =>
      x.at(
        outer.map((index, axis) =>
          axes.includes(axis) ? shifted(times(index, -1), lengthAt(x.shape, axis) - 1) : index,
        ),
      ),
    ),
});

export const concat = defineOp<{ readonly axis: number }, Input[]>({
  name: "concat",
  isExact: true,
  anyType: true,
  ofNothing: "as ever",
  infer(inputs, { axis }) {
    const { shape, dtype } = elementAt(inputs, 0);
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
    return emitter.node("Concat", namesOf(filled.length === 0 ? inputs : filled), { axis });
  },
  loops: (inputs, { axis }, output) =>
    nest(output, (outer) => {
      const filled = inputs.filter(({ shape }) => lengthAt(shape, axis) > 0);
      const along = elementAt(outer, axis);
      let end = 0;
      const begins = filled.map(({ shape }) => {
        const begin = end;
        end += lengthAt(shape, axis);
        return begin;
      });
      // Halves first, so that the expression stays flat where there are thousands, such as all parameters of a network.
      const joined = (from: number, to: number): Expression => {
        const [input, begin] = [elementAt(filled, from), elementAt(begins, from)];
        if (to - from === 1) return input.at(outer.with(axis, shifted(along, -begin)));
        const middle = Math.ceil((from + to) / 2);
        return when(within(along, 0, elementAt(begins, middle)), joined(from, middle), joined(middle, to));
      };
      return filled.length === 0 ? number(kindOf(output.dtype), 0) : joined(0, filled.length);
    }),
});

/** Refuses sizes that do not cut the axis into pieces. */
export function checkSizes(sizes: readonly number[], shape: Shape, axis: number): void {
  const whole = sizes.every((size) => Number.isInteger(size) && size >= 0);
  if (whole && sum(sizes) === lengthAt(shape, axis)) return;
  throw new TensorError(
    "TENSOR_SHAPE",
    `split: sizes ${showShape(sizes)} do not add up to axis ${axis} of ${showShape(shape)}`,
  );
}

const texts = new WeakMap<readonly number[], string>();

/** Pieces of one cut hold the same list, which may be long: it is written out once. */
function textOf(sizes: readonly number[]): string {
  const text = texts.get(sizes) ?? sizes.join(",");
  texts.set(sizes, text);
  return text;
}

export type PartAttributes = {
  readonly axis: number;
  readonly sizes: readonly number[];
  readonly index: number;
};

/** One of the pieces that `sizes` cuts an axis into; pieces of one cut share one ONNX Split. */
export const part = defineOp<PartAttributes, [x: Input]>({
  name: "part",
  isExact: true,
  anyType: true,
  infer([{ shape, dtype }], { axis, sizes, index }) {
    checkSizes(sizes, shape, axis);
    return { shape: shape.map((size, each) => (each === axis ? elementAt(sizes, index) : size)), dtype };
  },
  offset: (x, { axis, sizes, index }) => offsetAlong(x.shape, axis, sum(sizes.slice(0, index))),
  gradient({ inputs: [x], gradient, attributes: { axis, sizes, index } }) {
    const before = sum(sizes.slice(0, index));
    return [gradient.pad(axis, before, x.size(axis) - before - elementAt(sizes, index))];
  },
  emit(emitter, [{ name: input }], { axis, sizes, index }) {
    if (emitter.device === "webgpu") {
      // There a Split binds all its pieces at once, and a shader takes no more than some eight buffers.
      const start = sum(sizes.slice(0, index));
      const bounds = [start, start + elementAt(sizes, index), axis];
      return emitter.node("Slice", [input, ...bounds.map((bound) => emitter.constant(int64([bound]), [1]))]);
    }
    const parts = emitter.listOnce(
      `${input}:${axis}:${textOf(sizes)}`,
      "Split",
      () => [input, emitter.constant(int64(sizes), [sizes.length])],
      { axis },
      sizes.length,
    );
    return elementAt(parts, index);
  },
  loops([x], { axis, sizes, index }, output) {
    const start = sum(sizes.slice(0, index));
    return nest(output, (outer) => x.at(outer.with(axis, shifted(elementAt(outer, axis), start))));
  },
});
