/**
 * Sorting in the loop language. Within blocks each element counts those that come before it: that is its place. Then runs are
 * merged by twos: each element finds by halving how many of the other run come before it. What ties keeps its order, and NaN
 * counts as infinity.
 */
import { lengthAt } from "../shape.ts";
import { at, axisOf, constantIndex, divided, type Index, indexOfValue, plus, times } from "./indices.ts";
import {
  apply,
  type Expression,
  type Nest,
  nest,
  number,
  type Operand,
  position,
  reduce,
  type Stages,
  select,
  when,
  within,
} from "./loops.ts";

/** Counting takes the square of this for each block, and is done at once. */
const blockLength = 32;

type First = "largest" | "smallest";

/** Where along an axis the elements are in their order, int32: [..., size, ...]. */
export function orderLoops(x: Operand, axis: number, first: First, stages: Stages): Operand {
  const size = lengthAt(x.shape, axis);
  const type = { shape: x.shape, dtype: "int32" } as const;
  const alongAxis = (place: readonly Index[]) => place[axis] ?? constantIndex(0);
  const keyAt = (place: readonly Index[]) => keyOf(x.at(place));
  const count = Math.min(size, blockLength);
  const ranks = stages.add(
    nest(type, (outer) =>
      reduce("add", [count], number("i32", 0), ([within_ = constantIndex(0)]) => {
        const other = plus(times(divided(alongAxis(outer), blockLength)[0], blockLength), within_);
        const [own, its] = [keyAt(outer), keyAt(outer.with(axis, other))];
        const isEarlier = apply("lt", "bool", position(other), position(alongAxis(outer)));
        const ties = apply("and", "bool", apply("eq", "bool", its, own), isEarlier);
        const counts = select(apply("or", "bool", isBefore(first, its, own), ties), one, none);
        return when(within(other, 0, size), counts, none);
      }),
    ),
  );
  let order = stages.add(
    moved(type, axis, (place) => ({
      to: apply("add", "i32", position(times(divided(alongAxis(place), blockLength)[0], blockLength)), ranks.at(place)),
      value: position(alongAxis(place)),
    })),
  );
  for (let run = blockLength; run < size; run *= 2) {
    const before = order;
    const keyInOrder = (place: readonly Index[], where: Index) =>
      keyAt(place.with(axis, indexOfValue(before.at(place.with(axis, where)))));
    order = stages.add(
      moved(type, axis, (place) => ({
        to: mergedPlace(alongAxis(place), run, size, first, (where) => keyInOrder(place, where)),
        value: before.at(place),
      })),
    );
  }
  return order;
}

const [none, one] = [number("i32", 0), number("i32", 1)];

function isBefore(first: First, a: Expression, b: Expression): Expression {
  return apply(first === "largest" ? "gt" : "lt", "bool", a, b);
}

function keyOf(element: Expression): Expression {
  if (element.kind !== "f32") return element;
  const isNotNumber = apply("ne", "bool", element, element);
  return select(isNotNumber, number("f32", Number.POSITIVE_INFINITY), element);
}

/** Each value put where it belongs along an axis. */
function moved(
  type: { readonly shape: readonly number[]; readonly dtype: "int32" },
  axis: number,
  move: (place: readonly Index[]) => { readonly to: Expression; readonly value: Expression },
): Nest {
  const axes = type.shape.map(axisOf);
  const place = axes.map(at);
  const { to, value } = move(place);
  return { ...nest(type, () => none), onto: { axes, at: place.with(axis, indexOfValue(to)), value } };
}

/** Where an element comes when its run, of two adjacent ones, is merged with the other. */
function mergedPlace(
  own: Index,
  run: number,
  size: number,
  first: First,
  keyAt: (where: Index) => Expression,
): Expression {
  const [pair, inPair] = divided(own, 2 * run);
  const start = position(times(pair, 2 * run));
  const isLeft = within(inPair, 0, run);
  const otherStart = select(isLeft, apply("add", "i32", start, number("i32", run)), start);
  const lastOf = (end: Expression) => least(apply("sub", "i32", end, one), number("i32", size - 1));
  const end = least(apply("add", "i32", otherStart, number("i32", run)), number("i32", size));
  const key = keyAt(own);
  let found: Expression = otherStart;
  for (let step = run; step >= 1; step /= 2) {
    const next = apply("add", "i32", found, number("i32", step));
    const its = keyAt(indexOfValue(lastOf(next)));
    // Of equal ones those of the left run come first.
    const goesBefore = select(isLeft, isBefore(first, its, key), apply("not", "bool", isBefore(first, key, its)));
    found = select(apply("and", "bool", apply("le", "bool", next, end), goesBefore), next, found);
  }
  const passed = apply("sub", "i32", found, otherStart);
  return apply("add", "i32", apply("sub", "i32", position(own), select(isLeft, none, number("i32", run))), passed);
}

function least(a: Expression, b: Expression): Expression {
  return select(apply("lt", "bool", a, b), a, b);
}
