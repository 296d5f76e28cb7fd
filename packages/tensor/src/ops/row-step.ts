import { onnxType } from "../onnx/types.ts";
import { lengthAt } from "../shape.ts";
import { at, axisOf, constantIndex } from "../wasm/indices.ts";
import { apply, nest, number } from "../wasm/loops.ts";
import { readIndex } from "./indexing.ts";
import { defineOp, type Emitter, type Input, type None, type Value } from "./op.ts";

const origin = constantIndex(0);

/**
 * table - rate x the sum of the rows [count, ...] that the index [count] gives to each of its rows: gradient descent on an embedding.
 * The same bits as with a gradient of the table's size, which is 0 in nearly all rows; graphs are simplified to it. Of 50,000 rows
 * of 64, of which 1,024 are named, one pass over the table is left of four: a step takes a third of the time.
 */
export const rowStep = defineOp<None, [table: Input, index: Input, rows: Input, rate: Input]>({
  name: "rowStep",
  infer: ([{ shape, dtype }]) => ({ shape, dtype }),
  emit: (emitter, inputs) => (emitter.device === "cpu" ? emitFewRows(emitter, inputs) : emitAllRows(emitter, inputs)),
  loops([table, index, rows, rate], _attributes, output, { stages }) {
    const axes = rows.shape.map(axisOf);
    const position = axes.map(at);
    const row = readIndex(index, position.slice(0, 1), lengthAt(table.shape, 0));
    const sums = stages.add({
      ...nest(output, () => number("f32", 0)),
      onto: { axes, at: position.with(0, row), value: rows.at(position), operator: "add" },
    });
    return nest(output, (outer) =>
      apply("sub", "f32", table.at(outer), apply("mul", "f32", sums.at(outer), rate.at(rate.shape.map(() => origin)))),
    );
  },
});

type Values = readonly [table: Value, index: Value, rows: Value, rate: Value];

/** Each row that is named is computed as often as it is named, and put in its place as often: it is the same each time. */
function emitFewRows(emitter: Emitter, [table, index, rows, rate]: Values): string {
  const wide = emitter.node("Cast", [index.name], { to: onnxType.int64 });
  const { place } = emitter.nodesOnce(wide, "Unique", [wide], { sorted: 0 }, ["values", "first", "place"]);
  const sums = addedRows(emitter, rows.shape, place, rows.name);
  const gradient = emitter.node("Gather", [sums, place], { axis: 0 });
  const before = emitter.node("Gather", [table.name, wide], { axis: 0 });
  const after = emitter.node("Sub", [before, emitter.node("Mul", [gradient, rate.name])]);
  return emitter.node("ScatterND", [table.name, column(emitter, wide), after]);
}

function emitAllRows(emitter: Emitter, [table, index, rows, rate]: Values): string {
  const wide = emitter.node("Cast", [index.name], { to: onnxType.int64 });
  const gradient = addedRows(emitter, table.shape, wide, rows.name);
  return emitter.node("Sub", [table.name, emitter.node("Mul", [gradient, rate.name])]);
}

function addedRows(emitter: Emitter, shape: readonly number[], index: string, rows: string): string {
  const zeros = emitter.node("Expand", [emitter.constant(Float32Array.of(0), []), emitter.shape(shape)]);
  return emitter.node("ScatterND", [zeros, column(emitter, index), rows], { reduction: "add" });
}

function column(emitter: Emitter, index: string): string {
  return emitter.node("Unsqueeze", [index, emitter.constant(BigInt64Array.of(1n), [1])]);
}
