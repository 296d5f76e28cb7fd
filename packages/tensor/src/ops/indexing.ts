import { TensorError } from "../errors.ts";
import { onnxType } from "../onnx/types.ts";
import { lengthAt, sameShape, showShape } from "../shape.ts";
import { at, axisOf, type Index, indexOfValue } from "../wasm/indices.ts";
import {
  apply,
  checked,
  type Expression,
  elementwise,
  type Nest,
  nest,
  number,
  type Operand,
  type Operator,
  select,
} from "../wasm/loops.ts";
import { defineOp, type Input, type None, namesOf, type Op, type TensorType } from "./op.ts";

type Along = { readonly axis: number };

/** The axes of the input, and no larger outside the one along which the index points. */
function fits(index: TensorType, input: TensorType, axis: number): boolean {
  return (
    index.shape.length === input.shape.length &&
    index.shape.every((size, each) => each === axis || size <= lengthAt(input.shape, each))
  );
}

export function checkIndex(name: string, index: TensorType): void {
  if (index.dtype !== "int64" && index.dtype !== "int32") {
    throw new TensorError("TENSOR_DTYPE", `${name}: the index is ${index.dtype}; it must be int64`);
  }
}

/**
 * Indices that count from the start alone. ONNX counts negative ones from the end; so much lower they are outside of every
 * axis, where kernels refuse them, and errors can say what they were. Those that are too large they refuse as it is.
 */
export const negativeShift = 2 ** 40;

/** The same indices, of which what reads them refuses the negative ones. For indices that others give. */
export const fromStart = defineOp<None, [index: Input]>({
  name: "fromStart",
  infer: ([index]) => index,
  emit(emitter, [index]) {
    const scalar = (value: number) => emitter.constant(BigInt64Array.of(BigInt(value)), []);
    const isNegative = emitter.node("Less", [index.name, scalar(0)]);
    return emitter.node("Where", [isNegative, emitter.node("Sub", [index.name, scalar(negativeShift)]), index.name]);
  },
  loops([index]) {
    if (index.dtype !== "int64") return undefined;
    const moved = (each: Expression) => apply("sub", "i64", each, number("i64", negativeShift));
    return elementwise([index], "int64", (each) =>
      select(apply("lt", "bool", each, number("i64", 0)), moved(each), each),
    );
  },
});

/** The index that is read, of an axis of `size`. */
export function readIndex(index: Operand, position: readonly Index[], size: number): Index {
  return indexOfValue(checked(index.at(position), size));
}

/** A copy of an operand in which others are put, or added, where an index says along one axis. */
function movedOnto(
  x: Operand,
  source: Operand,
  axis: number,
  indexAt: (position: readonly Index[]) => Index,
  operator: Operator | undefined,
): Nest {
  const axes = source.shape.map(axisOf);
  const position = axes.map(at);
  return {
    ...nest(x, (outer) => x.at(outer)),
    onto: {
      axes,
      at: position.with(axis, indexAt(position)),
      value: source.at(position),
      ...(operator === undefined ? {} : { operator }),
    },
  };
}

/** Picks whole slices along one axis, as PyTorch's index_select; the index may have any shape. */
export const take: Op<Along, [x: Input, index: Input]> = defineOp({
  name: "take",
  anyType: true,
  infer([input, index], { axis }) {
    checkIndex("indexSelect", index);
    return {
      shape: [...input.shape.slice(0, axis), ...index.shape, ...input.shape.slice(axis + 1)],
      dtype: input.dtype,
    };
  },
  gradient({ inputs: [input, index], gradient, attributes: { axis } }) {
    const count = index.numel;
    const flatShape = [...input.shape.slice(0, axis), count, ...input.shape.slice(axis + 1)];
    return [
      input.zerosLike().apply(indexAdd, [index.reshape([count]), gradient.reshape(flatShape)], { axis }),
      undefined,
    ];
  },
  emit: (emitter, inputs, { axis }) => emitter.node("Gather", namesOf(inputs), { axis }),
  loops: ([x, index], { axis }, output) =>
    nest(output, (outer) => {
      const end = axis + index.shape.length;
      const taken = readIndex(index, outer.slice(axis, end), lengthAt(x.shape, axis));
      return x.at([...outer.slice(0, axis), taken, ...outer.slice(end)]);
    }),
});

/** out[i][j] = input[index[i][j]][j] for axis 0, as PyTorch's gather; the index may be smaller than the input. */
export const gather: Op<Along, [x: Input, index: Input]> = defineOp({
  name: "gather",
  anyType: true,
  infer([input, index], { axis }) {
    checkIndex("gather", index);
    if (!fits(index, input, axis)) {
      throw new TensorError(
        "TENSOR_SHAPE",
        `gather: index ${showShape(index.shape)} must have the axes of ${showShape(input.shape)} and be no larger outside axis ${axis}`,
      );
    }
    return { shape: index.shape, dtype: input.dtype };
  },
  gradient: ({ inputs: [input, index], gradient, attributes: { axis } }) => [
    input.zerosLike().apply(scatterAdd, [index, gradient], { axis }),
    undefined,
  ],
  emit: (emitter, inputs, { axis }) => emitter.node("GatherElements", namesOf(inputs), { axis }),
  loops: ([x, index], { axis }, output) =>
    nest(output, (outer) => x.at(outer.with(axis, readIndex(index, outer, lengthAt(x.shape, axis))))),
});

/** Adds source[i][j] to out[index[i][j]][j] for axis 0, starting from the input, as PyTorch's scatter_add. */
export const scatterAdd = defineOp<Along, [x: Input, index: Input, source: Input]>({
  name: "scatterAdd",
  infer([input, index, source], { axis }) {
    checkIndex("scatterAdd", index);
    if (!sameShape(index.shape, source.shape) || !fits(index, input, axis)) {
      throw new TensorError(
        "TENSOR_SHAPE",
        `scatterAdd: index ${showShape(index.shape)} and source ${showShape(source.shape)} must be equal, have the axes of ${showShape(input.shape)} and be no larger outside axis ${axis}`,
      );
    }
    if (source.dtype !== input.dtype) {
      throw new TensorError(
        "TENSOR_DTYPE",
        `scatterAdd: cannot add ${source.dtype} to ${input.dtype}; convert with .to`,
      );
    }
    return { shape: input.shape, dtype: input.dtype };
  },
  gradient: ({ inputs: [, index], gradient, attributes: { axis }, needs }) => [
    gradient,
    undefined,
    needs(2) ? gradient.apply(gather, [index], { axis }) : undefined,
  ],
  emit: (emitter, inputs, { axis }) => emitter.node("ScatterElements", namesOf(inputs), { axis, reduction: "add" }),
  loops: ([x, index, source], { axis }) =>
    isAddable(x)
      ? movedOnto(x, source, axis, (each) => readIndex(index, each, lengthAt(x.shape, axis)), "add")
      : undefined,
});

function isAddable({ dtype }: TensorType): boolean {
  return dtype !== "bool";
}

/** Adds slice i of the source to slice index[i] of the input along an axis, as PyTorch's index_add. */
export const indexAdd = defineOp<Along, [x: Input, index: Input, source: Input]>({
  name: "indexAdd",
  infer([input, index, source], { axis }) {
    checkIndex("indexAdd", index);
    const count = index.shape.length === 1 ? lengthAt(index.shape, 0) : Number.NaN;
    const wanted = input.shape.map((size, each) => (each === axis ? count : size));
    if (input.shape.length === 0 || !sameShape(source.shape, wanted)) {
      throw new TensorError(
        "TENSOR_SHAPE",
        `indexAdd: the source ${showShape(source.shape)} must have the shape of ${showShape(input.shape)} with the length of the index ${showShape(index.shape)}, which has one axis, on axis ${axis}`,
      );
    }
    if (source.dtype !== input.dtype)
      throw new TensorError("TENSOR_DTYPE", `indexAdd: cannot add ${source.dtype} to ${input.dtype}; convert with .to`);
    return { shape: input.shape, dtype: input.dtype };
  },
  gradient: ({ inputs: [, index], gradient, attributes: { axis }, needs }) => [
    gradient,
    undefined,
    needs(2) ? gradient.apply(take, [index], { axis }) : undefined,
  ],
  emit(emitter, [input, index, source], { axis }) {
    if (axis > 0) {
      const aligned = emitter.node("Reshape", [
        index.name,
        emitter.shape(input.shape.map((_, each) => (each === axis ? lengthAt(index.shape, 0) : 1))),
      ]);
      const wide = emitter.node("Expand", [aligned, emitter.shape(source.shape)]);
      return emitter.node("ScatterElements", [input.name, wide, source.name], { axis, reduction: "add" });
    }
    // Along the first axis whole rows are added, several times as fast as element by element.
    const rows = index.dtype === "int64" ? index.name : emitter.node("Cast", [index.name], { to: onnxType.int64 });
    const column = emitter.node("Unsqueeze", [rows, emitter.constant(BigInt64Array.of(1n), [1])]);
    return emitter.node("ScatterND", [input.name, column, source.name], { reduction: "add" });
  },
  loops([x, index, source], { axis }) {
    if (!isAddable(x)) return undefined;
    const along = (each: readonly Index[]) => readIndex(index, each.slice(axis, axis + 1), lengthAt(x.shape, axis));
    return movedOnto(x, source, axis, along, "add");
  },
});

/** Puts source[i][j] at out[index[i][j]][j] for axis 0, into a copy of the input, as PyTorch's scatter. */
export const scatter = defineOp<{ readonly axis: number }, [x: Input, index: Input, source: Input]>({
  name: "scatter",
  infer([input, index, source], { axis }) {
    if (!sameShape(index.shape, source.shape) || !fits(index, input, axis)) {
      throw new TensorError(
        "TENSOR_SHAPE",
        `scatter: index ${showShape(index.shape)} must be no larger than source ${showShape(source.shape)}, have the axes of ${showShape(input.shape)} and be no larger outside axis ${axis}`,
      );
    }
    if (source.dtype !== input.dtype) {
      throw new TensorError(
        "TENSOR_DTYPE",
        `scatter: cannot put ${source.dtype} into ${input.dtype}; convert with .to`,
      );
    }
    return { shape: input.shape, dtype: input.dtype };
  },
  gradient: ({ inputs: [, index, source], gradient, attributes: { axis }, needs }) => [
    needs(0) ? gradient.scatter(axis, index, source.zerosLike()) : undefined,
    undefined,
    needs(2) ? gradient.gather(axis, index) : undefined,
  ],
  emit: (emitter, inputs, { axis }) => emitter.node("ScatterElements", namesOf(inputs), { axis }),
  loops: ([x, index, source], { axis }) =>
    movedOnto(x, source, axis, (each) => readIndex(index, each, lengthAt(x.shape, axis)), undefined),
});
