import { resolve } from "node:path";
import { projectOf } from "../languages/language.ts";
import { python } from "../languages/python/python.ts";
import type { RunsOfPilots } from "../pilot/elsewhere.ts";
import { type CarriedExperiment, carriedData } from "../pilot/offer.ts";
import { deleteRemovedFiles } from "../removal/delete-files.ts";
import { sweepTemporaryFolder } from "../run/temporary-place.ts";
import type { Job } from "../slurm/jobs.ts";
import { type MissingProcessor, recordedLarge, recordJobs, recordLarge } from "../slurm/record.ts";
import type { Store } from "../store/index.ts";
import { localPlace } from "../supervisor/local-place.ts";
import { type Elsewhere, type SupervisorEvent, supervise } from "../supervisor/supervise.ts";
import { workerDevices } from "./devices.ts";
import { readExperimentOrigins } from "./experiment-origin.ts";
import { openFilesFolders } from "./files-folders.ts";
import { recordFacts } from "./monitoring-facts.ts";
import { openPauseRequests } from "./pause-requests.ts";
import type { Queued } from "./queued.ts";
import { workOf } from "./run-order.ts";

export interface Watching {
  readonly onEvent: (event: SupervisorEvent) => void;
  /** Told what the user should know meanwhile. */
  readonly say: (line: string) => void;
  /** Aborted: running runs finish, no new one starts. */
  readonly finish: AbortSignal;
  /** Aborted: running runs are given back at once. */
  readonly stop: AbortSignal;
}

/** Who carries the runs out. */
export interface Crews {
  /** Whether this machine does. */
  readonly here?: boolean;
  /** Workers of other machines. */
  readonly elsewhere?: ((situation: Situation) => Promise<Elsewhere>) | undefined;
}

/** What workers of other machines find. */
export interface Situation {
  /** They must see these as they are here. */
  readonly folders: readonly string[];
  readonly runs: RunsOfPilots;
  readonly say: (line: string) => void;
  /** What those need that see none of the folders. */
  carried(): Promise<CarriedExperiment>;
  /** How many runs have not ended. */
  left(): Promise<number>;
  /** Ids of the runs that wait. */
  pending(): Promise<readonly number[]>;
  /** How many runs that wait were left by which model of processor. */
  processors(): Promise<ReadonlyMap<string, number>>;
  /** Keeps what `status` is to show of the jobs that have been sent, and of what runs wait for. */
  record(jobs: readonly Job[], missing: readonly MissingProcessor[]): Promise<void>;
  /** Ids of the runs that need more memory than others, as the last supervisor has kept them. */
  large(): Promise<readonly number[]>;
  recordLarge(runIds: readonly number[]): Promise<void>;
}

export interface Outcome {
  /** Runs that still wait, or were left in the middle. */
  readonly left: readonly number[];
  /** How many were not put into the database. */
  readonly leftOut: number;
  readonly failed: readonly number[];
}

/** Carries out the runs that wait, with workers, and lets `mosaic pause` break it off. */
export async function carryOut(
  store: Store,
  queued: Queued,
  watching: Watching,
  { here = true, elsewhere }: Crews = {},
): Promise<Outcome> {
  const { experimentId, acceptsCode, monitor, count, adding } = queued;
  const leaveOut = () => adding?.stop();
  if (watching.stop.aborted) leaveOut();
  else watching.stop.addEventListener("abort", leaveOut, { once: true });
  const files = Object.fromEntries(queued.files);
  for (const line of (await deleteRemovedFiles(store)).left) watching.say(`a file of a removed run is left: ${line}`);
  await sweepTemporaryFolder();
  // Others are told how many runs there are.
  if (elsewhere !== undefined) await adding?.done;
  // Workers elsewhere may be at work there before this supervisor is, and after it.
  const isFenced = elsewhere !== undefined;
  const folders = await openFilesFolders(store, queued, watching.say, isFenced ? "gone" : "any");
  const project = projectOf(queued);
  const devices = here ? workerDevices(monitor, count) : [];
  await recordFacts(store, experimentId, { workers: devices.length, start: new Date().toISOString() });
  const requests = await openPauseRequests(store, queued, watching.say);
  try {
    await supervise({
      store,
      experimentId,
      places: devices.map(localPlace),
      elsewhere: await elsewhere?.({
        folders: [queued.folder, ...folders.paths],
        runs: {
          database: folders.databaseId,
          hasTakenOver: store.hasTakenOver,
          published: (now) => store.published(now),
        },
        say: watching.say,
        carried: () => carriedOf(store, queued, folders.paths),
        async left() {
          const counts = await store.countByStatus(experimentId);
          return (counts.get("pending") ?? 0) + (counts.get("running") ?? 0);
        },
        pending: () => store.runIds({ experimentId, status: "pending" }),
        processors: () => processorsOf(store),
        record: (jobs, missing) => recordJobs(store, jobs, missing),
        large: () => recordedLarge(store),
        recordLarge: (runIds) => recordLarge(store, runIds),
      }),
      adding: adding?.done,
      workOf: (lease, device) => workOf(lease, store, folders, { project, files, acceptsCode, device, isFenced }),
      limits: monitor,
      snapshotSeconds: monitor.snapshotSeconds,
      onEvent(event) {
        requests.follow(event);
        watching.onEvent(event);
      },
      finish: AbortSignal.any([watching.finish, requests.finish]),
      pause: requests.pause,
      stop: watching.stop,
    });
    // Asked to pause or to finish, the runs that wait are all to be found there.
    await adding?.done;
  } catch (error) {
    await folders.clear(isFenced ? "gone" : "any").catch(() => undefined);
    throw error;
  } finally {
    await requests.close();
    await sweepTemporaryFolder();
  }
  await recordFacts(store, experimentId, { end: new Date().toISOString() });
  const idsWith = (status: string) => store.runIds({ experimentId, status });
  const left = [...(await idsWith("pending")), ...(await idsWith("paused"))];
  await folders.clear(isFenced && left.length > 0 ? "gone" : "any");
  return { left, leftOut: (await adding?.done) ?? 0, failed: await idsWith("error") };
}

async function carriedOf(store: Store, queued: Queued, filesFolders: readonly string[]): Promise<CarriedExperiment> {
  const { experimentId, folder, start, files, monitor } = queued;
  const origins = await readExperimentOrigins(store);
  const data = origins.find((origin) => origin.experimentId === experimentId)?.dataFiles.keys() ?? [];
  return {
    folder,
    start,
    files,
    filesFolders,
    data: Array.from(data, (name) => carriedData(name, resolve(folder, name))),
    dataRoot: monitor.dataRoot === undefined ? undefined : resolve(folder, monitor.dataRoot),
    python: () => python.versions(projectOf(queued)),
  };
}

/** More are not looked at: which they wait for shows in these. */
const mostReturned = 1000;

async function processorsOf(store: Store): Promise<ReadonlyMap<string, number>> {
  const counts = new Map<string, number>();
  for await (const { details } of store.runs({ status: "pending", returned: true, last: mostReturned })) {
    const processor = details?.fromSnapshot === true ? details.processors.at(-1) : undefined;
    if (processor !== undefined) counts.set(processor, (counts.get(processor) ?? 0) + 1);
  }
  return counts;
}
