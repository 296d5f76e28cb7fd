/** From reductions to instructions: for several positions at once, whose totals are locals. */
import { elementAt } from "../element-at.ts";
import { axesOf, hasReduction, isVectorAlong, knownCondition, operandsOf } from "./analysis.ts";
import { emitValue } from "./emit-value.ts";
import { type Emitter, valueTypes } from "./emitter.ts";
import type { Axis } from "./indices.ts";
import type { Expression, Operator } from "./loops.ts";
import type { ValueType } from "./module.ts";
import { addOperator, addVectorOperator } from "./operators.ts";
import { type Context, Scope } from "./scope.ts";

/** Reductions over no more elements are written out, one after the other. */
const mostWrittenOut = 8;

/** Computes the reductions that a value needs, for several positions at once: what they read in common is read once. */
export function emitSharedReductions(emitter: Emitter, expression: Expression, contexts: readonly Context[]): void {
  const [first] = contexts;
  if (first === undefined || contexts.length < 2) return;
  if (expression.form === "when") {
    const known = contexts.map((context) => knownCondition(expression.condition, context));
    if (known.every((each) => each === true)) emitSharedReductions(emitter, expression.yes, contexts);
    if (known.every((each) => each === false)) emitSharedReductions(emitter, expression.no, contexts);
    return;
  }
  if (expression.form === "reduce") {
    const { loop } = first.scope;
    const axes = axesOf(expression);
    const isInner = loop === undefined || axes.has(loop.axis);
    const open = new Map(contexts.map((context) => [emitter.key(expression, context), context]));
    const isOwn = contexts.every(({ vector }) => vector === undefined || axes.has(vector));
    if (isInner && isOwn) emitReductions(emitter, expression, [...open.values()]);
    return;
  }
  for (const operand of operandsOf(expression))
    if (hasReduction(operand)) emitSharedReductions(emitter, operand, contexts);
}

/** Puts the results of a reduction into locals, one for each context. */
export function emitReductions(
  emitter: Emitter,
  expression: Extract<Expression, { form: "reduce" }>,
  contexts: readonly Context[],
): void {
  const { body } = emitter;
  const { kind, operator, axes, start, body: inner } = expression;
  const open = contexts.filter((context) => context.scope.find(emitter.key(expression, context)) === undefined);
  const [first] = open;
  if (first === undefined) return;
  const isVector = first.vector !== undefined;
  const type: ValueType = isVector ? "v128" : valueTypes[kind];
  const combine = (vector: boolean) =>
    vector ? addVectorOperator(body, operator, kind, kind) : addOperator(body, operator, kind, kind);
  const totals = open.map((context) => {
    const local = emitter.local(type);
    emitValue(emitter, start, context);
    body.add("local.set", local);
    return local;
  });
  const count = axes.reduce((product, { size }) => product * size, 1);
  const add = (contextsNow: readonly Context[], into: readonly number[], vector: boolean) => {
    emitSharedReductions(emitter, inner, contextsNow);
    for (const [index, context] of contextsNow.entries()) {
      const local = elementAt(into, index);
      body.add("local.get", local);
      emitValue(emitter, inner, context);
      combine(vector);
      body.add("local.set", local);
    }
  };
  if (count > 0) {
    const last = axes.findLast(({ size }) => size > 1);
    const along =
      last !== undefined && !isVector && kind === "f32" && last.size >= 8 && !emitter.writesOut ? last : undefined;
    const outer = axes.filter((axis) => axis !== along);
    /** Sums of every fourth element along vectors, whatever else is gone over. */
    let partial: readonly number[] = [];
    const passes = body.aside(() =>
      overAxes(emitter, outer, [inner], open, (now) => {
        if (along === undefined) {
          add(now, totals, isVector);
          return;
        }
        emitter.pieces(along, [inner], (from, to) => {
          const whole = to - from - ((to - from) % 4);
          const wide = now.map((context) => ({ ...context, vector: along }));
          const isWide =
            whole >= 8 && wide.every((each) => isVectorAlong(inner, withLoop(each, along, from, from + whole)));
          const done = isWide ? whole : 0;
          if (isWide) {
            if (partial.length === 0) partial = totals.map(() => emitter.local("v128"));
            emitter.loop(along, from, from + whole, 4, wide, (inside) => add(inside, partial, true));
          }
          emitter.loop(along, from + done, to, 1, now, (inside) => add(inside, totals, false));
        });
      }),
    );
    for (const [index, local] of partial.entries()) {
      emitNeutral(emitter, operator, elementAt(totals, index));
      body.add("local.set", local);
    }
    body.insert(passes);
    for (const [index, local] of partial.entries()) {
      emitSumOfLanes(emitter, local, operator);
      const total = elementAt(totals, index);
      body.add("local.get", total);
      combine(false);
      body.add("local.set", total);
    }
  }
  for (const [index, context] of open.entries())
    context.scope.known.set(emitter.key(expression, context), elementAt(totals, index));
}

function overAxes(
  emitter: Emitter,
  axes: readonly Axis[],
  expressions: readonly Expression[],
  contexts: readonly Context[],
  write: (contexts: readonly Context[]) => void,
): void {
  const [axis, ...others] = axes;
  if (axis === undefined) {
    write(contexts);
    return;
  }
  const rest = others.reduce((product, { size }) => product * size, 1);
  const inside = (now: readonly Context[]) => overAxes(emitter, others, expressions, now, write);
  // Blocks of a long sum are loops themselves.
  if (emitter.writesOut || (axis.size * rest <= mostWrittenOut && !expressions.some(hasReduction))) {
    for (let position = 0; position < axis.size; position++)
      inside(contexts.map((context) => ({ ...context, point: new Map([...context.point, [axis, position]]) })));
    return;
  }
  emitter.pieces(axis, expressions, (from, to) => emitter.loop(axis, from, to, 1, contexts, inside));
}

/** A context in which an axis has no loop yet, with the range that it is going to have. */
function withLoop(context: Context & { readonly vector: Axis }, axis: Axis, from: number, to: number) {
  const loop = { axis, local: 0, range: { least: from, most: to - 4 } };
  return { ...context, scope: new Scope(context.scope, loop) };
}

/** What changes nothing: of sums 0, of products 1, of extremes what there is already. */
function emitNeutral(emitter: Emitter, operator: Operator, total: number): void {
  if (operator === "add") emitter.body.float("f32", 0);
  else if (operator === "mul") emitter.body.float("f32", 1);
  else emitter.body.add("local.get", total);
  emitter.body.add("f32x4.splat");
}

/** The first and third, the second and fourth, then both. */
function emitSumOfLanes(emitter: Emitter, local: number, operator: Operator): void {
  const { body } = emitter;
  const halves = Array.from({ length: 16 }, (_, byte) => (byte + 8) % 16);
  body.add("local.get", local).add("local.get", local).add("local.get", local).withBytes("i8x16.shuffle", halves);
  addVectorOperator(body, operator, "f32", "f32");
  body.add("local.tee", local).add("f32x4.extract_lane", 0).add("local.get", local).add("f32x4.extract_lane", 1);
  addOperator(body, operator, "f32", "f32");
}
