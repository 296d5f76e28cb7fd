/**
 * Loops instead of divisions: where a nest needs an axis by its quotient and remainder of a number, as what reshapes and unfolds
 * does, the axis becomes two.
 */
import { indicesOf, operandsOf } from "./analysis.ts";
import { type Axis, at, axisOf, type Index, plus, substituted, times } from "./indices.ts";
import type { Expression } from "./loops.ts";
import { rebuilt } from "./rebuild.ts";

export interface SplitNest {
  readonly axes: readonly Axis[];
  /** The positions along the axes that there were. */
  readonly positions: readonly Index[];
  readonly value: Expression;
}

/** Inner loops of fewer passes take longer than divisions. */
const fewestPasses = 4;

/** Splits the last axis, and what it is split into, as long as there is something to gain. */
export function splitAxes(axes: readonly Axis[], value: Expression): SplitNest {
  let now: SplitNest = { axes, positions: axes.map(at), value };
  const last = axes.length - 1;
  for (;;) {
    const candidates = now.axes.slice(last);
    const found = dividedAxis(now.value, new Set(candidates));
    if (found === undefined) return now;
    const { axis, by } = found;
    const [outer, inner] = [axisOf(axis.size / by), axisOf(by)];
    const places = new Map([[axis, plus(times(at(outer), by), at(inner))]]);
    const known = new Map<Expression, Expression>();
    const replaced = (index: Index): Index => substituted(index, places, within);
    const within = (expression: Expression): Expression =>
      rebuilt(
        expression,
        known,
        (read) => read,
        replaced,
        (each) => each,
      );
    now = {
      axes: now.axes.flatMap((each) => (each === axis ? [outer, inner] : [each])),
      positions: now.positions.map(replaced),
      value: within(now.value),
    };
  }
}

/** An axis that is divided by a part of its size, and by which. */
function dividedAxis(
  value: Expression,
  axes: ReadonlySet<Axis>,
): { readonly axis: Axis; readonly by: number } | undefined {
  const seen = new Set<Expression>();
  const ofIndex = (index: Index): ReturnType<typeof dividedAxis> => {
    for (const { term } of index.terms) {
      if (term.form === "axis") continue;
      const inner = term.form === "value" ? of(term.value) : ofIndex(term.of);
      if (inner !== undefined) return inner;
      if (term.form === "value") continue;
      const { by, of: divided } = term;
      const [single] = divided.terms;
      if (divided.offset !== 0 || divided.terms.length !== 1 || single?.factor !== 1) continue;
      if (single.term.form !== "axis" || !axes.has(single.term.axis)) continue;
      const { axis } = single.term;
      if (by >= fewestPasses && by < axis.size && axis.size % by === 0) return { axis, by };
    }
    return undefined;
  };
  const of = (expression: Expression): ReturnType<typeof dividedAxis> => {
    if (seen.has(expression)) return undefined;
    seen.add(expression);
    for (const index of indicesOf(expression)) {
      const found = ofIndex(index);
      if (found !== undefined) return found;
    }
    for (const operand of operandsOf(expression)) {
      const found = of(operand);
      if (found !== undefined) return found;
    }
    return undefined;
  };
  return of(value);
}
