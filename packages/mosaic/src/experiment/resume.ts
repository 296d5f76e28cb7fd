import { realpathSync } from "node:fs";
import { pathExists } from "@ml-mosaic/base";
import type { MonitorSection } from "../config/index.ts";
import { MosaicError } from "../errors.ts";
import { contentDigest } from "../pipelines/flat-pipeline.ts";
import type { Store } from "../store/index.ts";
import type { PauseFile } from "./pause-file.ts";
import { originsOf, type Requeued, requeue } from "./requeue.ts";

export interface Resumed {
  /** Runs of the file that have ended since it was written. */
  readonly finished: number;
  /** Runs of the file that have been removed since, and stay so. */
  readonly removed: number;
  /** undefined where none of its runs is left. */
  readonly requeued: Requeued | undefined;
}

/**
 * Queues what is left of a pause file. What its runs are and where they write is the database's word, not the file's.
 *
 * @param path the file's
 * @throws MosaicError where the file says something else than the database
 */
export async function queueResumed(
  store: Store,
  file: PauseFile,
  path: string,
  monitor: MonitorSection,
  acceptCode: boolean,
): Promise<Resumed> {
  const { runIds, left, removed } = await matchRuns(store, file, path);
  const finished = runIds.length - left.length;
  if (left.length === 0) return { finished, removed, requeued: undefined };
  const requeued = await requeue(store, left, monitor, { acceptCode });
  return { finished, removed, requeued: { ...requeued, runIds } };
}

/** Also where the one that the file names is no more: the project has been moved. */
function isSameFolder(folder: string, named: string): boolean {
  return folder === named || !pathExists(named) || (pathExists(folder) && realpathSync(folder) === realpathSync(named));
}

function isLeft(status: string): boolean {
  return status === "pending" || status === "paused";
}

/** The ids of all runs of the file, and of those that are left. */
async function matchRuns(store: Store, file: PauseFile, path: string) {
  const refuse = (what: string) =>
    new MosaicError("PAUSE_FILE_DOES_NOT_FIT", `${path} does not fit ${file.database}: ${what}`);
  const wanted = new Map(file.runs);
  const runIds: number[] = [];
  const left: number[] = [];
  const experimentIds = new Set<number | undefined>();
  for await (const { runId, status, pipeline, details } of store.runs({ runIds: file.runs.keys() })) {
    const paused = wanted.get(runId);
    wanted.delete(runId);
    // `mosaic rekey` may have changed the keys since.
    if (pipeline === undefined || paused === undefined || contentDigest(pipeline) !== paused)
      throw refuse(`the pipeline of run ${runId} is another one there`);
    if (!isLeft(status) && status !== "done" && status !== "error") throw refuse(`run ${runId} is ${status}`);
    runIds.push(runId);
    if (isLeft(status)) left.push(runId);
    experimentIds.add(details?.experimentId);
  }
  let removed = 0;
  for (const runId of wanted.keys()) {
    if ((await store.removedRun(runId)) === undefined) throw refuse(`there is no run ${runId}`);
    removed++;
  }
  if (runIds.length === 0) return { runIds, left, removed };
  const origins = await originsOf(store, experimentIds);
  if (origins.length === 0) throw refuse("it does not say where the configuration file was");
  const foreign = origins.find(({ folder }) => !isSameFolder(folder, file.folder));
  if (foreign !== undefined) throw refuse(`its runs come from ${foreign.folder}, not from ${file.folder}`);
  return { runIds, left, removed };
}
