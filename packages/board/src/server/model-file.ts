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

/** Of the files that were read last, by what tells one state of a file from another. */
const kept = new Map<string, ModelLayers>();
const mostKept = 16;

let lastReading: Promise<unknown> = Promise.resolve();

/**
 * One after the other, since each may take the memory of a large file.
 *
 * @throws Refused where there is none, or none that can be read
 */
export function readModelFile(reader: StoreReader, runId: number): Promise<ModelFile> {
  const reading = lastReading.then(() => readNow(reader, runId));
  lastReading = reading.catch(() => undefined);
  return reading;
}

async function readNow(reader: StoreReader, runId: number): Promise<ModelFile> {
  const artifacts = await reader.artifacts(runId);
  const path = artifacts.find((artifact) => artifact.path.endsWith(".onnx"))?.path;
  if (path === undefined) throw new Refused(404, { message: `run ${runId} has no ONNX file` });
  const { handle, size } = await openRunFile(reader, fileId(runId, path));
  try {
    if (size > mostBytes) throw new Refused(nothingToSay, { message: `${path} is too large to be read here` });
    const { dev, ino, mtimeNs } = await handle.stat({ bigint: true });
    const state = `${dev} ${ino} ${mtimeNs} ${size}`;
    const layers = kept.get(state) ?? modelLayers(await handle.readFile());
    kept.delete(state);
    kept.set(state, layers);
    for (const oldest of kept.keys()) if (kept.size > mostKept) kept.delete(oldest);
    return { path, layers };
  } catch (error) {
    if (error instanceof RangeError) throw new Refused(nothingToSay, { message: `${path}: ${error.message}` });
    throw error;
  } finally {
    await handle.close();
  }
}
