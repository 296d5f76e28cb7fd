import { resolve } from "node:path";
import { type Pipeline, parsePipelines } from "../config/index.ts";
import { PROCESS_DEFAULTS } from "../config/process-options.ts";
import type { RunOrder } from "../run/order.ts";
import { filesFolderOf } from "../run/run-files.ts";
import type { Lease, Param, StoreReader } from "../store/index.ts";
import { processParams } from "./process-params.ts";

/** Where a run's files lie; undefined for one that writes none. */
export function filesFolderFor(params: readonly Param[], folder: string, database: string): string | undefined {
  const { artifacts = PROCESS_DEFAULTS.artifacts, run_files_path: path = PROCESS_DEFAULTS.runFilesPath } =
    processParams(params);
  return artifacts === "none" ? undefined : resolve(filesFolderOf(resolve(folder, path), database));
}

/**
 * What a worker is told of a run: all of it from the database, so that any command can carry on any run.
 *
 * @param folder the configuration file's, where its relative paths start
 */
export async function orderOf(lease: Lease, store: StoreReader, folder: string, device: string): Promise<RunOrder> {
  const json: unknown = JSON.parse(lease.pipelineJson);
  const [pipeline = []]: readonly Pipeline[] = parsePipelines([json], store.location);
  const { runId, repetition, seed, params } = lease;
  return {
    runId,
    pipeline,
    process: processParams(params),
    repetition,
    seed,
    device,
    folder,
    filesFolder: filesFolderFor(params, folder, store.location),
    earlierEpochs: lease.fromSnapshot ? await store.history(runId) : undefined,
  };
}
