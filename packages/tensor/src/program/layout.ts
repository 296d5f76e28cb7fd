import { expectFloat32, type TypedArray } from "../dtype.ts";
import { TensorError } from "../errors.ts";
import type { Optimizer, SlotStart } from "../optim/optimizer.ts";
import { type Shape, sizeOf } from "../shape.ts";
import type { Buffer, Parameter } from "../variable.ts";

/**
 * Parameters that are stored and updated together. Small ones share one flat vector: an optimizer's step over it is a
 * few kernels instead of a few for each parameter. A large one is on its own, which saves joining and cutting.
 */
export interface Segment {
  readonly parameters: readonly Parameter[];
  /** [elements] for a flat vector of several, the parameter's own shape for a single one. */
  readonly shape: Shape;
  readonly optimizer: Optimizer;
  /** What is remembered of each element besides its value. */
  readonly slots: Readonly<Record<string, SlotStart>>;
}

/** Parameters above this many elements are not joined. Measured: joining gains up to some thousands of elements. */
const maxJoined = 8192;

/** @param extraSlots what the program itself remembers of each element, besides the optimizer */
export function segmentsOf(
  parameters: readonly Parameter[],
  optimizer: Optimizer,
  extraSlots: Readonly<Record<string, SlotStart>>,
): readonly Segment[] {
  const slots = { ...optimizer.slots, ...extraSlots };
  const small = parameters.filter((parameter) => parameter.numel <= maxJoined);
  const large = parameters.filter((parameter) => parameter.numel > maxJoined);
  const alone = (parameter: Parameter): Segment => ({
    parameters: [parameter],
    shape: parameter.shape,
    optimizer,
    slots,
  });
  if (small.length < 2) return [...small, ...large].map(alone);
  const elements = small.reduce((sum, parameter) => sum + parameter.numel, 0);
  return [{ parameters: small, shape: [elements], optimizer, slots }, ...large.map(alone)];
}

/** Where the values of a model's changing variables lie in a state. */
export interface Layout {
  readonly segments: readonly Segment[];
  readonly buffers: readonly Buffer[];
}

/**
 * What training changes: the vectors of parameters, the optimizer's slots for each of them, the buffers and the count
 * of steps. Plain data, so that it can be saved, sent and restored; a program never changes it but returns a new one.
 */
export interface TrainingState {
  /** Minibatches seen; optimizer steps, where gradients are not accumulated. */
  readonly step: number;
  /** One for each segment. */
  readonly parameters: readonly Float32Array[];
  /** For each segment, one for each slot. */
  readonly slots: readonly Readonly<Record<string, Float32Array>>[];
  /** One for each buffer that a step changes. */
  readonly buffers: readonly TypedArray[];
}

/** The present values of parameters and buffers, with optimizers that have seen nothing. */
export function initialState({ segments, buffers }: Layout): TrainingState {
  const slotValues = (segment: Segment, start: SlotStart) =>
    start === "parameter" ? join(segment) : new Float32Array(sizeOf(segment.shape)).fill(start);
  return {
    step: 0,
    parameters: segments.map(join),
    slots: segments.map((segment) =>
      Object.fromEntries(Object.entries(segment.slots).map(([name, start]) => [name, slotValues(segment, start)])),
    ),
    buffers: buffers.map((buffer) => buffer.value.slice()),
  };
}

function join({ parameters, shape }: Segment): Float32Array {
  const joined = new Float32Array(sizeOf(shape));
  let offset = 0;
  for (const parameter of parameters) {
    const value = expectFloat32(parameter.value, "a parameter");
    joined.set(value, offset);
    offset += value.length;
  }
  return joined;
}

/** Writes a state back into the parameters and buffers it was made from. */
export function storeState(state: TrainingState, { segments, buffers }: Layout): void {
  for (const [index, { parameters }] of segments.entries()) {
    const joined = state.parameters[index];
    if (joined === undefined) throw new TensorError("TENSOR_VALUE", "this state belongs to another model");
    let offset = 0;
    for (const parameter of parameters) {
      parameter.value = joined.slice(offset, offset + parameter.numel);
      offset += parameter.numel;
    }
  }
  for (const [index, buffer] of buffers.entries()) {
    const value = state.buffers[index];
    if (value === undefined) throw new TensorError("TENSOR_VALUE", "this state belongs to another model");
    buffer.value = value.slice();
  }
}
