import { TensorError } from "../errors.ts";
import { onnxType } from "../onnx/types.ts";
import { lengthAt, sameShape, showShape } from "../shape.ts";
import { checkIndex } from "./indexing.ts";
import { defineOp, type Input } from "./op.ts";

/** Adds slice i of the source to slice index[i] of the input along an axis, as PyTorch's index_add. */
export const indexAdd = defineOp<{ readonly axis: number }, [x: Input, index: Input, source: Input]>({
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
    needs(2) ? gradient.indexSelect(axis, index) : undefined,
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
});
