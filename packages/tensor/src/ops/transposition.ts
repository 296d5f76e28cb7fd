/**
 * Permutations of axes as ONNX Runtime is fast at them. Its Transpose moves a single axis quickly, and copies whole blocks
 * where the last axes stay; anything else it does element by element, which takes up to seven times as long. Two quick
 * passes are sooner done.
 */
import { lengthAt, type Shape, sizeOf } from "../shape.ts";
import type { Emitter, Value } from "./op.ts";

/** Below this many elements a second node costs more than it saves. */
const minElements = 4096;
/** Of more axes there are too many ways to look at. */
const maxAxes = 5;

export interface Permutation {
  readonly shape: Shape;
  readonly order: readonly number[];
}

/** The same movement of elements without axes of size 1, and with axes that stay together made one. */
function merge({ shape, order }: Permutation): Permutation {
  const runs: number[][] = [];
  for (const axis of order.filter((each) => lengthAt(shape, each) !== 1)) {
    const last = runs.at(-1);
    const before = shape.findLastIndex((length, index) => index < axis && length !== 1);
    if (last !== undefined && last.at(-1) === before) last.push(axis);
    else runs.push([axis]);
  }
  const sorted = runs.toSorted(([a = 0], [b = 0]) => a - b);
  return {
    shape: sorted.map((axes) => sizeOf(axes.map((axis) => lengthAt(shape, axis)))),
    order: runs.map((axes) => sorted.indexOf(axes)),
  };
}

/** Time for an element, in that of a quick pass. */
function costOf({ shape, order }: Permutation): number {
  const last = order.length - 1;
  if (last < 1) return 0;
  const movesOne = order.some((moved) => {
    const others = order.filter((axis) => axis !== moved);
    return others.every((axis, index) => index === 0 || axis > (others[index - 1] ?? axis));
  });
  const block = order[last] === last ? lengthAt(shape, last) : 1;
  return movesOne && block === 1 ? 1 : 1 + 5 / block;
}

const shapeAfter = ({ shape, order }: Permutation): Shape => order.map((axis) => lengthAt(shape, axis));

function* ordersOf(axes: readonly number[]): Generator<readonly number[]> {
  if (axes.length === 0) yield [];
  for (const first of axes)
    for (const others of ordersOf(axes.filter((axis) => axis !== first))) yield [first, ...others];
}

/** Two permutations to be done one after the other instead of a slow one; nothing if one is best. */
export function passesOf(permutation: Permutation): readonly Permutation[] {
  const { shape, order } = merge(permutation);
  if (sizeOf(shape) < minElements || order.length > maxAxes) return [];
  let best: { readonly passes: readonly Permutation[]; readonly cost: number } = {
    passes: [],
    cost: costOf({ shape, order }),
  };
  if (best.cost <= 2) return [];
  for (const middle of ordersOf([...shape.keys()])) {
    const first = { shape, order: middle };
    const second = { shape: shapeAfter(first), order: order.map((axis) => middle.indexOf(axis)) };
    const passes = [merge(first), merge(second)];
    // A pass more goes through memory once more than its elements' moves cost.
    const cost = passes.reduce((sum, pass) => sum + costOf(pass), 0.5);
    if (cost < best.cost) best = { passes, cost };
  }
  return best.passes;
}

export function emitPermutation(emitter: Emitter, { name, shape }: Value, order: readonly number[]): string {
  const passes = passesOf({ shape, order });
  if (passes.length === 0) return emitter.node("Transpose", [name], { perm: order });
  let moved = name;
  for (const pass of passes) {
    const reshaped = emitter.node("Reshape", [moved, emitter.shape(pass.shape)]);
    moved = emitter.node("Transpose", [reshaped], { perm: pass.order });
  }
  return emitter.node("Reshape", [moved, emitter.shape(shapeAfter({ shape, order }))]);
}
