import {
  type Parameter,
  readSafetensors,
  type StateEntry,
  type TrainingProgram,
  type TypedArray,
  type Variable,
  writeSafetensors,
} from "@ml-mosaic/tensor";
import { TrainingError } from "./errors.ts";
import type { TrainerState } from "./train.ts";

type Layout = TrainingProgram["layout"];

/** Names of a model's variables by path. */
export type VariablePaths = ReadonlyMap<Variable, string>;

export interface Snapshot {
  readonly state: TrainerState;
  /** What the owner of the snapshot has added, as text. */
  readonly metadata: Readonly<Record<string, string>>;
}

/**
 * Saves all that training needs to go on: `MODEL_STATE/<path>`, `OPTIMIZER_STATE/<slot>/<path>`, and TRAIN_INFO in the
 * header. Values are named by their variables, not by how a program lays them out.
 */
export async function saveSnapshot(
  path: string,
  state: TrainerState,
  layout: Layout,
  paths: VariablePaths,
  metadata: Readonly<Record<string, string>> = {},
): Promise<void> {
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
  const info = {
    epoch: state.epoch,
    step: state.training.step,
    within: state.within,
    scheduler: state.scheduler,
    earlyStopping: state.earlyStopping,
  };
  await writeSafetensors(path, tensors, { ...metadata, TRAIN_INFO: JSON.stringify(info, infinityAsText) });
}

/** Reads a snapshot back for a program with this layout. */
export async function loadSnapshot(path: string, layout: Layout, paths: VariablePaths): Promise<Snapshot> {
  const { tensors, metadata } = await readSafetensors(path);
  const find = (name: string): TypedArray => {
    const entry = tensors.get(name);
    if (entry === undefined)
      throw new TrainingError(
        "TRAINING_SNAPSHOT",
        `${path} lacks ${name}: was it written by another model or optimizer?`,
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
          `${path}: ${name} has ${values.length} elements, ${place.end - place.begin} are needed`,
        );
      }
      joined.set(values, place.begin);
    }
    return joined;
  };
  const sizeOf = (shape: readonly number[]) => shape.reduce((size, length) => size * length, 1);
  const { epoch, step, within, scheduler, earlyStopping } = readInfo(path, metadata.TRAIN_INFO);
  return {
    metadata,
    state: {
      epoch,
      within,
      scheduler,
      earlyStopping,
      training: {
        step,
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

interface Info {
  readonly epoch: number;
  readonly step: number;
  readonly within?: TrainerState["within"];
  readonly scheduler: Readonly<Record<string, number>>;
  readonly earlyStopping: TrainerState["earlyStopping"];
}

function readInfo(path: string, text: string | undefined): Info {
  const info: unknown = text === undefined ? undefined : JSON.parse(text, textAsInfinity);
  if (!isInfo(info))
    throw new TrainingError("TRAINING_SNAPSHOT", `${path} has no TRAIN_INFO: it holds weights, not a training`);
  return info;
}

function isInfo(value: unknown): value is Info {
  const { epoch, step, scheduler, earlyStopping } = Object(value);
  return (
    Number.isInteger(epoch) &&
    Number.isInteger(step) &&
    typeof scheduler === "object" &&
    typeof earlyStopping === "object"
  );
}

/** JSON has no infinity, which "no best loss yet" is. */
function infinityAsText(_key: string, value: unknown): unknown {
  return typeof value === "number" && !Number.isFinite(value) ? String(value) : value;
}

function textAsInfinity(_key: string, value: unknown): unknown {
  return value === "Infinity" || value === "-Infinity" || value === "NaN" ? Number(value) : value;
}
