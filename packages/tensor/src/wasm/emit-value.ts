/**
 * From expressions to instructions. Expressions have indices, which may have expressions, and reductions, which have both:
 * `emit-index.ts`, `emit-reduction.ts` and this file call each other.
 */
import type { DType } from "../dtype.ts";
import { elementAt } from "../element-at.ts";
import { axesOf, knownCondition } from "./analysis.ts";
import { emitAddress, emitIndex } from "./emit-index.ts";
import { emitReductions } from "./emit-reduction.ts";
import { type Emitter, valueTypes } from "./emitter.ts";
import { type Index, shifted } from "./indices.ts";
import type { Expression, Kind } from "./loops.ts";
import { nothing, type ValueType } from "./module.ts";
import { addOperator, addVectorOperator } from "./operators.ts";
import { type Context, Scope } from "./scope.ts";

/** Where the program leaves an index that is outside its axis, and that axis' size, both as i64. */
export const failureAt = 16;

/** Leaves the value on the stack: of four adjacent positions, where the context has a vector axis. */
export function emitValue(emitter: Emitter, expression: Expression, context: Context): void {
  const { body } = emitter;
  if (context.vector !== undefined && !axesOf(expression).has(context.vector)) {
    emitSplat(emitter, expression, context);
    return;
  }
  if (expression.form === "number") {
    emitNumber(emitter, expression.kind, expression.value);
    return;
  }
  if (expression.form === "apply" && expression.operator === "select") {
    const known = knownCondition(elementAt(expression.operands, 0), context);
    if (known !== undefined) {
      emitValue(emitter, elementAt(expression.operands, known ? 1 : 2), context);
      return;
    }
  }
  if (expression.form === "when") {
    const known = knownCondition(expression.condition, context);
    if (known !== undefined) {
      emitValue(emitter, known ? expression.yes : expression.no, context);
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
    emitter.computed(emitter.key(expression, context), type, context.scope, axesOf(expression), (scope) =>
      emitComputed(emitter, expression, { ...context, scope }),
    ),
  );
}

function emitSplat(emitter: Emitter, expression: Expression, context: Context): void {
  const { kind } = expression;
  const scalar = { ...context, vector: undefined };
  const key = `splat ${emitter.key(expression, scalar)}`;
  const local = emitter.computed(key, "v128", context.scope, axesOf(expression), (scope) => {
    emitValue(emitter, expression, { ...scalar, scope });
    if (kind === "bool") emitter.body.whole("i32", -1).add("i32.mul");
    emitter.body.add(kind === "f32" ? "f32x4.splat" : "i32x4.splat");
  });
  emitter.body.add("local.get", local);
}

function emitNumber(emitter: Emitter, kind: Kind, value: number | bigint): void {
  if (kind === "f32" || kind === "f64") emitter.body.float(kind, Number(value));
  else emitter.body.whole(kind === "i64" ? "i64" : "i32", value);
}

function emitComputed(emitter: Emitter, expression: Expression, context: Context): void {
  const { body } = emitter;
  const isVector = context.vector !== undefined;
  switch (expression.form) {
    case "number":
      emitNumber(emitter, expression.kind, expression.value);
      return;
    case "position":
      emitPosition(emitter, expression.index, context);
      return;
    case "read":
      emitRead(emitter, expression.operand, elementAt(expression.at, 0), context);
      return;
    case "within": {
      emitIndex(emitter, shifted(expression.index, -expression.from), context);
      body.whole("i32", expression.to - expression.from).add("i32.lt_u");
      return;
    }
    case "when": {
      emitValue(emitter, expression.condition, { ...context, vector: undefined });
      const type: ValueType = isVector ? "v128" : valueTypes[expression.kind];
      body.add("if", blockTypes[type]);
      emitValue(emitter, expression.yes, { ...context, scope: new Scope(context.scope) });
      body.add("else");
      emitValue(emitter, expression.no, { ...context, scope: new Scope(context.scope) });
      body.add("end");
      return;
    }
    case "checked":
      emitChecked(emitter, expression.index, expression.size, context);
      return;
    case "call": {
      for (const operand of expression.operands) emitValue(emitter, operand, context);
      body.add("call", emitter.functions.number(expression.name, isVector));
      return;
    }
    case "reduce":
      emitReductions(emitter, expression, [context]);
      body.add("local.get", context.scope.find(emitter.key(expression, context)) ?? 0);
      return;
    case "apply": {
      const { operator, kind, operands } = expression;
      if (operator === "select") {
        for (const operand of [...operands.slice(1), elementAt(operands, 0)]) emitValue(emitter, operand, context);
        body.add(isVector ? "v128.bitselect" : "select");
        return;
      }
      const [first, second] = [elementAt(operands, 0), operands[1]];
      emitValue(emitter, first, context);
      const isShift = operator === "shl" || operator === "shrS" || operator === "shrU";
      // Vectors are shifted by one number.
      if (second !== undefined) emitValue(emitter, second, isShift ? { ...context, vector: undefined } : context);
      const from = first.kind;
      if (isVector) addVectorOperator(body, operator, kind, from);
      else addOperator(body, operator, kind, from);
      return;
    }
    default:
      throw new RangeError(`${expression.form} stands in functions alone`);
  }
}

function emitPosition(emitter: Emitter, index: Index, context: Context): void {
  const { vector } = context;
  if (vector === undefined) {
    emitIndex(emitter, index, context);
    return;
  }
  const here = { ...context, vector: undefined };
  emitIndex(emitter, index, here);
  emitter.body.add("i32x4.splat");
  const factor = index.terms.find(({ term }) => term.form === "axis" && term.axis === vector)?.factor ?? 0;
  emitter.body.withBytes("v128.const", new Uint8Array(Int32Array.of(0, factor, 2 * factor, 3 * factor).buffer));
  emitter.body.add("i32x4.add");
}

function emitRead(emitter: Emitter, operand: number, index: Index, context: Context): void {
  const { body } = emitter;
  const { dtype } = elementAt(emitter.buffers, operand);
  const offset = emitAddress(emitter, operand, index, context);
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

function emitChecked(emitter: Emitter, index: Expression, size: number, context: Context): void {
  const { body } = emitter;
  const local = emitter.local("i64");
  emitValue(emitter, index, context);
  if (index.kind === "i32") body.add("i64.extend_i32_s");
  body.add("local.tee", local).whole("i64", size).add("i64.add").add("local.get", local);
  body.add("local.get", local).whole("i64", 0).add("i64.lt_s").add("select");
  const wrapped = emitter.local("i64");
  body.add("local.tee", wrapped).whole("i64", size).add("i64.ge_u");
  body.add("if", nothing);
  body.whole("i32", failureAt).add("local.get", local).access("i64.store", 0);
  body.whole("i32", failureAt).whole("i64", size).access("i64.store", 8);
  body.add("unreachable").add("end");
  body.add("local.get", wrapped).add("i32.wrap_i64");
}

const blockTypes: Readonly<Record<ValueType, number>> = { i32: 0x7f, i64: 0x7e, f32: 0x7d, f64: 0x7c, v128: 0x7b };

const loads: Readonly<Record<DType, string>> = {
  float32: "f32.load",
  int64: "i64.load",
  int32: "i32.load",
  uint8: "i32.load8_u",
  bool: "i32.load8_u",
};
