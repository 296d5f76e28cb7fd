import {
  decodeSafetensors,
  encodeSafetensors,
  type Parameter,
  type SafetensorsFile,
  type StateDict,
  type StateEntry,
  type TrainingProgram,
  type TypedArray,
  type Variable,
} from "@ml-mosaic/tensor";
import { TrainingError } from "./errors.ts";
import { headerText, readHeaderText } from "./header-json.ts";
import { contentDigest, digestName } from "./snapshot-digest.ts";
import type { Checkpoint, TrainerState } from "./train.ts";

export type Layout = TrainingProgram["layout"];

/** Names of a model's variables by path. */
export type VariablePaths = ReadonlyMap<Variable, string>;

export interface Snapshot {
  readonly state: TrainerState;
  /** What the owner of the snapshot has added, as text. */
  readonly metadata: Readonly<Record<string, string>>;
}

export interface SnapshotExtras {
  /** Further texts for the header. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** Further entries of TRAIN_INFO. */
  readonly info?: Readonly<Record<string, unknown>>;
}

/** What a snapshot's file holds: see `encodeSnapshot`. */
export interface SnapshotContent {
  readonly tensors: StateDict;
  readonly texts: Readonly<Record<string, string>>;
}

/**
 * All that training needs to go on, as the bytes of a safetensors file: `MODEL_STATE/<path>` for every variable in `paths`,
 * `OPTIMIZER_STATE/<slot>/<path>`, and TRAIN_INFO in the header. Values are named by their variables, not by how a program
 * lays them out.
 */
export function encodeSnapshot(
  checkpoint: Checkpoint,
  paths: VariablePaths,
  extras: SnapshotExtras = {},
): Uint8Array<ArrayBuffer> {
  const { tensors, texts } = snapshotContent(checkpoint, paths, extras);
  return encodeSafetensors(tensors, texts);
}

/**
 * Reads a snapshot back for a program with this layout. Variables that training does not change get their values.
 *
 * @throws TrainingError if it is of another model or optimizer, or no snapshot, or was damaged since it was made
 */
export function decodeSnapshot(bytes: Uint8Array, layout: Layout, paths: VariablePaths): Snapshot {
  return snapshotOf(decodeSafetensors(bytes), "the snapshot", layout, paths);
}

export function snapshotContent(
  { state, layout }: Checkpoint,
  paths: VariablePaths,
  { metadata = {}, info = {} }: SnapshotExtras,
): SnapshotContent {
  const tensors = new Map<string, StateEntry>();
  for (const { parameter, segment, begin, end } of places(layout)) {
    const name = pathOf(paths, parameter);
    const { shape } = parameter;
    const values = state.training.parameters[segment];
    if (values === undefined) throw new TrainingError("TRAINING_SNAPSHOT", `the state lacks ${name}`);
    tensors.set(`MODEL_STATE/${name}`, { data: values.slice(begin, end), shape, dtype: "float32" });
    for (const [slot, data] of Object.entries(state.training.slots[segment] ?? {})) {
      tensors.set(`OPTIMIZER_STATE/${slot}/${name}`, { data: data.slice(begin, end), shape, dtype: "float32" });
    }
  }
  for (const [index, buffer] of layout.buffers.entries()) {
    const data = state.training.buffers[index];
    if (data !== undefined)
      tensors.set(`MODEL_STATE/${pathOf(paths, buffer)}`, { data, shape: buffer.shape, dtype: buffer.dtype });
  }
  // Frozen parameters, for example: the file holds the whole model.
  for (const [{ value, shape, dtype }, name] of paths) {
    const entry = `MODEL_STATE/${name}`;
    if (!tensors.has(entry)) tensors.set(entry, { data: value, shape, dtype });
  }
  const trainInfo = {
    ...info,
    epoch: state.epoch,
    step: state.training.step,
    phases: state.training.phases,
    within: state.within,
    executor: state.executor,
    scheduler: state.scheduler,
    earlyStopping: state.earlyStopping,
    best: state.best,
  };
  const texts = { ...metadata, TRAIN_INFO: headerText(trainInfo) };
  return { tensors, texts: { ...texts, [digestName]: contentDigest(tensors, texts) } };
}

/** @param source what messages call it */
export function snapshotOf(
  { tensors, metadata }: SafetensorsFile,
  source: string,
  layout: Layout,
  paths: VariablePaths,
): Snapshot {
  const digest = metadata[digestName];
  // Snapshots of earlier versions have none.
  if (digest !== undefined && digest !== contentDigest(tensors, metadata))
    throw new TrainingError(
      "TRAINING_SNAPSHOT",
      `${source} is damaged: its content is not what was written; put an undamaged copy in its place, or remove it to start anew`,
    );
  const find = (name: string): TypedArray => {
    const entry = tensors.get(name);
    if (entry === undefined)
      throw new TrainingError(
        "TRAINING_SNAPSHOT",
        `${source} lacks ${name}: was it written by another model or optimizer?`,
      );
    return entry.data;
  };
  const gather = (segment: number, size: number, prefix: string) => {
    const joined = new Float32Array(size);
    for (const place of places(layout)) {
      if (place.segment !== segment) continue;
      const name = `${prefix}${pathOf(paths, place.parameter)}`;
      const values = find(name);
      if (!(values instanceof Float32Array) || values.length !== place.end - place.begin) {
        throw new TrainingError(
          "TRAINING_SNAPSHOT",
          `${source}: ${name} has ${values.length} elements, ${place.end - place.begin} are needed`,
        );
      }
      joined.set(values, place.begin);
    }
    return joined;
  };
  const sizeOf = (shape: readonly number[]) => shape.reduce((size, length) => size * length, 1);
  const { epoch, step, phases, within, executor, scheduler, earlyStopping, best } = readInfo(
    source,
    metadata.TRAIN_INFO,
  );
  const changing = new Set<Variable>([...layout.segments.flatMap(({ parameters }) => parameters), ...layout.buffers]);
  const unchanging = Array.from(paths, ([variable, name]) => ({ variable, entry: tensors.get(`MODEL_STATE/${name}`) }));
  for (const { variable, entry } of unchanging)
    if (entry !== undefined && !changing.has(variable)) variable.value = entry.data;
  return {
    metadata,
    state: {
      epoch,
      ...(within === undefined ? {} : { within }),
      ...(executor === undefined ? {} : { executor }),
      scheduler,
      earlyStopping,
      ...(best === undefined ? {} : { best }),
      training: {
        step,
        ...(phases === undefined ? {} : { phases }),
        parameters: layout.segments.map(({ shape }, segment) => gather(segment, sizeOf(shape), "MODEL_STATE/")),
        slots: layout.segments.map(({ shape, slots }, segment) =>
          Object.fromEntries(
            Object.keys(slots).map((slot) => [slot, gather(segment, sizeOf(shape), `OPTIMIZER_STATE/${slot}/`)]),
          ),
        ),
        buffers: layout.buffers.map((buffer) => find(`MODEL_STATE/${pathOf(paths, buffer)}`)),
      },
    },
  };
}

/** Where each parameter lies in the vectors of a state. */
function* places({
  segments,
}: Layout): IterableIterator<{ parameter: Parameter; segment: number; begin: number; end: number }> {
  for (const [segment, { parameters }] of segments.entries()) {
    let begin = 0;
    for (const parameter of parameters) {
      yield { parameter, segment, begin, end: begin + parameter.numel };
      begin += parameter.numel;
    }
  }
}

function pathOf(paths: VariablePaths, variable: Variable): string {
  const path = paths.get(variable);
  if (path === undefined)
    throw new TrainingError("TRAINING_SNAPSHOT", `a variable of shape [${variable.shape}] has no name`);
  return path;
}

/** What TRAIN_INFO says, besides what the owner of the snapshot has added. */
export interface TrainInfo extends Omit<TrainerState, "training"> {
  readonly step: number;
  /** Minibatches of each phase, where a program has several. */
  readonly phases?: Readonly<Record<string, number>> | undefined;
}

/** @throws TrainingError if there is no such text */
export function readInfo(source: string, text: string | undefined): TrainInfo {
  const info = text === undefined ? undefined : readHeaderText(text);
  if (!isInfo(info))
    throw new TrainingError("TRAINING_SNAPSHOT", `${source} has no TRAIN_INFO: it holds weights, not a training`);
  return info;
}

function isInfo(value: unknown): value is TrainInfo {
  const { epoch, step, scheduler, earlyStopping } = Object(value);
  return (
    Number.isInteger(epoch) &&
    Number.isInteger(step) &&
    typeof scheduler === "object" &&
    typeof earlyStopping === "object"
  );
}
