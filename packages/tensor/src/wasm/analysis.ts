/** What can be said of an expression before it is computed. */
import { memoized } from "../program/memoized.ts";
import { elementaryFunction } from "./functions.ts";
import { type Axis, type Index, rangeOf } from "./indices.ts";
import type { Expression } from "./loops.ts";
import { type Context, positionsOf } from "./scope.ts";

export function operandsOf(expression: Expression): readonly Expression[] {
  switch (expression.form) {
    case "apply":
    case "call":
      return expression.operands;
    case "when":
      return [expression.condition, expression.yes, expression.no];
    case "checked":
    case "table":
      return [expression.index];
    case "reduce":
      return [expression.start, expression.body];
    default:
      return [];
  }
}

export function indicesOf(expression: Expression): readonly Index[] {
  switch (expression.form) {
    case "read":
      return expression.at;
    case "position":
    case "within":
      return [expression.index];
    default:
      return [];
  }
}

export function axesOfIndex(index: Index): readonly Axis[] {
  return index.terms.flatMap(({ term }) => {
    if (term.form === "axis") return [term.axis];
    return term.form === "value" ? [...axesOf(term.value)] : axesOfIndex(term.of);
  });
}

/** The axes that an expression depends on. */
export const axesOf: (expression: Expression) => ReadonlySet<Axis> = memoized((expression: Expression) => {
  const axes = new Set([
    ...operandsOf(expression).flatMap((operand) => [...axesOf(operand)]),
    ...indicesOf(expression).flatMap(axesOfIndex),
  ]);
  if (expression.form === "reduce") for (const axis of expression.axes) axes.delete(axis);
  return axes;
});

export function dependsOn(index: Index, axis: Axis): boolean {
  return axesOfIndex(index).includes(axis);
}

/** How often an axis moves an index by one element; nothing where it does so unevenly. */
export function strideAlong(index: Index, axis: Axis): number | undefined {
  let stride = 0;
  for (const { term, factor } of index.terms) {
    if (term.form === "axis") stride += term.axis === axis ? factor : 0;
    else if (term.form === "value" ? axesOf(term.value).has(axis) : dependsOn(term.of, axis)) return undefined;
  }
  return stride;
}

/** Whether a condition holds at all positions of the context, or at none. */
export function knownCondition(condition: Expression, context: Context): boolean | undefined {
  if (condition.form === "number") return condition.value !== 0;
  if (condition.form === "within") {
    const { least, most } = rangeOf(condition.index, (axis) => positionsOf(context, axis));
    if (least >= condition.from && most < condition.to) return true;
    return most < condition.from || least >= condition.to ? false : undefined;
  }
  if (condition.form === "apply" && condition.operator === "and") {
    const parts = condition.operands.map((operand) => knownCondition(operand, context));
    if (parts.includes(false)) return false;
    return parts.every((part) => part === true) ? true : undefined;
  }
  return undefined;
}

const vectorKinds: ReadonlySet<string> = new Set(["f32", "i32", "bool"]);
const scalarOperators: ReadonlySet<string> = new Set(["remS", "convertU"]);

type VectorContext = Context & { readonly vector: Axis };

/** Whether four adjacent positions along an axis can be computed at once. */
export function isVectorAlong(
  expression: Expression,
  context: VectorContext,
  known: Map<Expression, boolean> = new Map(),
): boolean {
  const before = known.get(expression);
  if (before !== undefined) return before;
  const is = isVector(expression, context, (operand) => isVectorAlong(operand, context, known));
  known.set(expression, is);
  return is;
}

function isVector(expression: Expression, context: VectorContext, is: (operand: Expression) => boolean): boolean {
  const { vector } = context;
  if (!axesOf(expression).has(vector)) return true;
  const every = (operands: readonly Expression[]) => operands.every(is);
  switch (expression.form) {
    case "read":
      return vectorKinds.has(expression.kind) && expression.at.every((index) => strideAlong(index, vector) === 1);
    case "position":
      return strideAlong(expression.index, vector) !== undefined;
    case "within":
      return knownCondition(expression, context) !== undefined;
    case "when": {
      const known = knownCondition(expression.condition, context);
      if (known !== undefined) return every([known ? expression.yes : expression.no]);
      return !axesOf(expression.condition).has(vector) && every([expression.yes, expression.no]);
    }
    case "call":
      return elementaryFunction(expression.name).isVector && every(expression.operands);
    case "apply":
      return (
        vectorKinds.has(expression.kind) &&
        !scalarOperators.has(expression.operator) &&
        !(expression.operator === "div" && expression.kind === "i32") &&
        expression.operands.every((operand) => vectorKinds.has(operand.kind)) &&
        every(expression.operands)
      );
    case "reduce":
      return expression.kind === "f32" && every([expression.start, expression.body]);
    default:
      return false;
  }
}

/** Roughly how many instructions an expression takes. */
export const costOf: (expression: Expression) => number = memoized((expression: Expression) => {
  const inner = operandsOf(expression).reduce((sum, operand) => sum + costOf(operand), 1);
  return expression.form === "reduce" ? expression.axes.reduce((product, { size }) => product * size, inner) : inner;
});

/** The same of the numbers that an index is made of. */
export function costOfIndex(index: Index): number {
  return index.terms.reduce((sum, { term }) => {
    if (term.form === "axis") return sum;
    return sum + (term.form === "value" ? costOf(term.value) : costOfIndex(term.of));
  }, 0);
}

/** Positions along an axis at which conditions within an expression may change. */
export function boundsAlong(expressions: readonly Expression[], axis: Axis): ReadonlySet<number> {
  const bounds = new Set<number>();
  const visited = new Set<Expression>();
  const visit = (expression: Expression): void => {
    if (visited.has(expression) || !axesOf(expression).has(axis)) return;
    visited.add(expression);
    for (const operand of operandsOf(expression)) visit(operand);
    if (expression.form !== "within" || strideAlong(expression.index, axis) !== 1) return;
    const others: Index = {
      ...expression.index,
      terms: expression.index.terms.filter(({ term }) => term.form !== "axis" || term.axis !== axis),
    };
    const { least, most } = rangeOf(others);
    if (most - least > maxSpread) return;
    for (let other = least; other <= most; other++) {
      bounds.add(expression.from - other);
      bounds.add(expression.to - other);
    }
  };
  for (const expression of expressions) visit(expression);
  return bounds;
}

/** Conditions that depend on more positions of other axes stay conditions. */
const maxSpread = 8;

export const hasReduction: (expression: Expression) => boolean = memoized(
  (expression: Expression) => expression.form === "reduce" || operandsOf(expression).some(hasReduction),
);
