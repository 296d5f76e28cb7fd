/** The end of a training step: from gradients to new parameters and slots, segment by segment. */
import { TensorError } from "../errors.ts";
import { rowGradient } from "../graph/row-gradient.ts";
import type { Optimizer, SlotStart } from "../optim/optimizer.ts";
import { input, type Tensor } from "../tensor.ts";
import type { Parameter } from "../variable.ts";
import type { SegmentEntry, StateRun } from "./layout.ts";
import type { Entry } from "./loop.ts";
import { memoized } from "./memoized.ts";
import { type Segment, segmentGradient, slotName } from "./segment.ts";

/** The rate of an optimizer whose own rate is `baseLr`, at an optimizer step counted from 0. */
export type LearningRate = (baseLr: number, step: number) => number;

export interface UpdateOptions {
  /** Gradients of this many minibatches are averaged for each optimizer step. */
  readonly accumulate?: number | undefined;
  /** Gradients of all parameters together are scaled down to at most this norm: PyTorch's clip_grad_norm_. */
  readonly clipNorm?: number | undefined;
  /** Every element of the gradients is limited to [-clipValue, clipValue], before the norm: clip_grad_value_. */
  readonly clipValue?: number | undefined;
}

/** What the updates of a run depend on. */
export interface UpdateRun extends StateRun {
  /** Minibatches before the run. */
  readonly firstStep: number;
  readonly steps: number;
  readonly lr: (phase: string) => LearningRate;
  /** Those of a phase, in the order of `Turn.optimizers`. */
  readonly optimizers: (phase: string) => readonly Optimizer[];
}

/** Where a step finds a segment, and what is remembered of it. */
export interface StateEntry extends SegmentEntry {
  readonly segment: Segment;
  readonly slots: Readonly<Record<string, Entry<StateRun>>>;
}

/** A phase's place among those of a step, in which it may stand more than once. */
export interface Turn {
  readonly phase: string;
  readonly turn: number;
  readonly turns: number;
  /** Those of the phase; a run may have others that update alike. */
  readonly optimizers: readonly Optimizer[];
}

const accumulated = "accumulated";

function accumulationOf({ accumulate = 1, clipNorm, clipValue }: UpdateOptions): number {
  if (!Number.isInteger(accumulate) || accumulate < 1) {
    throw new TensorError("TENSOR_VALUE", `accumulate is ${accumulate}; it must be a whole number above 0`);
  }
  for (const [name, limit] of Object.entries({ clipNorm, clipValue })) {
    if (limit !== undefined && !(limit > 0))
      throw new TensorError("TENSOR_VALUE", `${name} is ${limit}; it must be above 0`);
  }
  return accumulate;
}

/** What is remembered of each element besides the optimizer's slots. */
export function updateSlots(options: UpdateOptions): Readonly<Record<string, SlotStart>> {
  return accumulationOf(options) > 1 ? { [accumulated]: 0 } : {};
}

/**
 * What a turn of a phase makes of the segments that it changes, and what they remember.
 *
 * @returns what each tensor of an entry becomes, and what this needs of each step
 */
export function updateSegments(
  state: readonly StateEntry[],
  gradients: ReadonlyMap<Parameter, Tensor>,
  turn: Turn,
  options: UpdateOptions,
): { readonly next: ReadonlyMap<Tensor, Tensor>; readonly perStep: readonly Entry<UpdateRun>[] } {
  const accumulate = accumulationOf(options);
  const applies = accumulate === 1 ? undefined : appliesEntry(accumulate, turn);
  // Between optimizer steps everything stays, and the sum of gradients grows.
  const settle = (next: Tensor, before: Tensor) =>
    applies === undefined ? next : applies.tensor.gt(0).where(next, before);
  const scalarsOf = memoized((optimizer: Optimizer) => scalarEntries(optimizer, accumulate, turn));
  const summed = state.flatMap((each) => {
    const updater = each.segment.updaters.find(({ phase }) => phase === turn.phase);
    if (updater === undefined) return [];
    const slotOf = (slot: string) => each.slots[slotName(each.segment, updater, slot)]?.tensor;
    const gradient = segmentGradient(each.segment, gradients);
    const sum = slotOf(accumulated);
    const total = sum === undefined ? gradient : sum.add(gradient.mul(1 / accumulate));
    return {
      parameter: each.entry.tensor,
      optimizer: updater.optimizer,
      slotOf,
      sum,
      total,
      limited: limit(total, options),
    };
  });
  const scale = normScale(
    summed.map(({ limited }) => limited),
    options,
  );
  const next = new Map<Tensor, Tensor>();
  for (const { parameter, optimizer, slotOf, sum, total, limited } of summed) {
    const slots = Object.keys(optimizer.slots).flatMap((slot): [string, Tensor][] => {
      const tensor = slotOf(slot);
      return tensor === undefined ? [] : [[slot, tensor]];
    });
    const gradient = scale === undefined ? limited : limited.mul(scale);
    const after = optimizer.update({
      parameter,
      gradient,
      ...(optimizer.takesRows === true ? { rows: rowGradient(gradient, optimizer.name) } : {}),
      slots: Object.fromEntries(slots),
      scalars: tensorsOf(scalarsOf(optimizer)),
    });
    next.set(parameter, settle(after.parameter, parameter));
    for (const [slot, before] of slots) {
      const moved = after.slots[slot];
      next.set(before, moved === undefined ? before : settle(moved, before));
    }
    if (sum !== undefined) next.set(sum, settle(total.zerosLike(), total));
  }
  const scalars = [...new Set(summed.map(({ optimizer }) => optimizer))].flatMap(scalarsOf);
  return { next, perStep: [...scalars.map(([, entry]) => entry), ...(applies === undefined ? [] : [applies])] };
}

type NamedEntry = readonly [string, Entry<UpdateRun>];

function tensorsOf(entries: readonly NamedEntry[]): Readonly<Record<string, Tensor>> {
  return Object.fromEntries(entries.map(([name, { tensor }]) => [name, tensor]));
}

/** How many minibatches the phase has trained on before that of a run's step. */
function minibatch({ state, firstStep }: UpdateRun, { phase, turn, turns }: Turn, index: number): number {
  return (state.phases?.[phase] ?? firstStep) + index * turns + turn;
}

/** The optimizer's numbers for each step, computed in double precision. */
function scalarEntries(planned: Optimizer, accumulate: number, turn: Turn): readonly NamedEntry[] {
  const names = Object.keys(planned.scalars(0, planned.lr));
  const place = turn.optimizers.indexOf(planned);
  const numbersOf = memoized((run: UpdateRun) => {
    const optimizer = run.optimizers(turn.phase)[place] ?? planned;
    const rate = run.lr(turn.phase);
    // Between optimizer steps nothing is made of these numbers.
    const arrays = names.map((name) => ({ name, array: new Float32Array(run.steps).fill(Number.NaN) }));
    for (let index = 0; index < run.steps; index++) {
      const count = minibatch(run, turn, index);
      if (!isLast(count, accumulate)) continue;
      const step = Math.floor(count / accumulate);
      const numbers = optimizer.scalars(step, rate(optimizer.lr, step));
      for (const { name, array } of arrays) array[index] = numberOf(numbers, name);
    }
    return arrays;
  });
  return names.map((name) => [
    name,
    {
      tensor: input(`${planned.name}.${name}`, [], "float32"),
      array: (run) => numbersOf(run).find((each) => each.name === name)?.array,
    },
  ]);
}

function numberOf(numbers: Readonly<Record<string, number>>, name: string): number {
  const number = numbers[name];
  if (number === undefined) throw new RangeError(`scalars() gives no ${name} for this step, but did for the first`);
  return number;
}

/** Whether an optimizer step ends the minibatch: 1, else 0. */
function appliesEntry(accumulate: number, turn: Turn): Entry<UpdateRun> {
  return {
    tensor: input("applies", [], "float32"),
    array: (run) =>
      Float32Array.from({ length: run.steps }, (_, index) => Number(isLast(minibatch(run, turn, index), accumulate))),
  };
}

function isLast(count: number, accumulate: number): boolean {
  return (count + 1) % accumulate === 0;
}

function limit(gradient: Tensor, { clipValue }: UpdateOptions): Tensor {
  return clipValue === undefined ? gradient : gradient.clamp({ min: -clipValue, max: clipValue });
}

function normScale(gradients: readonly Tensor[], { clipNorm }: UpdateOptions): Tensor | undefined {
  if (clipNorm === undefined) return undefined;
  const squares = gradients.map((gradient) => gradient.mul(gradient).sum());
  const norm = squares.reduce((sum, square) => sum.add(square)).sqrt();
  // PyTorch's small number keeps a norm of 0 from dividing by it.
  return norm.add(1e-6).pow(-1).mul(clipNorm).clamp({ max: 1 });
}
