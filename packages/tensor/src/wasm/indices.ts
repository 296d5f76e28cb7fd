/** Indices of the loop language: whole-number combinations of axes and of what depends on them. */
import type { Shape } from "../shape.ts";
import type { Expression } from "./loops.ts";

/** A variable that runs from 0 to below a size. Axes are told apart by identity. */
export interface Axis {
  readonly size: number;
}

export type Term =
  | { readonly form: "axis"; readonly axis: Axis }
  /** Rounded down. */
  | { readonly form: "quotient" | "remainder"; readonly of: Index; readonly by: number }
  /** A number that is known when the program runs: of kind i32, 0 or more. */
  | { readonly form: "value"; readonly value: Expression };

/** The sum of the offset and of terms times their factors, none of which is 0. */
export interface Index {
  readonly offset: number;
  readonly terms: readonly { readonly term: Term; readonly factor: number }[];
}

export interface Range {
  readonly least: number;
  readonly most: number;
}

export function axisOf(size: number): Axis {
  return { size };
}

export function constantIndex(offset: number): Index {
  return { offset, terms: [] };
}

/** The position along an axis; along one of size 1 there is one. */
export function at(axis: Axis): Index {
  return axis.size === 1 ? constantIndex(0) : single({ form: "axis", axis });
}

export function indexOfValue(value: Expression): Index {
  return single({ form: "value", value });
}

function single(term: Term): Index {
  return { offset: 0, terms: [{ term, factor: 1 }] };
}

export function sameIndex(a: Index, b: Index): boolean {
  return (
    a === b ||
    (a.offset === b.offset &&
      a.terms.length === b.terms.length &&
      a.terms.every(({ term, factor }) =>
        b.terms.some((other) => other.factor === factor && sameTerm(term, other.term)),
      ))
  );
}

function sameTerm(a: Term, b: Term): boolean {
  if (a === b) return true;
  if (a.form === "axis") return b.form === "axis" && a.axis === b.axis;
  if (a.form === "value") return b.form === "value" && a.value === b.value;
  return b.form === a.form && a.by === b.by && sameIndex(a.of, b.of);
}

export function plus(a: Index, b: Index): Index {
  if (a.terms.length === 0) return b.terms.length === 0 ? constantIndex(a.offset + b.offset) : shifted(b, a.offset);
  const terms = [...a.terms];
  for (const { term, factor } of b.terms) {
    const known = terms.findIndex((each) => sameTerm(each.term, term));
    const before = terms[known];
    if (before === undefined) terms.push({ term, factor });
    else if (before.factor + factor === 0) terms.splice(known, 1);
    else terms[known] = { term, factor: before.factor + factor };
  }
  return joined({ offset: a.offset + b.offset, terms });
}

/** n (e / n) + e % n is e. */
function joined(index: Index): Index {
  for (const { term, factor } of index.terms) {
    if (term.form !== "remainder") continue;
    const { of, by } = term;
    const other = index.terms.find(
      (each) =>
        each.term.form === "quotient" &&
        each.term.by === by &&
        each.factor === factor * by &&
        sameIndex(each.term.of, of),
    );
    if (other === undefined) continue;
    const rest = index.terms.filter((each) => each.term !== term && each !== other);
    return plus({ offset: index.offset, terms: rest }, times(of, factor));
  }
  return index;
}

export function shifted(index: Index, by: number): Index {
  return by === 0 ? index : { offset: index.offset + by, terms: index.terms };
}

export function times(index: Index, by: number): Index {
  if (by === 1) return index;
  if (by === 0) return constantIndex(0);
  return joined({
    offset: index.offset * by,
    terms: index.terms.map(({ term, factor }) => ({ term, factor: factor * by })),
  });
}

/** @param ofAxis where an axis is known to lie */
export function rangeOf(
  index: Index,
  ofAxis: (axis: Axis) => Range = ({ size }) => ({ least: 0, most: size - 1 }),
): Range {
  let [least, most] = [index.offset, index.offset];
  for (const { term, factor } of index.terms) {
    const range = rangeOfTerm(term, ofAxis);
    least += factor * (factor > 0 ? range.least : range.most);
    most += factor * (factor > 0 ? range.most : range.least);
  }
  return { least, most };
}

function rangeOfTerm(term: Term, ofAxis: (axis: Axis) => Range): Range {
  if (term.form === "axis") return ofAxis(term.axis);
  if (term.form === "value") return { least: 0, most: Number.MAX_SAFE_INTEGER };
  const { least, most } = rangeOf(term.of, ofAxis);
  const [first, last] = [Math.floor(least / term.by), Math.floor(most / term.by)];
  if (term.form === "quotient") return { least: first, most: last };
  return first === last
    ? { least: least - first * term.by, most: most - first * term.by }
    : { least: 0, most: term.by - 1 };
}

/** The index, which is 0 or more, divided by a constant: rounded down, and what is left. */
export function divided(index: Index, by: number): readonly [quotient: Index, remainder: Index] {
  if (by === 1) return [index, constantIndex(0)];
  const whole = index.terms.filter(({ factor }) => factor % by === 0);
  const rest = index.terms.filter(({ factor }) => factor % by !== 0);
  // What is divided is made 0 or more.
  const lowest = rangeOf({ offset: 0, terms: rest }).least;
  const restOffset = (((index.offset % by) + by) % by) + (lowest < 0 ? by * Math.ceil(-lowest / by) : 0);
  const left: Index = { offset: restOffset, terms: rest };
  const multiple: Index = {
    offset: (index.offset - restOffset) / by,
    terms: whole.map(({ term, factor }) => ({ term, factor: factor / by })),
  };
  const { least, most } = rangeOf(left);
  if (least >= 0 && most < by) return [multiple, left];
  return [plus(multiple, single({ form: "quotient", of: left, by })), single({ form: "remainder", of: left, by })];
}

/** Where the element at a row-major place lies in a shape. */
export function unfolded(place: Index, shape: Shape): readonly Index[] {
  let rest = place;
  const position: Index[] = [];
  for (const length of shape.toReversed()) {
    const [quotient, remainder] = length === 1 ? [rest, constantIndex(0)] : divided(rest, length);
    position.unshift(remainder);
    rest = quotient;
  }
  // Nothing is left above the outermost axis: what is divided is its position.
  const outermost = shape.findIndex((length) => length !== 1);
  const last = position[outermost];
  if (last !== undefined && rest.terms.length > 0) position[outermost] = plus(last, times(rest, shape[outermost] ?? 1));
  return position;
}

/** The index with others in the places of axes. */
export function substituted(
  index: Index,
  axes: ReadonlyMap<Axis, Index>,
  value: (expression: Expression) => Expression,
): Index {
  let result = constantIndex(index.offset);
  for (const { term, factor } of index.terms) result = plus(result, times(substitutedTerm(term, axes, value), factor));
  return result;
}

function substitutedTerm(
  term: Term,
  axes: ReadonlyMap<Axis, Index>,
  value: (expression: Expression) => Expression,
): Index {
  if (term.form === "axis") return axes.get(term.axis) ?? single(term);
  if (term.form === "value") return indexOfValue(value(term.value));
  const [quotient, remainder] = divided(substituted(term.of, axes, value), term.by);
  return term.form === "quotient" ? quotient : remainder;
}

/** Whether the index is more than axes, their factors and an offset. */
export function isPlain(index: Index): boolean {
  return index.terms.every(({ term }) => term.form === "axis");
}
