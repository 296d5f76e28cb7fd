/** The end of a training step: from gradients to new parameters and slots, segment by segment. */
import { TensorError } from "../errors.ts";
import type { Optimizer, SlotStart } from "../optim/optimizer.ts";
import { input, type Tensor } from "../tensor.ts";
import { type StateRun, segmentEntry } from "./layout.ts";
import type { Carried, Entry, Part } from "./loop.ts";
import { memoized } from "./memoized.ts";
import type { ReachedSegment, Segment } from "./segment.ts";

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
  readonly lr: LearningRate;
}

/** Where a segment's values are found after a run. */
export interface SegmentUpdate {
  readonly parameters: Carried<UpdateRun>;
  readonly slots: Readonly<Record<string, Carried<UpdateRun>>>;
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

/** Changes the vectors of segments, and what their optimizers remember. */
export function updatePart(
  reached: readonly ReachedSegment[],
  options: UpdateOptions,
): { readonly part: Part<UpdateRun>; readonly updates: readonly SegmentUpdate[] } {
  const accumulate = accumulationOf(options);
  const applies = accumulate === 1 ? undefined : appliesEntry(accumulate);
  // Between optimizer steps everything stays, and the sum of gradients grows.
  const settle = (next: Tensor, before: Tensor) =>
    applies === undefined ? next : applies.tensor.gt(0).where(next, before);
  const scalarsOf = memoized((optimizer: Optimizer) => scalarEntries(optimizer, accumulate));
  const summed = reached.map(({ segment, gradient }, index) => {
    const sum = accumulate === 1 ? undefined : slotEntry(segment, index, accumulated);
    const total = sum === undefined ? gradient : sum.tensor.add(gradient.mul(1 / accumulate));
    return { ...segmentEntry(segment, index), segment, index, sum, total, limited: limit(total, options) };
  });
  const scale = normScale(
    summed.map(({ limited }) => limited),
    options,
  );
  const updates = summed.map(({ entry, segment, index, sum, total, limited }): SegmentUpdate => {
    const { optimizer } = segment;
    const slots = Object.keys(optimizer.slots).map((slot) => [slot, slotEntry(segment, index, slot)] as const);
    const after = optimizer.update({
      parameter: entry.tensor,
      gradient: scale === undefined ? limited : limited.mul(scale),
      slots: tensorsOf(slots),
      scalars: tensorsOf(scalarsOf(optimizer)),
    });
    const settled = slots.map(([slot, before]) => {
      const next = after.slots[slot];
      return [slot, { ...before, next: next === undefined ? before.tensor : settle(next, before.tensor) }] as const;
    });
    return {
      parameters: { ...entry, next: settle(after.parameter, entry.tensor) },
      slots: {
        ...Object.fromEntries(settled),
        ...(sum && { [accumulated]: { ...sum, next: settle(total.zerosLike(), total) } }),
      },
    };
  });
  const scalars = [...new Set(reached.map(({ segment }) => segment.optimizer))].flatMap(scalarsOf);
  return {
    updates,
    part: {
      carried: [
        ...updates.map(({ parameters }) => parameters),
        ...updates.flatMap(({ slots }) => Object.values(slots)),
      ],
      perStep: [...scalars.map(([, entry]) => entry), ...(applies === undefined ? [] : [applies])],
      computed: summed.flatMap(({ computed }) => computed),
    },
  };
}

type NamedEntry = readonly [string, Entry<UpdateRun>];

function tensorsOf(entries: readonly NamedEntry[]): Readonly<Record<string, Tensor>> {
  return Object.fromEntries(entries.map(([name, { tensor }]) => [name, tensor]));
}

function slotEntry({ shape }: Segment, index: number, slot: string): Entry<UpdateRun> {
  return { tensor: input(`${slot} ${index}`, shape, "float32"), array: ({ state }) => state.slots[index]?.[slot] };
}

/** The optimizer's numbers for each step, computed in double precision. */
function scalarEntries(optimizer: Optimizer, accumulate: number): readonly NamedEntry[] {
  const numbersOf = memoized(({ firstStep, steps, lr }: UpdateRun) =>
    Array.from({ length: steps }, (_, index) => {
      const minibatch = firstStep + index;
      if (!isLast(minibatch, accumulate)) return undefined;
      const step = Math.floor(minibatch / accumulate);
      return optimizer.scalars(step, lr(optimizer.lr, step));
    }),
  );
  return Object.keys(optimizer.scalars(0, optimizer.lr)).map((name) => {
    const entry: Entry<UpdateRun> = {
      tensor: input(`${optimizer.name}.${name}`, [], "float32"),
      // Between optimizer steps nothing is made of these numbers.
      array: (run) =>
        Float32Array.from(numbersOf(run), (numbers) => (numbers === undefined ? Number.NaN : numberOf(numbers, name))),
    };
    return [name, entry];
  });
}

function numberOf(numbers: Readonly<Record<string, number>>, name: string): number {
  const number = numbers[name];
  if (number === undefined) throw new RangeError(`scalars() gives no ${name} for this step, but did for the first`);
  return number;
}

/** Whether an optimizer step ends the minibatch: 1, else 0. */
function appliesEntry(accumulate: number): Entry<UpdateRun> {
  return {
    tensor: input("applies", [], "float32"),
    array: ({ firstStep, steps }) =>
      Float32Array.from({ length: steps }, (_, index) => Number(isLast(firstStep + index, accumulate))),
  };
}

function isLast(minibatch: number, accumulate: number): boolean {
  return (minibatch + 1) % accumulate === 0;
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
