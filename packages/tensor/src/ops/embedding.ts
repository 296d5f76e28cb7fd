import { onnxType } from "../onnx/types.ts";
import { lengthAt, sizeOf } from "../shape.ts";
import { checkIndex } from "./indexing.ts";
import { defineOp, inputAt, type Op } from "./op.ts";

/** Rows of a table [rows, width] for indices [...]: [..., width]. The row `padding` gets no gradient; -1 means none. */
export const embedding: Op<{ padding: number }> = defineOp<{ padding: number }>({
  name: "embedding",
  infer(inputs) {
    const table = inputAt(inputs, 0);
    const index = inputAt(inputs, 1);
    checkIndex("embedding", index);
    return { shape: [...index.shape, lengthAt(table.shape, 1)], dtype: table.dtype };
  },
  gradient({ inputs, gradient, attributes: { padding } }) {
    const table = inputAt(inputs, 0);
    const count = sizeOf(inputAt(inputs, 1).shape);
    const index = inputAt(inputs, 1).reshape([count]);
    const rows = gradient.reshape([count, lengthAt(table.shape, 1)]);
    const kept = padding < 0 ? rows : index.eq(padding).unsqueeze(1).where(rows.zerosLike(), rows);
    return [table.zerosLike().indexAdd(0, index, kept), undefined];
  },
  emit(emitter, inputs) {
    const [table, index] = [inputAt(inputs, 0), inputAt(inputs, 1)];
    // ONNX counts negative indices from the end; moved out of range they are refused, as in PyTorch.
    const wide = index.dtype === "int64" ? index.name : emitter.node("Cast", [index.name], { to: onnxType.int64 });
    const scalar = (value: number) => emitter.constant(BigInt64Array.of(BigInt(value)), []);
    const negative = emitter.node("Less", [wide, scalar(0)]);
    const checked = emitter.node("Where", [negative, scalar(lengthAt(table.shape, 0)), wide]);
    return emitter.node("Gather", [table.name, checked], { axis: 0 });
  },
});
