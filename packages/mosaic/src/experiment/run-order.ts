import { resolve } from "node:path";
import { PROCESS_DEFAULTS } from "../config/process-options.ts";
import type { Texts } from "../pipelines/pipeline.ts";
import { processParams } from "../pipelines/run-params.ts";
import type { RunOrder } from "../run/order.ts";
import { filesFolderOf } from "../run/run-files.ts";
import type { Lease, StoreReader } from "../store/index.ts";

/** Where a run's files lie; undefined for one that writes none. */
export function filesFolderFor(process: Texts, folder: string, database: string): string | undefined {
  const { artifacts = PROCESS_DEFAULTS.artifacts, run_files_path: path = PROCESS_DEFAULTS.runFilesPath } = process;
  return artifacts === "none" ? undefined : resolve(filesFolderOf(resolve(folder, path), database));
}

/**
 * What a worker is told of a run: all of it from the database, so that any command can carry on any run.
 *
 * @param folder the configuration file's, where its relative paths start
 */
export async function orderOf(lease: Lease, store: StoreReader, folder: string, device: string): Promise<RunOrder> {
  const { runId, pipeline, repetition, seed, params } = lease;
  const process = processParams(pipeline, params);
  return {
    runId,
    pipeline,
    process,
    repetition,
    seed,
    device,
    folder,
    filesFolder: filesFolderFor(process, folder, store.location),
    earlierEpochs: lease.fromSnapshot ? await store.history(runId) : undefined,
  };
}
