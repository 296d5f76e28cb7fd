/**
 * From nests to loops. A small nest is written out, so that no loop, index or condition is left. The innermost axis goes four
 * elements at a time where all that is read lies side by side, or is the same for all four: of a nest that is written out, where
 * it has no reduction, which goes element by element there. Of others a
 * nest that reduces computes a tile of its result at once, so that what is read serves several elements: four rows by eight
 * columns where columns are vectors, by two where the reduction itself runs along vectors.
 *
 * All of this follows from shapes, and with it the order of additions: along vectors, the sums of every fourth element, then
 * the sums of these; else one element after the other.
 */
import { bytesPerElement } from "../dtype.ts";
import { costOf, costOfIndex, hasReduction, isVectorAlong } from "./analysis.ts";
import { emitAddress } from "./emit-index.ts";
import { emitSharedReductions } from "./emit-reduction.ts";
import { emitValue } from "./emit-value.ts";
import type { Emitter } from "./emitter.ts";
import { type Axis, at, type Index } from "./indices.ts";
import { type Expression, type Nest, place } from "./loops.ts";
import { type Context, Scope } from "./scope.ts";
import { splitAxes } from "./split-axes.ts";

/** A nest that takes no more instructions is written out. */
const mostWrittenOut = 400;

/** A nest whose operands are buffers, each read at one index, and the buffer that gets its result. */
export interface PlacedNest extends Nest {
  readonly target: number;
}

/** Whether the nest leaves no loop. */
export function isWrittenOut({ axes, value, onto }: Nest): boolean {
  const size = axes.reduce((product, { size: length }) => product * length, 1);
  const moved =
    onto === undefined
      ? 0
      : onto.axes.reduce(
          (product, { size: length }) => product * length,
          costOf(onto.value) + onto.at.reduce((sum, index) => sum + costOfIndex(index), 8),
        );
  return size * (costOf(value) + 1) + moved <= mostWrittenOut;
}

export function emitNest(emitter: Emitter, whole: PlacedNest): void {
  emitter.writesOut = isWrittenOut(whole);
  const { axes, positions, value } = emitter.writesOut
    ? { ...whole, positions: whole.axes.map(at) }
    : splitAxes(whole.axes, whole.value);
  const { onto } = whole;
  const nest = { ...whole, axes, value };
  const context: Context = { scope: new Scope(), point: new Map() };
  const store = (expression: Expression, index: Index, now: Context) =>
    emitStore(emitter, nest, expression, index, now);
  const index = place(nest.shape, positions);
  if (emitter.writesOut) overPoints(axes, context, (now) => store(value, index, now), vectorsOf(nest));
  else
    overRows(emitter, nest, axes, context, (contexts) => {
      emitSharedReductions(emitter, value, contexts);
      for (const now of contexts) store(value, index, now);
    });
  if (onto !== undefined) {
    const target = place(nest.shape, onto.at);
    const change = (now: Context) => {
      if (onto.operator === undefined) {
        store(onto.value, target, now);
        return;
      }
      const { operator } = onto;
      const { kind } = onto.value;
      const sum: Expression = {
        form: "apply",
        kind,
        operator,
        operands: [{ form: "read", kind, operand: nest.target, at: [target] }, onto.value],
      };
      // What was read before may have changed.
      store(sum, target, { ...now, scope: new Scope(now.scope) });
    };
    if (emitter.writesOut) overPoints(onto.axes, { ...context, scope: new Scope() }, change);
    else overLoops(emitter, onto.axes, [onto.value], { ...context, scope: new Scope() }, change);
  }
  emitter.forget();
}

function emitStore(
  emitter: Emitter,
  { target, dtype }: PlacedNest,
  value: Expression,
  index: Index,
  context: Context,
): void {
  const { body } = emitter;
  const offset = emitAddress(emitter, target, index, context);
  emitValue(emitter, value, context);
  if (context.vector !== undefined) body.access("v128.store", offset);
  else
    body.access(
      dtype === "float32"
        ? "f32.store"
        : bytesPerElement[dtype] === 8
          ? "i64.store"
          : bytesPerElement[dtype] === 4
            ? "i32.store"
            : "i32.store8",
      offset,
    );
}

/** Whether four elements from a point on, along the axis of vectors, can be computed at once. */
type IsVector = (context: Context & { readonly vector: Axis }) => boolean;

const never: IsVector = () => false;

function vectorsOf({ value, dtype }: PlacedNest): IsVector {
  if (hasReduction(value) || !hasVectors(dtype)) return never;
  return (context) => isVectorAlong(value, context);
}

function hasVectors(dtype: PlacedNest["dtype"]): boolean {
  return dtype === "float32" || dtype === "int32";
}

function overPoints(
  axes: readonly Axis[],
  context: Context,
  write: (context: Context) => void,
  isVector: IsVector = never,
): void {
  const [axis, ...others] = axes;
  if (axis === undefined) {
    write(context);
    return;
  }
  for (let position = 0; position < axis.size; ) {
    const here = { ...context, point: new Map([...context.point, [axis, position]]) };
    const wide = { ...here, vector: axis };
    const isWide = others.length === 0 && position + 4 <= axis.size && isVector(wide);
    overPoints(others, isWide ? wide : here, write, isVector);
    position += isWide ? 4 : 1;
  }
}

function overLoops(
  emitter: Emitter,
  axes: readonly Axis[],
  expressions: readonly Expression[],
  context: Context,
  write: (context: Context) => void,
): void {
  const [axis, ...others] = axes;
  if (axis === undefined) {
    write(context);
    return;
  }
  emitter.pieces(axis, expressions, (from, to) =>
    emitter.loop(axis, from, to, 1, [context], ([now]) => {
      if (now !== undefined) overLoops(emitter, others, expressions, now, write);
    }),
  );
}

/** Tiles of the last two axes, within loops over the others. */
function overRows(
  emitter: Emitter,
  nest: PlacedNest,
  axes: readonly Axis[],
  context: Context,
  write: (contexts: readonly Context[]) => void,
): void {
  const [columns, rows] = [axes.at(-1), axes.at(-2)];
  const { value } = nest;
  const reduces = hasReduction(value);
  if (columns === undefined) {
    write([context]);
    return;
  }
  overLoops(emitter, axes.slice(0, -2), [value], context, (outer) => {
    const inRow = (contexts: readonly Context[], rowCount: number) =>
      emitter.pieces(columns, [value], (from, to) =>
        overColumns(emitter, nest, columns, from, to, contexts, reduces ? rowCount : 0, write),
      );
    if (rows === undefined) {
      inRow([outer], 1);
      return;
    }
    emitter.pieces(rows, [value], (from, to) => {
      const isShared = reduces && !emitter.writesOut;
      tiled(emitter, rows, from, to, isShared ? [4, 2, 1] : [1], [outer], inRow);
    });
  });
}

function overColumns(
  emitter: Emitter,
  { value, dtype }: PlacedNest,
  columns: Axis,
  from: number,
  to: number,
  contexts: readonly Context[],
  rowCount: number,
  write: (contexts: readonly Context[]) => void,
): void {
  const isWide =
    to - from >= 4 &&
    hasVectors(dtype) &&
    contexts.every((each) => {
      const range = { least: from, most: to - 4 };
      const scope = new Scope(each.scope, { axis: columns, local: 0, range });
      return isVectorAlong(value, { ...each, scope, vector: columns });
    });
  const whole = isWide ? to - from - ((to - from) % 4) : 0;
  if (isWide) {
    const wide = contexts.map((each) => ({ ...each, vector: columns }));
    tiled(
      emitter,
      columns,
      from,
      from + whole,
      rowCount > 0 ? (rowCount > 2 ? [8, 4] : [16, 8, 4]) : [4],
      wide,
      write,
      4,
    );
  }
  tiled(emitter, columns, from + whole, to, rowCount > 2 ? [2, 1] : rowCount > 0 ? [4, 2, 1] : [1], contexts, write);
}

/** Blocks of an axis, the largest first; in each all contexts for every position, or for every fourth. */
function tiled(
  emitter: Emitter,
  axis: Axis,
  from: number,
  to: number,
  blocks: readonly number[],
  contexts: readonly Context[],
  write: (contexts: readonly Context[], block: number) => void,
  step = 1,
): void {
  let begin = from;
  for (const block of blocks) {
    const end = begin + (to - begin) - ((to - begin) % block);
    emitter.loop(axis, begin, end, block, contexts, (now) => {
      const all = now.flatMap((context) =>
        Array.from(
          { length: block / step },
          (_, index): Context => ({
            ...context,
            point: new Map([...context.point, [axis, (context.point.get(axis) ?? 0) + index * step]]),
          }),
        ),
      );
      write(all, block);
    });
    begin = end;
  }
}
