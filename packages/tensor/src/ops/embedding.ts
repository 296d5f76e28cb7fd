import { lengthAt } from "../shape.ts";
import { nest } from "../wasm/loops.ts";
import { checkIndex, indexAdd, readIndex } from "./indexing.ts";
import { defineOp, type Input, namesOf } from "./op.ts";

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
    return [table.zerosLike().apply(indexAdd, [flat, kept], { axis: 0 }), undefined];
  },
  emit: (emitter, inputs) => emitter.node("Gather", namesOf(inputs), { axis: 0 }),
  loops: ([table, index], _attributes, output) =>
    nest(output, (outer) =>
      table.at([readIndex(index, outer.slice(0, -1), lengthAt(table.shape, 0)), ...outer.slice(-1)]),
    ),
});
