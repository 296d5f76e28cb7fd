/** From expressions to instructions. */
import type { DType } from "../dtype.ts";
import { bytesPerElement } from "../dtype.ts";
import { elementAt } from "../element-at.ts";
import { memoized } from "../program/memoized.ts";
import { axesOf, boundsAlong, dependsOn, hasReduction, isVectorAlong, knownCondition, operandsOf } from "./analysis.ts";
import type { FunctionTable } from "./function-table.ts";
import { type Axis, type Index, plus, rangeOf, shifted, type Term, times } from "./indices.ts";
import type { Expression, Kind, Operator } from "./loops.ts";
import { type FunctionBody, nothing, type ValueType } from "./module.ts";
import { addOperator, addVectorOperator } from "./operators.ts";
import { type Context, positionsOf, Scope } from "./scope.ts";

/** Where the elements of a tensor lie: at a place in memory, or from where a parameter of the function says. */
export interface Buffer {
  readonly dtype: DType;
  readonly base: { readonly at: number } | { readonly parameter: number };
}

/** Where the program leaves an index that is outside its axis, and that axis' size, both as i64. */
export const failureAt = 16;

const valueTypes: Readonly<Record<Kind, ValueType>> = { f32: "f32", f64: "f64", i32: "i32", i64: "i64", bool: "i32" };

type Terms = Index["terms"];

let numbered = 0;
const numberOf = memoized((_object: object) => String(numbered++));

/** Reductions over no more elements are written out, one after the other. */
const mostWrittenOut = 8;

export class ValueEmitter {
  readonly body: FunctionBody;
  readonly functions: FunctionTable;
  readonly buffers: readonly Buffer[];
  /** Whether all positions are written out, however long reductions are. */
  writesOut = false;
  readonly #taken: number[] = [];

  constructor(body: FunctionBody, functions: FunctionTable, buffers: readonly Buffer[]) {
    this.body = body;
    this.functions = functions;
    this.buffers = buffers;
  }

  /** A local until `forget`. */
  #local(type: ValueType): number {
    const local = this.body.local(type);
    this.#taken.push(local);
    return local;
  }

  /** Gives back the locals of what has been computed. */
  forget(): void {
    for (const local of this.#taken.splice(0)) this.body.giveBack(local);
  }

  // Values

  /** Leaves the value on the stack: of four adjacent positions, where the context has a vector axis. */
  value(expression: Expression, context: Context): void {
    const { body } = this;
    if (context.vector !== undefined && !axesOf(expression).has(context.vector)) {
      this.#splat(expression, context);
      return;
    }
    if (expression.form === "number") {
      this.#number(expression.kind, expression.value);
      return;
    }
    if (expression.form === "apply" && expression.operator === "select") {
      const known = knownCondition(elementAt(expression.operands, 0), context);
      if (known !== undefined) {
        this.value(elementAt(expression.operands, known ? 1 : 2), context);
        return;
      }
    }
    if (expression.form === "when") {
      const known = knownCondition(expression.condition, context);
      if (known !== undefined) {
        this.value(known ? expression.yes : expression.no, context);
        return;
      }
    }
    if (expression.form === "within") {
      const known = knownCondition(expression, context);
      if (known !== undefined) {
        body.whole("i32", known ? (context.vector === undefined ? 1 : -1) : 0);
        if (context.vector !== undefined) body.add("i32x4.splat");
        return;
      }
    }
    const type = context.vector === undefined ? valueTypes[expression.kind] : "v128";
    body.add(
      "local.get",
      this.#computed(this.#key(expression, context), type, context.scope, axesOf(expression), (scope) =>
        this.#compute(expression, { ...context, scope }),
      ),
    );
  }

  /** The local that holds a value, computed outside of loops that it does not depend on. */
  #computed(
    key: string,
    type: ValueType,
    scope: Scope,
    axes: ReadonlySet<Axis>,
    compute: (scope: Scope) => void,
  ): number {
    const found = scope.find(key);
    if (found !== undefined) return found;
    if (scope.loop !== undefined && scope.parent !== undefined && !axes.has(scope.loop.axis)) {
      const { parent } = scope;
      let local = -1;
      scope.ahead.push(
        this.body.aside(() => {
          local = this.#computed(key, type, parent, axes, compute);
        }),
      );
      return local;
    }
    const local = this.#local(type);
    compute(scope);
    this.body.add("local.set", local);
    scope.known.set(key, local);
    return local;
  }

  /** Tells values apart: by the expression, and where in which loops it is computed. */
  #key(expression: Expression, { scope, point, vector }: Context): string {
    let key = numberOf(expression);
    for (const axis of axesOf(expression)) {
      const loop = scope.loopOf(axis);
      key += ` ${numberOf(loop ?? axis)}+${point.get(axis) ?? 0}`;
    }
    return vector === undefined ? key : `${key} along ${numberOf(vector)}`;
  }

  #splat(expression: Expression, context: Context): void {
    const { kind } = expression;
    const scalar = { ...context, vector: undefined };
    const key = `splat ${this.#key(expression, scalar)}`;
    const local = this.#computed(key, "v128", context.scope, axesOf(expression), (scope) => {
      this.value(expression, { ...scalar, scope });
      if (kind === "bool") this.body.whole("i32", -1).add("i32.mul");
      this.body.add(kind === "f32" ? "f32x4.splat" : "i32x4.splat");
    });
    this.body.add("local.get", local);
  }

  #number(kind: Kind, value: number | bigint): void {
    if (kind === "f32" || kind === "f64") this.body.float(kind, Number(value));
    else this.body.whole(kind === "i64" ? "i64" : "i32", value);
  }

  #compute(expression: Expression, context: Context): void {
    const { body } = this;
    const isVector = context.vector !== undefined;
    switch (expression.form) {
      case "number":
        this.#number(expression.kind, expression.value);
        return;
      case "position":
        this.#position(expression.index, context);
        return;
      case "read":
        this.#read(expression.operand, elementAt(expression.at, 0), context);
        return;
      case "within": {
        this.#wholeIndex(shifted(expression.index, -expression.from), context);
        body.whole("i32", expression.to - expression.from).add("i32.lt_u");
        return;
      }
      case "when": {
        this.value(expression.condition, { ...context, vector: undefined });
        const type: ValueType = isVector ? "v128" : valueTypes[expression.kind];
        body.add("if", blockTypes[type]);
        this.value(expression.yes, { ...context, scope: new Scope(context.scope) });
        body.add("else");
        this.value(expression.no, { ...context, scope: new Scope(context.scope) });
        body.add("end");
        return;
      }
      case "checked":
        this.#checked(expression.index, expression.size, context);
        return;
      case "call": {
        for (const operand of expression.operands) this.value(operand, context);
        body.add("call", this.functions.number(expression.name, isVector));
        return;
      }
      case "reduce":
        this.reduceAll(expression, [context]);
        body.add("local.get", context.scope.find(this.#key(expression, context)) ?? 0);
        return;
      case "apply": {
        const { operator, kind, operands } = expression;
        if (operator === "select") {
          for (const operand of [...operands.slice(1), elementAt(operands, 0)]) this.value(operand, context);
          body.add(isVector ? "v128.bitselect" : "select");
          return;
        }
        const [first, second] = [elementAt(operands, 0), operands[1]];
        this.value(first, context);
        const isShift = operator === "shl" || operator === "shrS" || operator === "shrU";
        // Vectors are shifted by one number.
        if (second !== undefined) this.value(second, isShift ? { ...context, vector: undefined } : context);
        const from = first.kind;
        if (isVector) addVectorOperator(body, operator, kind, from);
        else addOperator(body, operator, kind, from);
        return;
      }
      default:
        throw new RangeError(`${expression.form} stands in functions alone`);
    }
  }

  #position(index: Index, context: Context): void {
    const { vector } = context;
    if (vector === undefined) {
      this.#wholeIndex(index, context);
      return;
    }
    const here = { ...context, vector: undefined };
    this.#wholeIndex(index, here);
    this.body.add("i32x4.splat");
    const factor = index.terms.find(({ term }) => term.form === "axis" && term.axis === vector)?.factor ?? 0;
    this.body.withBytes("v128.const", new Uint8Array(Int32Array.of(0, factor, 2 * factor, 3 * factor).buffer));
    this.body.add("i32x4.add");
  }

  #checked(index: Expression, size: number, context: Context): void {
    const { body } = this;
    const local = this.#local("i64");
    this.value(index, context);
    if (index.kind === "i32") body.add("i64.extend_i32_s");
    body.add("local.tee", local).whole("i64", size).add("i64.add").add("local.get", local);
    body.add("local.get", local).whole("i64", 0).add("i64.lt_s").add("select");
    const wrapped = this.#local("i64");
    body.add("local.tee", wrapped).whole("i64", size).add("i64.ge_u");
    body.add("if", nothing);
    body.whole("i32", failureAt).add("local.get", local).access("i64.store", 0);
    body.whole("i32", failureAt).whole("i64", size).access("i64.store", 8);
    body.add("unreachable").add("end");
    body.add("local.get", wrapped).add("i32.wrap_i64");
  }

  // Places

  /** The number of an index. */
  #wholeIndex(index: Index, context: Context): void {
    const { offset, terms } = this.#resolved(index, context);
    this.#sum(terms, 1, undefined, context);
    if (offset !== 0) this.body.whole("i32", offset).add("i32.add");
  }

  /** The index in terms of what loops change: positions that are written out are in the offset. */
  #resolved(index: Index, context: Context): Index {
    let result: Index = { offset: index.offset, terms: [] };
    for (const { term, factor } of index.terms) result = plus(result, times(this.#resolvedTerm(term, context), factor));
    return result;
  }

  #resolvedTerm(term: Term, context: Context): Index {
    const itself: Index = { offset: 0, terms: [{ term, factor: 1 }] };
    if (term.form === "value") return itself;
    if (term.form === "axis") {
      const offset = context.point.get(term.axis) ?? 0;
      const isLoop = context.scope.loopOf(term.axis) !== undefined;
      return { offset, terms: isLoop ? itself.terms : [] };
    }
    const of = this.#resolved(term.of, context);
    const { least, most } = rangeOf(of, (axis) => positionsOf({ ...context, point: noPoint }, axis));
    const [first, last] = [Math.floor(least / term.by), Math.floor(most / term.by)];
    if (first === last) return term.form === "quotient" ? { offset: first, terms: [] } : shifted(of, -first * term.by);
    return { offset: 0, terms: [{ term: { ...term, of }, factor: 1 }] };
  }

  /** Leaves the sum of terms times their factors and `bytes`, and of where a parameter points. */
  #sum(terms: Terms, bytes: number, parameter: number | undefined, context: Context): void {
    const { body } = this;
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
        const key = `sum ${bytes} ${parameter} ${outer.map((each) => this.#termKey(each, context)).join(" ")}`;
        const local = this.#computed(key, "i32", scope, axes, (where) =>
          this.#plainSum(outer, bytes, parameter, { ...context, scope: where }),
        );
        body.add("local.get", local);
      } else if (parameter !== undefined) body.add("local.get", parameter);
      added();
    } else if (parameter !== undefined) {
      body.add("local.get", parameter);
      added();
    }
    for (const each of inner) {
      this.#term(each, bytes, context);
      added();
    }
    if (count === 0) body.whole("i32", 0);
  }

  #plainSum(terms: Terms, bytes: number, parameter: number | undefined, context: Context): void {
    const { body } = this;
    if (parameter !== undefined) body.add("local.get", parameter);
    for (const [index, each] of terms.entries()) {
      this.#term(each, bytes, context);
      if (index > 0 || parameter !== undefined) body.add("i32.add");
    }
  }

  #termKey({ term, factor }: Terms[number], context: Context): string {
    if (term.form === "axis") return `${factor}*${numberOf(context.scope.loopOf(term.axis) ?? term.axis)}`;
    if (term.form === "value") return `${factor}*(${this.#key(term.value, { ...context, vector: undefined })})`;
    return `${factor}*(${term.form} ${term.by} ${term.of.offset} ${term.of.terms.map((each) => this.#termKey(each, context)).join(" ")})`;
  }

  #term({ term, factor }: Terms[number], bytes: number, context: Context): void {
    const { body } = this;
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
    if (term.form === "value") this.value(term.value, { ...context, vector: undefined });
    else {
      const { offset, terms } = term.of;
      this.#sum(terms, 1, undefined, context);
      if (offset !== 0) body.whole("i32", offset).add("i32.add");
      body.whole("i32", term.by).add(term.form === "quotient" ? "i32.div_u" : "i32.rem_u");
    }
    if (scaled !== 1) body.whole("i32", scaled).add("i32.mul");
  }

  /** Leaves the part of an address that is not known, and gives the other. */
  address(operand: number, index: Index, context: Context): number {
    const { dtype, base } = elementAt(this.buffers, operand);
    const { offset, terms } = this.#resolved(index, { ...context, vector: undefined });
    const bytes = bytesPerElement[dtype];
    const begin = "at" in base ? base.at : 0;
    this.#sum(terms, bytes, "parameter" in base ? base.parameter : undefined, context);
    // WebAssembly adds the known part to an unsigned number: what may be below 0 without it gets it at once.
    const { least } = rangeOf({ offset: 0, terms }, (axis) => positionsOf({ ...context, point: noPoint }, axis));
    if (least >= 0 && offset * bytes + begin >= 0) return offset * bytes + begin;
    if (offset !== 0) this.body.whole("i32", offset * bytes).add("i32.add");
    return begin;
  }

  #read(operand: number, index: Index, context: Context): void {
    const { body } = this;
    const { dtype } = elementAt(this.buffers, operand);
    const offset = this.address(operand, index, context);
    if (context.vector === undefined) {
      body.access(loads[dtype], offset);
      return;
    }
    if (dtype === "float32" || dtype === "int32") {
      body.access("v128.load", offset);
      return;
    }
    body.access("v128.load32_zero", offset).add("i16x8.extend_low_i8x16_u").add("i32x4.extend_low_i16x8_u");
    if (dtype === "bool") body.withBytes("v128.const", new Uint8Array(16)).add("i32x4.ne");
  }

  // Reductions

  /** Computes the reductions that a value needs, for several positions at once: what they read in common is read once. */
  prepare(expression: Expression, contexts: readonly Context[]): void {
    const [first] = contexts;
    if (first === undefined || contexts.length < 2) return;
    if (expression.form === "when") {
      const known = contexts.map((context) => knownCondition(expression.condition, context));
      if (known.every((each) => each === true)) this.prepare(expression.yes, contexts);
      if (known.every((each) => each === false)) this.prepare(expression.no, contexts);
      return;
    }
    if (expression.form === "reduce") {
      const { loop } = first.scope;
      const axes = axesOf(expression);
      const isInner = loop === undefined || axes.has(loop.axis);
      const open = new Map(contexts.map((context) => [this.#key(expression, context), context]));
      const isOwn = contexts.every(({ vector }) => vector === undefined || axes.has(vector));
      if (isInner && isOwn) this.reduceAll(expression, [...open.values()]);
      return;
    }
    for (const operand of operandsOf(expression)) if (hasReduction(operand)) this.prepare(operand, contexts);
  }

  /** Puts the results of a reduction into locals, one for each context. */
  reduceAll(expression: Extract<Expression, { form: "reduce" }>, contexts: readonly Context[]): void {
    const { body } = this;
    const { kind, operator, axes, start, body: inner } = expression;
    const open = contexts.filter((context) => context.scope.find(this.#key(expression, context)) === undefined);
    const [first] = open;
    if (first === undefined) return;
    const isVector = first.vector !== undefined;
    const type: ValueType = isVector ? "v128" : valueTypes[kind];
    const combine = (vector: boolean) =>
      vector ? addVectorOperator(body, operator, kind, kind) : addOperator(body, operator, kind, kind);
    const totals = open.map((context) => {
      const local = this.#local(type);
      this.value(start, context);
      body.add("local.set", local);
      return local;
    });
    const count = axes.reduce((product, { size }) => product * size, 1);
    const add = (contextsNow: readonly Context[], into: readonly number[], vector: boolean) => {
      this.prepare(inner, contextsNow);
      for (const [index, context] of contextsNow.entries()) {
        const local = elementAt(into, index);
        body.add("local.get", local);
        this.value(inner, context);
        combine(vector);
        body.add("local.set", local);
      }
    };
    if (count > 0) {
      const last = axes.findLast(({ size }) => size > 1);
      const along =
        last !== undefined && !isVector && kind === "f32" && last.size >= 8 && !this.writesOut ? last : undefined;
      const outer = axes.filter((axis) => axis !== along);
      /** Sums of every fourth element along vectors, whatever else is gone over. */
      let partial: readonly number[] = [];
      const passes = body.aside(() =>
        this.#overAxes(outer, [inner], open, (now) => {
          if (along === undefined) {
            add(now, totals, isVector);
            return;
          }
          this.pieces(along, [inner], (from, to) => {
            const whole = to - from - ((to - from) % 4);
            const wide = now.map((context) => ({ ...context, vector: along }));
            const isWide =
              whole >= 8 && wide.every((each) => isVectorAlong(inner, this.#at(each, along, from, from + whole)));
            const done = isWide ? whole : 0;
            if (isWide) {
              if (partial.length === 0) partial = totals.map(() => this.#local("v128"));
              this.loop(along, from, from + whole, 4, wide, (inside) => add(inside, partial, true));
            }
            this.loop(along, from + done, to, 1, now, (inside) => add(inside, totals, false));
          });
        }),
      );
      for (const [index, local] of partial.entries()) {
        this.#neutral(operator, elementAt(totals, index));
        body.add("local.set", local);
      }
      body.insert(passes);
      for (const [index, local] of partial.entries()) {
        this.#sumLanes(local, operator);
        const total = elementAt(totals, index);
        body.add("local.get", total);
        combine(false);
        body.add("local.set", total);
      }
    }
    for (const [index, context] of open.entries())
      context.scope.known.set(this.#key(expression, context), elementAt(totals, index));
  }

  /** A context in which an axis has no loop yet, with the range that it is going to have. */
  #at(context: Context & { readonly vector: Axis }, axis: Axis, from: number, to: number) {
    const loop = { axis, local: 0, range: { least: from, most: to - 4 } };
    return { ...context, scope: new Scope(context.scope, loop) };
  }

  /** What changes nothing: of sums 0, of products 1, of extremes what there is already. */
  #neutral(operator: Operator, total: number): void {
    if (operator === "add") this.body.float("f32", 0);
    else if (operator === "mul") this.body.float("f32", 1);
    else this.body.add("local.get", total);
    this.body.add("f32x4.splat");
  }

  /** The first and third, the second and fourth, then both. */
  #sumLanes(local: number, operator: Operator): void {
    const { body } = this;
    const halves = Array.from({ length: 16 }, (_, byte) => (byte + 8) % 16);
    body.add("local.get", local).add("local.get", local).add("local.get", local).withBytes("i8x16.shuffle", halves);
    addVectorOperator(body, operator, "f32", "f32");
    body.add("local.tee", local).add("f32x4.extract_lane", 0).add("local.get", local).add("f32x4.extract_lane", 1);
    addOperator(body, operator, "f32", "f32");
  }

  #overAxes(
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
    const inside = (now: readonly Context[]) => this.#overAxes(others, expressions, now, write);
    if (this.writesOut || axis.size * rest <= mostWrittenOut) {
      for (let position = 0; position < axis.size; position++)
        inside(contexts.map((context) => ({ ...context, point: new Map([...context.point, [axis, position]]) })));
      return;
    }
    this.pieces(axis, expressions, (from, to) => this.loop(axis, from, to, 1, contexts, inside));
  }

  // Loops

  /** Ranges of an axis within which conditions do not change. */
  pieces(axis: Axis, expressions: readonly Expression[], write: (from: number, to: number) => void): void {
    const inside = [...boundsAlong(expressions, axis)].filter((bound) => bound > 0 && bound < axis.size);
    const bounds = [0, ...inside.sort((a, b) => a - b), axis.size];
    for (const [index, from] of bounds.entries()) {
      const to = bounds[index + 1];
      if (to !== undefined) write(from, to);
    }
  }

  /** Passes from a position to below another, a step apart; one pass is written out. */
  loop(
    axis: Axis,
    from: number,
    to: number,
    step: number,
    contexts: readonly Context[],
    write: (contexts: readonly Context[]) => void,
  ): void {
    const { body } = this;
    if (from >= to) return;
    if (to - from <= step) {
      const moved = contexts.map((context) => ({
        ...context,
        point: new Map([...context.point, [axis, (context.point.get(axis) ?? 0) + from]]),
      }));
      write(moved);
      return;
    }
    const local = this.#local("i32");
    const scope = new Scope(elementAt(contexts, 0).scope, { axis, local, range: { least: from, most: to - step } });
    const pass = body.aside(() => write(contexts.map((context) => ({ ...context, scope }))));
    for (const code of scope.ahead) body.insert(code);
    body
      .whole("i32", 4 * from)
      .add("local.set", local)
      .add("loop", nothing);
    body.insert(pass);
    body
      .add("local.get", local)
      .whole("i32", 4 * step)
      .add("i32.add")
      .add("local.tee", local);
    body
      .whole("i32", 4 * to)
      .add("i32.lt_u")
      .add("br_if", 0)
      .add("end");
  }
}

const noPoint: ReadonlyMap<Axis, number> = new Map();

function axesOfTerm(term: Term): readonly Axis[] {
  if (term.form === "axis") return [term.axis];
  return term.form === "value" ? [...axesOf(term.value)] : term.of.terms.flatMap((each) => axesOfTerm(each.term));
}

const blockTypes: Readonly<Record<ValueType, number>> = { i32: 0x7f, i64: 0x7e, f32: 0x7d, f64: 0x7c, v128: 0x7b };

const loads: Readonly<Record<DType, string>> = {
  float32: "f32.load",
  int64: "i64.load",
  int32: "i32.load",
  uint8: "i32.load8_u",
  bool: "i32.load8_u",
};
