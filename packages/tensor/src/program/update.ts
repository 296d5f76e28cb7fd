/** The end of a training step: from gradients to new parameters and slots, segment by segment. */
import { TensorError } from "../errors.ts";
import type { SlotStart } from "../optim/optimizer.ts";
import type { Feed } from "../runtime/session.ts";
import { cat, type Tensor } from "../tensor.ts";
import type { Parameter } from "../variable.ts";
import type { Segment, TrainingState } from "./layout.ts";
import type { Entry } from "./loop.ts";
import { present } from "./step.ts";

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

const accumulated = "accumulated";
const applies = "applies";

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

export function slotName(segment: number, slot: string): string {
  return `slot${segment}.${slot}`;
}

function scalarName(segment: number, scalar: string): string {
  return `scalar${segment}.${scalar}`;
}

export function slotEntries(segments: readonly Segment[]): readonly Entry[] {
  return segments.flatMap(({ shape, slots }, index) =>
    Object.keys(slots).map((slot): Entry => ({ name: slotName(index, slot), shape, dtype: "float32" })),
  );
}

export function slotFeeds(segments: readonly Segment[], state: TrainingState): Record<string, Feed> {
  const feeds: Record<string, Feed> = {};
  for (const [index, { shape, slots }] of segments.entries()) {
    const vectors = present(state.slots[index]);
    for (const slot of Object.keys(slots))
      feeds[slotName(index, slot)] = { data: present(vectors[slot]), shape, dtype: "float32" };
  }
  return feeds;
}

/** The segments that speak for their optimizers: segments of one optimizer share its numbers. */
function speakers(segments: readonly Segment[]): readonly number[] {
  return segments.map(({ optimizer }) => segments.findIndex((other) => other.optimizer === optimizer));
}

function scalarsOf({ optimizer }: Segment): readonly string[] {
  return Object.keys(optimizer.scalars(0, optimizer.lr));
}

export function scalarEntries(segments: readonly Segment[], options: UpdateOptions): readonly Entry[] {
  const scalar = (name: string): Entry => ({ name, shape: [], dtype: "float32" });
  const own = [...new Set(speakers(segments))].flatMap((index) =>
    scalarsOf(present(segments[index])).map((name) => scalar(scalarName(index, name))),
  );
  return accumulationOf(options) > 1 ? [...own, scalar(applies)] : own;
}

/** The optimizers' numbers for each step, computed in double precision. */
export function scalarFeeds(
  segments: readonly Segment[],
  options: UpdateOptions,
  firstStep: number,
  steps: number,
  lr: LearningRate,
): Record<string, Feed> {
  const accumulate = accumulationOf(options);
  const minibatches = Array.from({ length: steps }, (_, index) => firstStep + index);
  const isLast = (minibatch: number) => (minibatch + 1) % accumulate === 0;
  const feed = (numberOf: (minibatch: number) => number): Feed => ({
    data: Float32Array.from(minibatches, numberOf),
    shape: [steps],
    dtype: "float32",
  });
  const feeds: Record<string, Feed> = {};
  for (const index of new Set(speakers(segments))) {
    const { optimizer } = present(segments[index]);
    const numbers = new Map(
      minibatches.filter(isLast).map((minibatch) => {
        const step = Math.floor(minibatch / accumulate);
        return [minibatch, optimizer.scalars(step, lr(optimizer.lr, step))];
      }),
    );
    // Between optimizer steps nothing is made of these numbers.
    for (const name of scalarsOf(present(segments[index])))
      feeds[scalarName(index, name)] = feed((minibatch) => numbers.get(minibatch)?.[name] ?? Number.NaN);
  }
  if (accumulate > 1) feeds[applies] = feed((minibatch) => Number(isLast(minibatch)));
  return feeds;
}

/** New values of parameters and slots, by entry. */
export function updateSegments(
  segments: readonly Segment[],
  gradients: ReadonlyMap<Parameter, Tensor>,
  options: UpdateOptions,
  entry: (name: string) => Tensor,
): Readonly<Record<string, Tensor>> {
  const accumulate = accumulationOf(options);
  const own = segments.map((segment) => segmentGradient(segment, gradients));
  const sums =
    accumulate === 1
      ? own
      : own.map((gradient, index) => entry(slotName(index, accumulated)).add(gradient.mul(1 / accumulate)));
  const clipped = clip(sums, options);
  const speakerOf = speakers(segments);
  const carried: Record<string, Tensor> = {};
  for (const [index, segment] of segments.entries()) {
    const { optimizer } = segment;
    const parameter = entry(`parameters${index}`);
    const slots = Object.fromEntries(Object.keys(optimizer.slots).map((slot) => [slot, entry(slotName(index, slot))]));
    const scalars = Object.fromEntries(
      scalarsOf(segment).map((name) => [name, entry(scalarName(speakerOf[index] ?? index, name))]),
    );
    const update = optimizer.update({ parameter, gradient: present(clipped[index]), slots, scalars });
    // Between optimizer steps everything stays, and the sum of gradients grows.
    const settle = (next: Tensor, before: Tensor) =>
      accumulate === 1 ? next : entry(applies).gt(0).where(next, before);
    carried[`parameters${index}`] = settle(update.parameter, parameter);
    for (const [slot, value] of Object.entries(update.slots))
      carried[slotName(index, slot)] = settle(value, present(slots[slot]));
    if (accumulate > 1) {
      const sum = present(sums[index]);
      carried[slotName(index, accumulated)] = entry(applies).gt(0).where(sum.zerosLike(), sum);
    }
  }
  return carried;
}

function segmentGradient({ parameters }: Segment, gradients: ReadonlyMap<Parameter, Tensor>): Tensor {
  const [first] = parameters;
  if (parameters.length === 1 && first !== undefined) return present(gradients.get(first));
  return cat(parameters.map((parameter) => present(gradients.get(parameter)).reshape([-1])));
}

function clip(gradients: readonly Tensor[], { clipNorm, clipValue }: UpdateOptions): readonly Tensor[] {
  const limited =
    clipValue === undefined
      ? gradients
      : gradients.map((gradient) => gradient.clamp({ min: -clipValue, max: clipValue }));
  if (clipNorm === undefined) return limited;
  const squares = limited.map((gradient) => gradient.mul(gradient).sum());
  const norm = squares.reduce((sum, square) => sum.add(square)).sqrt();
  // PyTorch's small number keeps a norm of 0 from dividing by it.
  const scale = norm.add(1e-6).pow(-1).mul(clipNorm).clamp({ max: 1 });
  return limited.map((gradient) => gradient.mul(scale));
}
