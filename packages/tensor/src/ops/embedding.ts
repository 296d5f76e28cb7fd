import { onnxType } from "../onnx/types.ts";
import { lengthAt } from "../shape.ts";
import { checkIndex } from "./indexing.ts";
import { defineOp, type Input } from "./op.ts";

/** Rows of a table [rows, width] for indices [...]: [..., width]. The row `padding` gets no gradient; -1 means none. */
export const embedding = defineOp<{ readonly padding: number }, [table: Input, index: Input]>({
  name: "embedding",
  infer([table, index]) {
    checkIndex("embedding", index);
    return { shape: [...index.shape, lengthAt(table.shape, 1)], dtype: table.dtype };
  },
  gradient({ inputs: [table, index], gradient, attributes: { padding } }) {
    const count = index.numel;
    const flat = index.reshape([count]);
    const rows = gradient.reshape([count, lengthAt(table.shape, 1)]);
    const kept = padding < 0 ? rows : flat.eq(padding).unsqueeze(1).where(rows.zerosLike(), rows);
    return [table.zerosLike().indexAdd(0, flat, kept), undefined];
  },
  emit(emitter, [table, index]) {
    // ONNX counts negative indices from the end; moved out of range they are refused, as in PyTorch.
    const wide = index.dtype === "int64" ? index.name : emitter.node("Cast", [index.name], { to: onnxType.int64 });
    const scalar = (value: number) => emitter.constant(BigInt64Array.of(BigInt(value)), []);
    const negative = emitter.node("Less", [wide, scalar(0)]);
    const checked = emitter.node("Where", [negative, scalar(lengthAt(table.shape, 0)), wide]);
    return emitter.node("Gather", [table.name, checked], { axis: 0 });
  },
});
