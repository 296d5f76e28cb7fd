/** What of a step can be written over what it began with: the last passes over what is carried, and what they need before. */
import { topologicalOrder } from "../graph/order.ts";
import { where } from "../ops/compare.ts";
import { abs, add, div, maximum, minimum, mul, neg, pow, sign, sqrt, sub } from "../ops/elementwise.ts";
import { indexAdd } from "../ops/indexing.ts";
import type { Op } from "../ops/op.ts";
import { mean, sum } from "../ops/reduce.ts";
import { putRows, rowStep } from "../ops/row-step.ts";
import type { Tensor } from "../tensor.ts";
import type { Variable } from "../variable.ts";

/** What updates consist of. Their kernels read the elements of a place before they write there. */
const elementwise: ReadonlySet<Op | undefined> = new Set<Op>([
  add,
  sub,
  mul,
  div,
  pow,
  maximum,
  minimum,
  abs,
  neg,
  sign,
  sqrt,
  where,
]);
/** They write rows over what they are given. */
const ofRows: ReadonlySet<Op | undefined> = new Set<Op>([putRows, rowStep]);
/** They and what has a cost give new values, where ONNX Runtime may let others give on what they are given, or a part of it. */
const makers: ReadonlySet<Op | undefined> = new Set<Op>([sum, mean, indexAdd]);

/** A value that a step changes, as it begins with it and as it leaves it. */
export interface Change {
  readonly old: Tensor;
  readonly next: Tensor;
}

export interface InPlaceUpdate {
  /** The passes, which begin when all else is done, and of which nothing but next values is made. */
  readonly passes: ReadonlySet<Tensor>;
  /** What they need, next values that no pass makes, and what is collected. */
  readonly before: readonly Tensor[];
  /** For each change, whether the next value can be written over the old one; else it needs a place of its own. */
  readonly isInPlace: readonly boolean[];
}

/**
 * A value is written over the old one only where every pass that reads that is among those of which the new one is made, the last
 * of them element by element. All else that reads it has done so before.
 *
 * @param collected what else the step gives
 * @param computed variables that stand for what is computed of old values
 */
export function inPlaceUpdate(
  changes: readonly Change[],
  collected: readonly Tensor[],
  computed: readonly (readonly [Variable, Tensor])[],
): InPlaceUpdate {
  const ends = changes.map(({ next }) => next);
  const order = topologicalOrder([...ends, ...collected]);
  const passes = passesOf(order, new Set(ends), new Set(collected));
  const inputs = new Set(order.filter((tensor) => passes.has(tensor)).flatMap((tensor) => tensor.inputs));
  const outside = [...inputs, ...ends].filter((tensor) => !passes.has(tensor));
  const shared = sharedMemory(
    outside,
    changes.map(({ old }) => old),
    new Map(computed),
  );
  const readersOf = (old: Tensor) => {
    const views = new Set(outside.filter((tensor) => shared.get(tensor)?.has(old)));
    return {
      views,
      readers: [...passes].filter((pass) => pass.inputs.some((input) => views.has(input))),
      copies: ends.filter((end) => views.has(end)),
    };
  };
  const isInPlace = changes.map(({ old, next }) => {
    const { views, readers, copies } = readersOf(old);
    const madeOf = new Set(topologicalOrder([next]));
    const isRead = (reader: Tensor) =>
      madeOf.has(reader) &&
      (reader !== next || reader.inputs.every((input) => !views.has(input) || input.numel === next.numel));
    return readers.every(isRead) && copies.every((copy) => copy === next);
  });
  return { passes, before: [...new Set([...outside, ...collected])], isInPlace };
}

/** Passes over more than one element of which nothing is made but by other passes. */
function passesOf(
  order: readonly Tensor[],
  ends: ReadonlySet<Tensor>,
  collected: ReadonlySet<Tensor>,
): ReadonlySet<Tensor> {
  const neededBefore = new Set<Tensor>(collected);
  const passes = new Set<Tensor>();
  for (const tensor of order.toReversed()) {
    const isLast = elementwise.has(tensor.op) || (ofRows.has(tensor.op) && ends.has(tensor));
    if (isLast && tensor.numel > 1 && !neededBefore.has(tensor)) passes.add(tensor);
    else for (const input of tensor.inputs) neededBefore.add(input);
  }
  return passes;
}

/** For each tensor, the old values whose memory it may be in. */
function sharedMemory(
  tensors: readonly Tensor[],
  old: readonly Tensor[],
  computed: ReadonlyMap<Tensor, Tensor>,
): ReadonlyMap<Tensor, ReadonlySet<Tensor>> {
  const found = new Map<Tensor, ReadonlySet<Tensor>>(old.map((tensor) => [tensor, new Set([tensor])]));
  const none: ReadonlySet<Tensor> = new Set();
  const add = (tensor: Tensor, from: readonly Tensor[]) => {
    const sets = from.flatMap((each) => found.get(each) ?? none).filter(({ size }) => size > 0);
    found.set(tensor, sets.length > 1 ? new Set(sets.flatMap((set) => [...set])) : (sets[0] ?? none));
  };
  // What is computed of old values reads nothing else.
  for (const tensor of topologicalOrder([...computed.values()], found)) add(tensor, tensor.inputs);
  for (const [variable, tensor] of computed) add(variable, [tensor]);
  for (const tensor of topologicalOrder(tensors, found)) {
    const isNew = tensor.op?.cost !== undefined || makers.has(tensor.op);
    add(tensor, isNew ? [] : tensor.inputs);
  }
  return found;
}

/**
 * Sizes of values of which the passes may be made over some elements after the others: they take elements of this size and single
 * numbers, and nothing else is made of them.
 */
export function blockableSizes(next: readonly Tensor[], { passes }: InPlaceUpdate): ReadonlySet<number> {
  const made = next.map((end) => ({ end, own: topologicalOrder([end]).filter((tensor) => passes.has(tensor)) }));
  const isBlockable = ({ end: { numel }, own }: (typeof made)[number]) =>
    own.every(
      (pass) =>
        pass.numel === numel &&
        elementwise.has(pass.op) &&
        pass.inputs.every((input) => input.numel === numel || (input.numel === 1 && input.shape.length < 2)),
    );
  const sizes = new Set(made.filter(({ end }) => passes.has(end)).map(({ end }) => end.numel));
  for (const each of made) {
    if (passes.has(each.end) && isBlockable(each)) continue;
    for (const { numel } of each.own) sizes.delete(numel);
  }
  return sizes;
}
