import { join } from "node:path";
import { saveOnnx, TensorError } from "@ml-mosaic/tensor";
import { saveSnapshot, type TrainResult } from "@ml-mosaic/training";
import type { Artifact } from "../store/index.ts";
import { type Chain, chainModel, namedVariables } from "./chain.ts";
import { writeFiles } from "./run-files.ts";

/** Writes what training has made: each module's own file, the chain as ONNX, and a snapshot to go on from. */
export async function saveRun(
  runId: number,
  folder: string,
  chain: Chain,
  { state, layout }: TrainResult,
): Promise<Artifact[]> {
  const paths = new Map(Array.from(namedVariables(chain.links), ([path, variable]) => [variable, path]));
  const artifacts = await writeFiles(folder, "snapshot", (temporary) =>
    saveSnapshot(join(temporary, `snapshot_${runId}.safetensors`), state, layout, paths),
  );
  for (const { entry, module } of chain.links) {
    const isTwice = chain.links.some((other) => other.entry !== entry && other.entry.class === entry.class);
    const name = isTwice ? `model_${entry.class}_${entry.type}_${runId}` : `model_${entry.class}_${runId}`;
    artifacts.push(...(await writeFiles(folder, "model", (temporary) => module.saveModel(join(temporary, name)))));
  }
  return [...artifacts, ...(await saveChain(runId, folder, chain))];
}

/** The trained chain in evaluation form, runnable anywhere. */
async function saveChain(runId: number, folder: string, { links, loaders }: Chain): Promise<readonly Artifact[]> {
  const { fields } = await loaders[0].dataset.samples();
  const [features] = fields;
  if (features === undefined) return [];
  const { shape, dtype } = features;
  const model = chainModel(links);
  model.train(false);
  try {
    return await writeFiles(folder, "onnx", (temporary) =>
      saveOnnx(join(temporary, `model_${runId}.onnx`), {
        inputs: { features: { shape, dtype } },
        build: (input) => ({ prediction: model.forward(input("features")) }),
        names: new Map(Array.from(namedVariables(links), ([path, variable]) => [variable, path])),
      }),
    );
  } catch (error) {
    // A model whose graph fixes the batch size trains all the same: it only cannot be a file for any batch.
    if (!(error instanceof TensorError) || error.code === "TENSOR_FILE") throw error;
    console.warn(`model_${runId}.onnx is not written: ${error.message}`);
    return [];
  }
}
