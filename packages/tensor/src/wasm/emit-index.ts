/** From indices to instructions: numbers of positions, and addresses. */
import { bytesPerElement } from "../dtype.ts";
import { elementAt } from "../element-at.ts";
import { axesOf, dependsOn } from "./analysis.ts";
import { emitValue } from "./emit-value.ts";
import { type Emitter, numberOf } from "./emitter.ts";
import { type Axis, type Index, plus, rangeOf, shifted, type Term, times } from "./indices.ts";
import { type Context, positionsOf } from "./scope.ts";

type Terms = Index["terms"];

const noPoint: ReadonlyMap<Axis, number> = new Map();

/** The number of an index. */
export function emitIndex(emitter: Emitter, index: Index, context: Context): void {
  const { offset, terms } = resolved(index, context);
  emitSum(emitter, terms, 1, undefined, context);
  if (offset !== 0) emitter.body.whole("i32", offset).add("i32.add");
}

/** Leaves the part of an address that is not known, and gives the other. */
export function emitAddress(emitter: Emitter, operand: number, index: Index, context: Context): number {
  const { dtype, base } = elementAt(emitter.buffers, operand);
  const { offset, terms } = resolved(index, { ...context, vector: undefined });
  const bytes = bytesPerElement[dtype];
  const begin = "at" in base ? base.at : 0;
  emitSum(emitter, terms, bytes, "parameter" in base ? base.parameter : undefined, context);
  // WebAssembly adds the known part to an unsigned number: what may be below 0 without it gets it at once.
  const { least } = rangeOf({ offset: 0, terms }, (axis) => positionsOf({ ...context, point: noPoint }, axis));
  if (least >= 0 && offset * bytes + begin >= 0) return offset * bytes + begin;
  if (offset !== 0) emitter.body.whole("i32", offset * bytes).add("i32.add");
  return begin;
}

/** The index in terms of what loops change: positions that are written out are in the offset. */
function resolved(index: Index, context: Context): Index {
  let result: Index = { offset: index.offset, terms: [] };
  for (const { term, factor } of index.terms) result = plus(result, times(resolvedTerm(term, context), factor));
  return result;
}

function resolvedTerm(term: Term, context: Context): Index {
  const itself: Index = { offset: 0, terms: [{ term, factor: 1 }] };
  if (term.form === "value") return itself;
  if (term.form === "axis") {
    const offset = context.point.get(term.axis) ?? 0;
    const isLoop = context.scope.loopOf(term.axis) !== undefined;
    return { offset, terms: isLoop ? itself.terms : [] };
  }
  const of = resolved(term.of, context);
  const { least, most } = rangeOf(of, (axis) => positionsOf({ ...context, point: noPoint }, axis));
  const [first, last] = [Math.floor(least / term.by), Math.floor(most / term.by)];
  if (first === last) return term.form === "quotient" ? { offset: first, terms: [] } : shifted(of, -first * term.by);
  return { offset: 0, terms: [{ term: { ...term, of }, factor: 1 }] };
}

/** Leaves the sum of terms times their factors and `bytes`, and of where a parameter points. */
function emitSum(emitter: Emitter, terms: Terms, bytes: number, parameter: number | undefined, context: Context): void {
  const { body } = emitter;
  const { scope } = context;
  const { loop, parent } = scope;
  let count = 0;
  const added = () => {
    if (count++ > 0) body.add("i32.add");
  };
  const isInner = ({ term }: Terms[number]) =>
    loop === undefined || dependsOn({ offset: 0, terms: [{ term, factor: 1 }] }, loop.axis);
  // What does not change in this loop is summed in front of it.
  const outer = terms.filter((each) => !isInner(each));
  const inner = loop === undefined ? terms : terms.filter(isInner);
  if (loop !== undefined && parent !== undefined && outer.length + (parameter === undefined ? 0 : 1) > 0) {
    if (outer.length > 0) {
      const axes = new Set(outer.flatMap(({ term }) => axesOfTerm(term)));
      const key = `sum ${bytes} ${parameter} ${outer.map((each) => termKey(emitter, each, context)).join(" ")}`;
      const local = emitter.computed(key, "i32", scope, axes, (where) =>
        emitPlainSum(emitter, outer, bytes, parameter, { ...context, scope: where }),
      );
      body.add("local.get", local);
    } else if (parameter !== undefined) body.add("local.get", parameter);
    added();
  } else if (parameter !== undefined) {
    body.add("local.get", parameter);
    added();
  }
  for (const each of inner) {
    emitTerm(emitter, each, bytes, context);
    added();
  }
  if (count === 0) body.whole("i32", 0);
}

function emitPlainSum(
  emitter: Emitter,
  terms: Terms,
  bytes: number,
  parameter: number | undefined,
  context: Context,
): void {
  const { body } = emitter;
  if (parameter !== undefined) body.add("local.get", parameter);
  for (const [index, each] of terms.entries()) {
    emitTerm(emitter, each, bytes, context);
    if (index > 0 || parameter !== undefined) body.add("i32.add");
  }
}

function termKey(emitter: Emitter, { term, factor }: Terms[number], context: Context): string {
  if (term.form === "axis") return `${factor}*${numberOf(context.scope.loopOf(term.axis) ?? term.axis)}`;
  if (term.form === "value") return `${factor}*(${emitter.key(term.value, { ...context, vector: undefined })})`;
  return `${factor}*(${term.form} ${term.by} ${term.of.offset} ${term.of.terms.map((each) => termKey(emitter, each, context)).join(" ")})`;
}

function emitTerm(emitter: Emitter, { term, factor }: Terms[number], bytes: number, context: Context): void {
  const { body } = emitter;
  const scaled = factor * bytes;
  if (term.form === "axis") {
    body.add("local.get", context.scope.loopOf(term.axis)?.local ?? 0);
    if (scaled % 4 === 0) {
      if (scaled !== 4) body.whole("i32", scaled / 4).add("i32.mul");
    } else {
      body.whole("i32", 2).add("i32.shr_s");
      if (scaled !== 1) body.whole("i32", scaled).add("i32.mul");
    }
    return;
  }
  if (term.form === "value") emitValue(emitter, term.value, { ...context, vector: undefined });
  else {
    const { offset, terms } = term.of;
    emitSum(emitter, terms, 1, undefined, context);
    if (offset !== 0) body.whole("i32", offset).add("i32.add");
    body.whole("i32", term.by).add(term.form === "quotient" ? "i32.div_u" : "i32.rem_u");
  }
  if (scaled !== 1) body.whole("i32", scaled).add("i32.mul");
}

function axesOfTerm(term: Term): readonly Axis[] {
  if (term.form === "axis") return [term.axis];
  return term.form === "value" ? [...axesOf(term.value)] : term.of.terms.flatMap((each) => axesOfTerm(each.term));
}
