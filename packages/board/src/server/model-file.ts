/** The ONNX file of a run, read for its layers. */
import type { StoreReader } from "ml-mosaic/reading";
import type { ModelLayers } from "../wire/answers.ts";
import { modelLayers } from "./model-layers.ts";
import { nothingToSay, Refused } from "./refused.ts";
import { fileId, openRunFile } from "./run-files.ts";

const mostBytes = 512 * 2 ** 20;

export interface ModelFile {
  /** In the run's folder of files. */
  readonly path: string;
  readonly layers: ModelLayers;
}

/** @throws Refused where there is none, or none that can be read */
export async function readModelFile(reader: StoreReader, runId: number): Promise<ModelFile> {
  const artifacts = await reader.artifacts(runId);
  const path = artifacts.find((artifact) => artifact.path.endsWith(".onnx"))?.path;
  if (path === undefined) throw new Refused(404, { message: `run ${runId} has no ONNX file` });
  const { handle, size } = await openRunFile(reader, fileId(runId, path));
  try {
    if (size > mostBytes) throw new Refused(nothingToSay, { message: `${path} is too large to be read here` });
    return { path, layers: modelLayers(await handle.readFile()) };
  } catch (error) {
    if (error instanceof RangeError) throw new Refused(nothingToSay, { message: `${path}: ${error.message}` });
    throw error;
  } finally {
    await handle.close();
  }
}
