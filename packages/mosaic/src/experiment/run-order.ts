import { executorNames } from "@ml-mosaic/tensor";
import { languageOfPipeline, type Project } from "../config/index.ts";
import { languages } from "../languages/languages.ts";
import { processParams } from "../pipelines/run-params.ts";
import type { RunOrder } from "../run/order.ts";
import type { Lease, StoreReader } from "../store/index.ts";
import type { Work } from "../supervisor/worker-process.ts";
import type { FilesFolders } from "./files-folders.ts";

/**
 * What a worker is told of a run: all of it but the place from the database, so that any command can carry on any run.
 */
export async function workOf(
  lease: Lease,
  store: StoreReader,
  folders: FilesFolders,
  {
    project,
    files,
    device,
    acceptsCode,
    isFenced,
  }: Pick<RunOrder, "files" | "device" | "acceptsCode"> & { readonly project: Project; readonly isFenced: boolean },
): Promise<Work> {
  const { runId, pipeline, repetition, seed, params } = lease;
  const process = processParams(pipeline, params);
  const order = {
    runId,
    pipeline,
    process,
    repetition,
    seed,
    device,
    folder: project.folder,
    files,
    acceptsCode,
    filesFolder: folders.of(process),
    fence: isFenced ? lease.token : undefined,
    executor: executorNames.find((name) => name === lease.executor),
    earlierEpochs: lease.fromSnapshot ? await store.history(runId) : undefined,
  };
  return languages[languageOfPipeline(pipeline)].workOf(order, project);
}
