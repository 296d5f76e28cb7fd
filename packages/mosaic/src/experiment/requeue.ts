import { createHash } from "node:crypto";
import type { MonitorSection } from "../config/index.ts";
import { MosaicError } from "../errors.ts";
import { processParams } from "../pipelines/run-params.ts";
import { idRanges } from "../selection/id-ranges.ts";
import type { Continuation, RunRecord, Store } from "../store/index.ts";
import { dataFilesOf, dataFilesRecord } from "./data-files.ts";
import { checkDevices } from "./devices.ts";
import { type ExperimentOrigin, readExperimentOrigins } from "./experiment-origin.ts";
import { byMeaning, type IdentityParts, runIdentity } from "./identity.ts";
import { recordExperiment } from "./queue.ts";
import type { Queued } from "./queued.ts";
import { type RunModules, readRunModules } from "./run-modules.ts";

/** Runs of earlier experiments that wait once more. */
export interface Requeued extends Queued, Pick<RunModules, "changed"> {}

/** Where runs come from, the oldest experiment first. */
export async function originsOf(
  store: Store,
  experimentIds: ReadonlySet<number | undefined>,
): Promise<readonly ExperimentOrigin[]> {
  return (await readExperimentOrigins(store)).filter(({ experimentId }) => experimentIds.has(experimentId));
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

export interface RequeueOptions {
  /** Whether runs go on with modules that have changed since. */
  readonly acceptCode: boolean;
  /** Of those runs that are trained to another number of epochs; all others go on or start again. */
  readonly continuations?: readonly Pick<Continuation, "runId" | "epochs">[];
}

/**
 * Queues runs, all of which are there, as a new experiment, with their modules as they are now.
 *
 * @throws MosaicError where a module has changed and nobody has accepted it, before anything changes
 */
export async function requeue(
  store: Store,
  runIds: readonly number[],
  monitor: MonitorSection,
  { acceptCode, continuations = [] }: RequeueOptions,
): Promise<Requeued> {
  // Read again where they are looked through: there may be a million.
  const runs = () => store.runs({ runIds });
  const experimentIds = new Set<number | undefined>();
  for await (const { details } of runs()) experimentIds.add(details?.experimentId);
  const origins = await originsOf(store, experimentIds);
  const { folder, start, configurationFile: configuration, overrides } = commonOrigin(origins);
  const project = { folder, start, python: monitor.python };
  const { digests, files, versions, classes, changed, languages } = await readRunModules(runs, origins, project);
  await checkDevices(monitor, languages, project);
  if (changed.size > 0 && !acceptCode) throw codeChanged(changed);
  const text = JSON.stringify(monitor.texts);
  const experimentId = await recordExperiment(
    store,
    { file: configuration, folder, start, text, overrides },
    { digests, versions },
    dataFilesRecord(await dataFilesOf(runs(), folder), origins),
  );
  const continued = new Set(continuations.map(({ runId }) => runId));
  const identities = new Map<number, string>();
  const parts = { digests, ...byMeaning(classes) };
  for await (const run of store.runs({ runIds: new Set([...changed.values()].flat()) }))
    identities.set(run.runId, identityAfterChange(run, parts));
  await store.updateIdentities(identities.entries().filter(([runId]) => !continued.has(runId)));
  const withIdentity = ({ runId, epochs }: (typeof continuations)[number]): Continuation => {
    const identity = identities.get(runId);
    return { runId, epochs, ...(identity === undefined ? {} : { identity }) };
  };
  await store.continueRuns(experimentId, continuations.map(withIdentity));
  await store.requeueRuns(
    experimentId,
    runIds.filter((runId) => !continued.has(runId)),
  );
  return {
    experimentId,
    count: runIds.length,
    runIds,
    failedBefore: 0,
    monitor,
    folder,
    start,
    configuration,
    overrides,
    files,
    acceptsCode: acceptCode,
    changed,
  };
}

/** What was trained with two texts is like no other run; what starts again is a run of the text of now. */
function identityAfterChange({ status, pipeline, params, details }: RunRecord, parts: IdentityParts): string {
  if (pipeline === undefined || details === null) throw new TypeError("a run without pipeline or details cannot go on");
  const identity = runIdentity(pipeline, processParams(pipeline, params), details.repetition, parts);
  const startsAgain = status !== "done" && !details.fromSnapshot;
  return startsAgain ? identity : createHash("sha256").update(`${details.identity} then ${identity}`).digest("hex");
}

function codeChanged(changed: RunModules["changed"]): MosaicError {
  const lines = Array.from(changed, ([path, runIds]) => `${path} has changed since ${runsText(runIds)} began`);
  return new MosaicError(
    "CODE_CHANGED",
    `${lines.join("\n")}\nWhat is trained with two texts is comparable with nothing else: put the text back, or go on with the new one by --accept-code; mosaic run trains such runs anew`,
  );
}

function runsText(runIds: readonly number[]): string {
  return `${runIds.length === 1 ? "run" : "runs"} ${idRanges(runIds)}`;
}
