import type { Axis, Index } from "./indices.ts";
import type { Expression } from "./loops.ts";

/** An expression with others in the places of what it reads. */
export function rebuilt(
  expression: Expression,
  known: Map<Expression, Expression>,
  read: (expression: Extract<Expression, { form: "read" }>) => Expression,
  index: (index: Index) => Index,
  renewed: (axes: readonly Axis[]) => readonly Axis[],
): Expression {
  const before = known.get(expression);
  if (before !== undefined) return before;
  const inner = (each: Expression) => rebuilt(each, known, read, index, renewed);
  const make = (): Expression => {
    switch (expression.form) {
      case "read":
        return read({ ...expression, at: expression.at.map(index) });
      case "position":
      case "within":
        return { ...expression, index: index(expression.index) };
      case "apply":
      case "call":
        return { ...expression, operands: expression.operands.map(inner) };
      case "when":
        return {
          ...expression,
          condition: inner(expression.condition),
          yes: inner(expression.yes),
          no: inner(expression.no),
        };
      case "checked":
        return { ...expression, index: inner(expression.index) };
      case "reduce": {
        const start = inner(expression.start);
        const axes = renewed(expression.axes);
        return { ...expression, axes, start, body: inner(expression.body) };
      }
      default:
        return expression;
    }
  };
  const result = make();
  known.set(expression, result);
  return result;
}
