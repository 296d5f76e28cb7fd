import { onnxType } from "../onnx/types.ts";
import { lengthAt, type Shape } from "../shape.ts";
import { at, axisOf, constantIndex } from "../wasm/indices.ts";
import { apply, type Nest, nest, number, type Operand } from "../wasm/loops.ts";
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
    const sums = stages.add(rowSums(table.shape, index, rows));
    return nest(output, (outer) =>
      apply("sub", "f32", table.at(outer), apply("mul", "f32", sums.at(outer), rate.at(rate.shape.map(() => origin)))),
    );
  },
});

/** For each of the rows [count, ...] the sum of all that have its index [count], of a table of `length` rows. */
export const rowTotals = defineOp<{ readonly length: number }, [index: Input, rows: Input]>({
  name: "rowTotals",
  infer: ([, rows]) => rows,
  emit(emitter, [index, rows], { length }) {
    if (emitter.device === "cpu") return emitTotals(emitter, wideIndex(emitter, index), rows);
    const wide = wideIndex(emitter, index);
    const sums = addedRows(emitter, [length, ...rows.shape.slice(1)], wide, rows.name);
    return emitter.node("Gather", [sums, wide], { axis: 0 });
  },
  loops([index, rows], { length }, output, { stages }) {
    const sums = stages.add(rowSums([length, ...rows.shape.slice(1)], index, rows));
    return nest(output, (outer) => sums.at(outer.with(0, readIndex(index, outer.slice(0, 1), length))));
  },
});

/** table with rows [count, ...] in the places that the index [count] says; what several have the index of must be equal. */
export const putRows = defineOp<None, [table: Input, index: Input, rows: Input]>({
  name: "putRows",
  infer: ([{ shape, dtype }]) => ({ shape, dtype }),
  emit: (emitter, [table, index, rows]) =>
    emitter.node("ScatterND", [table.name, column(emitter, wideIndex(emitter, index)), rows.name]),
  loops([table, index, rows]) {
    const axes = rows.shape.map(axisOf);
    const position = axes.map(at);
    const row = readIndex(index, position.slice(0, 1), lengthAt(table.shape, 0));
    return {
      ...nest(table, (outer) => table.at(outer)),
      onto: { axes, at: position.with(0, row), value: rows.at(position) },
    };
  },
});

/** The sum of the rows that the index gives to each row of a table. */
function rowSums(shape: Shape, index: Operand, rows: Operand): Nest {
  const axes = rows.shape.map(axisOf);
  const position = axes.map(at);
  const row = readIndex(index, position.slice(0, 1), lengthAt(shape, 0));
  return {
    ...nest({ shape, dtype: "float32" }, () => number("f32", 0)),
    onto: { axes, at: position.with(0, row), value: rows.at(position), operator: "add" },
  };
}

type Values = readonly [table: Value, index: Value, rows: Value, rate: Value];

/** Each row that is named is computed as often as it is named, and put in its place as often: it is the same each time. */
function emitFewRows(emitter: Emitter, [table, index, rows, rate]: Values): string {
  const wide = wideIndex(emitter, index);
  const gradient = emitTotals(emitter, wide, rows);
  const before = emitter.node("Gather", [table.name, wide], { axis: 0 });
  const after = emitter.node("Sub", [before, emitter.node("Mul", [gradient, rate.name])]);
  return emitter.node("ScatterND", [table.name, column(emitter, wide), after]);
}

/** Of few rows, without a table. */
function emitTotals(emitter: Emitter, wide: string, rows: Value): string {
  const { place } = emitter.nodesOnce(wide, "Unique", [wide], { sorted: 0 }, ["values", "first", "place"]);
  const sums = addedRows(emitter, rows.shape, place, rows.name);
  return emitter.node("Gather", [sums, place], { axis: 0 });
}

function wideIndex(emitter: Emitter, { name }: Value): string {
  return emitter.nodeOnce(`${name} wide`, "Cast", [name], { to: onnxType.int64 });
}

function emitAllRows(emitter: Emitter, [table, index, rows, rate]: Values): string {
  const wide = wideIndex(emitter, index);
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
