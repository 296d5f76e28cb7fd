import { expectFloat32, type TypedArray } from "../dtype.ts";
import { TensorError } from "../errors.ts";
import { sizeOf } from "../shape.ts";
import { input, type Tensor } from "../tensor.ts";
import type { Buffer, Variable } from "../variable.ts";
import type { Entry } from "./loop.ts";
import type { Segment } from "./segment.ts";

/** Where the values of a model's changing variables lie in a state. */
export interface Layout {
  /** The names of the phases, where there are several. */
  readonly phases?: readonly string[] | undefined;
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
  /** Minibatches that each phase has trained on, where a program has several. */
  readonly phases?: Readonly<Record<string, number>> | undefined;
  /** One for each segment. */
  readonly parameters: readonly Float32Array[];
  /** For each segment, one for each slot. */
  readonly slots: readonly Readonly<Record<string, Float32Array>>[];
  /** One for each buffer that a step changes. */
  readonly buffers: readonly TypedArray[];
}

/**
 * What makes the states that training starts from: the present values of parameters and buffers, with optimizers that
 * have seen nothing. Values that are replaced later do not count, and arrays are made only for a state that is asked for.
 */
export function stateSource({ segments, buffers, phases }: Layout): () => TrainingState {
  const segmentValues = segments.map(({ parameters }) => parameters.map(({ value }) => value));
  const bufferValues = buffers.map(({ value }) => value);
  return () => {
    const joined = segments.map((segment, index) => join(segment, segmentValues[index] ?? []));
    return {
      step: 0,
      ...(phases && { phases: Object.fromEntries(phases.map((name) => [name, 0])) }),
      parameters: joined,
      slots: segments.map(({ slots, shape }, index) =>
        Object.fromEntries(
          Object.entries(slots).map(([name, start]) => [
            name,
            start === "parameter" ? (joined[index] ?? new Float32Array()).slice() : filled(sizeOf(shape), start),
          ]),
        ),
      ),
      buffers: bufferValues.map((value) => value.slice()),
    };
  };
}

/** An array of zeros takes memory only where it is written to: that of a new array is left as it is. */
function filled(length: number, value: number): Float32Array {
  const array = new Float32Array(length);
  return value === 0 ? array : array.fill(value);
}

function join({ shape }: Segment, values: readonly TypedArray[]): Float32Array {
  const joined = new Float32Array(sizeOf(shape));
  let offset = 0;
  for (const value of values) {
    joined.set(expectFloat32(value, "a parameter"), offset);
    offset += value.length;
  }
  return joined;
}

/** @throws TensorError if the state has not the arrays that the layout promises, or has been given away */
export function checkState(layout: Layout, state: TrainingState): void {
  checkValues(layout, state);
  const fits =
    (layout.phases ?? []).every((name) => state.phases?.[name] !== undefined) &&
    state.slots.length === layout.segments.length &&
    layout.segments.every(({ slots, shape }, index) =>
      Object.keys(slots).every((slot) => state.slots[index]?.[slot]?.length === sizeOf(shape)),
    );
  if (!fits) throw anotherModel();
}

/** As `checkState`, of what an evaluation reads: parameters and buffers. */
export function checkValues({ segments, buffers }: Layout, state: TrainingState): void {
  const arrays = [...state.parameters, ...state.slots.flatMap((vectors) => Object.values(vectors)), ...state.buffers];
  if (arrays.some(({ buffer }) => buffer instanceof ArrayBuffer && buffer.detached)) {
    throw new TensorError(
      "TENSOR_VALUE",
      "this state was donated to an earlier run, and is empty: use what that run returned, or do not donate",
    );
  }
  const fits =
    state.parameters.length === segments.length &&
    state.buffers.length === buffers.length &&
    segments.every(({ shape }, index) => state.parameters[index]?.length === sizeOf(shape)) &&
    buffers.every(({ shape }, index) => state.buffers[index]?.length === sizeOf(shape));
  if (!fits) throw anotherModel();
}

function anotherModel(): TensorError {
  return new TensorError("TENSOR_VALUE", "this state belongs to another model: its arrays have other sizes");
}

/**
 * The same state in arrays that nobody else can see: those of the given one are taken away from whoever holds it, which
 * costs nothing. Arrays that share their memory with others are copied.
 */
export function takeState({ parameters, slots, buffers, ...counts }: TrainingState): TrainingState {
  const uses = new Map<ArrayBufferLike, number>();
  for (const { buffer } of [...parameters, ...slots.flatMap((vectors) => Object.values(vectors))])
    uses.set(buffer, (uses.get(buffer) ?? 0) + 1);
  const take = (array: Float32Array): Float32Array => {
    const { buffer } = array;
    const isWhole = buffer instanceof ArrayBuffer && buffer.byteLength === array.byteLength;
    return isWhole && uses.get(buffer) === 1 ? new Float32Array(buffer.transfer()) : array.slice();
  };
  return {
    ...counts,
    parameters: parameters.map(take),
    slots: slots.map((vectors) =>
      Object.fromEntries(Object.entries(vectors).map(([name, vector]) => [name, take(vector)])),
    ),
    // Small, and of any type.
    buffers: buffers.map((buffer) => buffer.slice()),
  };
}

/** Writes a state back into the parameters and buffers it was made from. */
export function storeState(state: TrainingState, { segments, buffers }: Layout): void {
  for (const [index, { parameters }] of segments.entries()) {
    const joined = state.parameters[index];
    if (joined === undefined) throw anotherModel();
    let offset = 0;
    for (const parameter of parameters) {
      parameter.value = joined.slice(offset, offset + parameter.numel);
      offset += parameter.numel;
    }
  }
  for (const [index, buffer] of buffers.entries()) {
    const value = state.buffers[index];
    if (value === undefined) throw anotherModel();
    buffer.value = value.slice();
  }
}

/** What a run reads a state's values from. */
export interface StateRun {
  readonly state: TrainingState;
}

/** Where a step finds the values of a segment's parameters. */
export interface SegmentEntry {
  readonly entry: Entry<StateRun>;
  readonly computed: readonly (readonly [Variable, Tensor])[];
}

export function segmentEntry({ parameters, shape }: Segment, index: number): SegmentEntry {
  const array = ({ state }: StateRun) => state.parameters[index];
  const [single] = parameters;
  if (single !== undefined && parameters.length === 1) return { entry: { tensor: single, array }, computed: [] };
  const vector = input(`parameters ${index}`, shape, "float32");
  const sizes = parameters.map((parameter) => parameter.numel);
  return {
    entry: { tensor: vector, array },
    computed: parameters.map((parameter, position) => [
      parameter,
      vector.part(0, sizes, position).reshape(parameter.shape),
    ]),
  };
}

/** Where a step finds what is remembered of a segment's elements: one entry for each slot. */
export function slotEntries({ shape, slots }: Segment, index: number): Readonly<Record<string, Entry<StateRun>>> {
  return Object.fromEntries(
    Object.keys(slots).map((slot) => [
      slot,
      {
        tensor: input(`${slot} ${index}`, shape, "float32"),
        array: ({ state }: StateRun) => state.slots[index]?.[slot],
      },
    ]),
  );
}

export function bufferEntry(buffer: Buffer, index: number): Entry<StateRun> {
  return { tensor: buffer, array: ({ state }) => state.buffers[index] };
}
