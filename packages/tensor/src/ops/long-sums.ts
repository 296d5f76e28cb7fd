/**
 * Sums of many float32. Kernels add one element after the other to a few sums, or to one: what each addition rounds away is
 * then a share of a large sum, 1e-2 of it after 1e7 elements. Sums of short blocks, and then of these sums, lose some 1e-6.
 */
import { elementAt } from "../element-at.ts";
import { type Shape, sizeOf } from "../shape.ts";
import type { Emitter } from "./op.ts";

/** Sums of no more elements are left to the kernels: those of small networks, whose bits and times stay as they are. */
export const longestPlainSum = 1024;
/** Blocks are no longer, and not much shorter: one of few elements takes more time than it is worth. */
const [shortestBlock, longestBlock] = [32, 512];

const int64 = (emitter: Emitter, values: readonly number[]) =>
  emitter.constant(BigInt64Array.from(values, BigInt), [values.length]);

/** The length of the blocks into which so many elements are cut; the last one may have to be filled with zeros. */
function blockLength(count: number): number {
  for (let length = longestBlock; length >= shortestBlock; length--) if (count % length === 0) return length;
  return longestBlock;
}

/** A value, with zeros behind its elements along an axis until there are `length`. */
function emitFilled(emitter: Emitter, name: string, shape: Shape, axis: number, length: number): string {
  const missing = length - elementAt(shape, axis);
  if (missing === 0) return name;
  const pads = [...shape.map(() => 0), ...shape.map((_, each) => (each === axis ? missing : 0))];
  return emitter.node("Pad", [name, int64(emitter, pads)]);
}

/** Axes beside each other that are summed over, or are not, as one. */
interface Run {
  readonly size: number;
  readonly isSummed: boolean;
}

function runsOf(shape: Shape, axes: readonly number[]): readonly Run[] {
  const runs: Run[] = [];
  for (const [axis, size] of shape.entries()) {
    const [isSummed, last] = [axes.includes(axis), runs.at(-1)];
    if (size === 1) continue;
    if (last?.isSummed === isSummed) runs.splice(-1, 1, { size: last.size * size, isSummed });
    else runs.push({ size, isSummed });
  }
  return runs;
}

const summedSize = (runs: readonly Run[]) => sizeOf(runs.map(({ size, isSummed }) => (isSummed ? size : 1)));

/** Whether a sum over axes is of more elements than kernels are trusted with. */
export function isLongSum(emitter: Emitter, shape: Shape, axes: readonly number[]): boolean {
  // In files the batch size is open, and with it how long sums are.
  return emitter.purpose === "program" && summedSize(runsOf(shape, axes)) > longestPlainSum;
}

/** The sum over axes of a value of `shape`, block by block, innermost axes first; it has the shape `output`. */
export function emitLongSum(
  emitter: Emitter,
  { name, shape }: { readonly name: string; readonly shape: Shape },
  axes: readonly number[],
  output: Shape,
): string {
  let sum = name;
  let runs = runsOf(shape, axes);
  const sizes = () => runs.map(({ size }) => size);
  const reduce = (at: readonly number[]) => emitter.node("ReduceSum", [sum, int64(emitter, at)], { keepdims: 0 });
  const reshaped = (to: Shape) => emitter.node("Reshape", [sum, int64(emitter, to)]);
  sum = reshaped(sizes());
  while (summedSize(runs) > longestPlainSum) {
    const at = runs.findLastIndex(({ isSummed }) => isSummed);
    const { size } = elementAt(runs, at);
    if (size <= longestPlainSum) {
      sum = reduce([at]);
      // The runs around it are one now.
      runs = runsOf(sizes().toSpliced(at, 1), summedAxes(runs.toSpliced(at, 1)));
      sum = reshaped(sizes());
    } else {
      const length = blockLength(size);
      const blocks = Math.ceil(size / length);
      sum = emitFilled(emitter, sum, sizes(), at, blocks * length);
      sum = reshaped(sizes().toSpliced(at, 1, blocks, length));
      sum = reduce([at + 1]);
      runs = runs.toSpliced(at, 1, { size: blocks, isSummed: true });
    }
  }
  sum = reduce(summedAxes(runs));
  return reshaped(output);
}

function summedAxes(runs: readonly Run[]): readonly number[] {
  return runs.flatMap(({ isSummed }, at) => (isSummed ? [at] : []));
}

/** Sums up to each element along an axis (`reverse`: from it on) of more elements than kernels are trusted with. */
export function emitLongCumsum(emitter: Emitter, name: string, shape: Shape, axis: number, reverse: boolean): string {
  const size = elementAt(shape, axis);
  const cumsum = (value: string, along: number, exclusive: boolean) =>
    emitter.node("CumSum", [value, emitter.constant(BigInt64Array.of(BigInt(along)), [])], {
      reverse: reverse ? 1 : 0,
      exclusive: exclusive ? 1 : 0,
    });
  const [before, after] = [sizeOf(shape.slice(0, axis)), sizeOf(shape.slice(axis + 1))];
  const reshaped = (value: string, to: Shape) => emitter.node("Reshape", [value, int64(emitter, to)]);
  const length = blockLength(size);
  const blocks = Math.ceil(size / length);
  const filled = emitFilled(emitter, reshaped(name, [before, size, after]), [before, size, after], 1, blocks * length);
  const within = cumsum(reshaped(filled, [before, blocks, length, after]), 2, false);
  // The sum of a block is what its last element has; in reverse, its first.
  const end = reverse ? 0 : length - 1;
  const bounds = [[end], [end + 1], [2]].map((bound) => int64(emitter, bound));
  const sums = reshaped(emitter.node("Slice", [within, ...bounds]), [before, blocks, after]);
  const others =
    blocks > longestPlainSum
      ? emitter.node("Sub", [emitLongCumsum(emitter, sums, [before, blocks, after], 1, reverse), sums])
      : cumsum(sums, 1, true);
  const whole = emitter.node("Add", [within, reshaped(others, [before, blocks, 1, after])]);
  const cut = [[0], [size], [1]].map((bound) => int64(emitter, bound));
  const all = reshaped(whole, [before, blocks * length, after]);
  return reshaped(blocks * length === size ? all : emitter.node("Slice", [all, ...cut]), shape);
}
