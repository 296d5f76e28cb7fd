import { TensorError } from "../errors.ts";
import { onnxType } from "../onnx/types.ts";
import { sameShape, showShape } from "../shape.ts";
import { checkIndex } from "./indexing.ts";
import { defineOp, inputAt, type Op } from "./op.ts";

/** Adds slice i of the source to slice index[i] of the input along an axis, as PyTorch's index_add. */
export const indexAdd: Op<{ axis: number }> = defineOp<{ axis: number }>({
  name: "indexAdd",
  infer(inputs, { axis }) {
    const input = inputAt(inputs, 0);
    const index = inputAt(inputs, 1);
    const source = inputAt(inputs, 2);
    checkIndex("indexAdd", index);
    const count = index.shape.length === 1 ? inputAt(index.shape, 0) : Number.NaN;
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
  gradient({ inputs, gradient, attributes: { axis }, needs }) {
    return [gradient, undefined, needs(2) ? gradient.indexSelect(axis, inputAt(inputs, 1)) : undefined];
  },
  emit(emitter, inputs, { axis }) {
    const [input, index, source] = [inputAt(inputs, 0), inputAt(inputs, 1), inputAt(inputs, 2)];
    if (axis > 0) {
      const aligned = emitter.node("Reshape", [
        index.name,
        emitter.shape(input.shape.map((_, each) => (each === axis ? inputAt(index.shape, 0) : 1))),
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
