import { join } from "node:path";
import { saveOnnx, Tensor, TensorError } from "@ml-mosaic/tensor";
import { type Checkpoint, type EpochRecord, saveSnapshot, type VariablePaths } from "@ml-mosaic/training";
import { writeValue } from "../wire/values.ts";
import { type Chain, chainModel, type Link, namedVariables } from "./chain.ts";
import { codeKey } from "./code-record.ts";
import type { RunFiles } from "./run-files.ts";

/** Name of a run's snapshot. */
export function snapshotName(runId: number): string {
  return `snapshot_${runId}.safetensors`;
}

/** Name of a module's own file, to which the module adds its extension. */
export function modelName({ spec: { className, type } }: Link, links: readonly Link[], runId: number): string {
  const isTwice = links.filter(({ spec }) => spec.className === className).length > 1;
  return isTwice ? `model_${className}_${type}_${runId}` : `model_${className}_${runId}`;
}

/** In the header of a snapshot: wall time that the run has taken so far. */
export const secondsKey = "DURATION_SECONDS";

/** In the header of a snapshot: id of the run that it is of. */
export const runKey = "RUN_ID";

/** In the header of a snapshot: what it knows of the last epochs, which may not have come into the database. */
export const recordsKey = "EPOCHS";

/** What a snapshot says beside the state of the training. */
export interface SnapshotNotes {
  readonly seconds: number;
  /** Of `codeText`. */
  readonly code: string;
  readonly records?: readonly EpochRecord[];
}

/** Names of a chain's variables, as its snapshots use them. */
export function variablePaths(links: readonly Link[]): VariablePaths {
  return new Map(Array.from(namedVariables(links), ([path, variable]) => [variable, path]));
}

/** Writes what going on needs: each module's own file and a snapshot. */
export async function saveState(
  files: RunFiles,
  runId: number,
  { links }: Chain,
  reached: Checkpoint,
  notes: SnapshotNotes,
  onWork: () => void,
): Promise<void> {
  for (const link of links) {
    const name = modelName(link, links, runId);
    await files.write("model", (temporary) => link.module.saveModel(join(temporary, name)));
    onWork();
  }
  // The snapshot last: where it is new, all is.
  const writing = setInterval(onWork, 1000);
  try {
    await files.write("snapshot", (temporary) =>
      saveSnapshot(join(temporary, snapshotName(runId)), reached, variablePaths(links), {
        metadata: {
          [secondsKey]: String(notes.seconds),
          [runKey]: String(runId),
          [codeKey]: notes.code,
          [recordsKey]: writeValue(notes.records ?? []),
        },
      }),
    );
  } finally {
    clearInterval(writing);
  }
}

/** `features`, `features_1`… */
function inputName(field: number): string {
  return field === 0 ? "features" : `features_${field}`;
}

/** The trained chain in evaluation form, runnable anywhere. */
export async function saveChain(files: RunFiles, runId: number, { links, loaders }: Chain): Promise<void> {
  const features = (await loaders[0].peek(1)).fields.slice(0, -1);
  const model = chainModel(links);
  model.train(false);
  try {
    await files.write("onnx", (temporary) =>
      saveOnnx(join(temporary, `model_${runId}.onnx`), {
        inputs: Object.fromEntries(features.map(({ shape, dtype }, field) => [inputName(field), { shape, dtype }])),
        build(input) {
          const output = model.forward(...features.map((_, field) => input(inputName(field))));
          const prediction = output instanceof Tensor ? output : output.at(-1);
          return prediction === undefined ? {} : { prediction };
        },
        names: variablePaths(links),
      }),
    );
  } catch (error) {
    // A model whose graph fixes the batch size trains all the same: it only cannot be a file for any batch.
    if (!(error instanceof TensorError) || error.code === "TENSOR_FILE") throw error;
    console.warn(`model_${runId}.onnx is not written: ${error.message}`);
  }
}
