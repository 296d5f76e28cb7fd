import type { MonitorSection } from "../config/index.ts";
import { MosaicError } from "../errors.ts";
import type { Continuation, RunRecord, Store } from "../store/index.ts";
import { type ExperimentOrigin, readExperimentOrigins } from "./experiment-origin.ts";
import { recordExperiment } from "./queue.ts";
import type { Queued } from "./queued.ts";
import { type RunModules, readRunModules } from "./run-modules.ts";

/** Runs of earlier experiments that wait once more. */
export interface Requeued extends Queued, Pick<RunModules, "changed"> {}

/** Where runs come from, the oldest experiment first. */
export async function originsOf(store: Store, runs: readonly RunRecord[]): Promise<readonly ExperimentOrigin[]> {
  const ids = new Set(runs.map(({ details }) => details?.experimentId));
  return (await readExperimentOrigins(store)).filter(({ experimentId }) => ids.has(experimentId));
}

/**
 * The latest origin. Relative paths of the modules start in its folder, so that it must be the same for all.
 *
 * @throws MosaicError where there is none, or the folders are several
 */
export function commonOrigin(origins: readonly ExperimentOrigin[]): ExperimentOrigin {
  const folders = new Set(origins.map(({ folder }) => folder));
  const latest = origins.at(-1);
  if (latest === undefined)
    throw new MosaicError("NO_ORIGIN", "the database does not say where the runs' configuration file was");
  if (folders.size > 1)
    throw new MosaicError(
      "SEVERAL_ORIGINS",
      `these runs come from configuration files in several folders (${[...folders].join(", ")}); rerun those of one folder at a time`,
    );
  return latest;
}

/**
 * Queues runs as a new experiment, with their modules as they are now.
 *
 * @param continuations of those runs that are done: they are trained further, all others go on or start again
 */
export async function requeue(
  store: Store,
  runs: readonly RunRecord[],
  monitor: MonitorSection,
  continuations: readonly Continuation[] = [],
): Promise<Requeued> {
  const origins = await originsOf(store, runs);
  const { folder, configurationFile: configuration } = commonOrigin(origins);
  const { digests, changed } = await readRunModules(runs, origins, folder);
  const text = JSON.stringify(monitor.texts);
  const experimentId = await recordExperiment(store, { file: configuration, folder, text }, digests);
  const runIds = runs.map(({ runId }) => runId);
  const continued = new Set(continuations.map(({ runId }) => runId));
  await store.continueRuns(experimentId, continuations);
  await store.requeueRuns(
    experimentId,
    runIds.filter((runId) => !continued.has(runId)),
  );
  return { experimentId, count: runs.length, runIds, failedBefore: 0, monitor, folder, configuration, changed };
}
