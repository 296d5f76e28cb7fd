import { TensorError } from "../errors.ts";
import { lengthAt, sameShape, showShape } from "../shape.ts";
import { defineOp, type Input, namesOf, type TensorType } from "./op.ts";

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

/** Picks whole slices along one axis, as PyTorch's index_select; the index may have any shape. */
export const take = defineOp<{ readonly axis: number }, [x: Input, index: Input]>({
  name: "take",
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
    return [input.zerosLike().indexAdd(axis, index.reshape([count]), gradient.reshape(flatShape)), undefined];
  },
  emit: (emitter, inputs, { axis }) => emitter.node("Gather", namesOf(inputs), { axis }),
});

/** out[i][j] = input[index[i][j]][j] for axis 0, as PyTorch's gather; the index may be smaller than the input. */
export const gather = defineOp<{ readonly axis: number }, [x: Input, index: Input]>({
  name: "gather",
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
    input.zerosLike().scatterAdd(axis, index, gradient),
    undefined,
  ],
  emit: (emitter, inputs, { axis }) => emitter.node("GatherElements", namesOf(inputs), { axis }),
});

/** Adds source[i][j] to out[index[i][j]][j] for axis 0, starting from the input, as PyTorch's scatter_add. */
export const scatterAdd = defineOp<{ readonly axis: number }, [x: Input, index: Input, source: Input]>({
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
    needs(2) ? gradient.gather(axis, index) : undefined,
  ],
  emit: (emitter, inputs, { axis }) => emitter.node("ScatterElements", namesOf(inputs), { axis, reduction: "add" }),
});
