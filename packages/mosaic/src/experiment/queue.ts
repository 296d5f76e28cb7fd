/** Decides which of the planned runs are to be carried out, and puts them into the store. */
import { randomUUID } from "node:crypto";
import type { Experiment } from "../config/index.ts";
import type { AddedRuns, FoundRun, NewRun, Store } from "../store/index.ts";
import { engineVersion, machineFacts } from "./environment.ts";
import { type ExperimentOrigin, readExperimentOrigins } from "./experiment-origin.ts";
import { gitRevision } from "./git-revision.ts";
import { type ModuleDigests, planRuns } from "./plan.ts";

export interface Queue {
  readonly experimentId: number;
  /** Runs that were not there before. */
  readonly added: number;
  /** Unfinished runs of earlier calls that are taken up. */
  readonly resumed: number;
  /** Runs that are done already. */
  readonly done: number;
  /** Failed runs that stay as they are. */
  readonly failed: number;
  /** All runs of this configuration: those to be carried out, and those that were before. */
  readonly runIds: readonly number[];
  /** Done runs that have fewer epochs than the configuration asks for. */
  readonly shorter: readonly ShorterRun[];
  /** Runs among the added that the database has with another text of their modules. */
  readonly changed: ChangedRuns;
}

export interface ShorterRun {
  readonly runId: number;
  /** Epochs that it lacks. */
  readonly missing: number;
}

export interface ChangedRuns {
  readonly count: number;
  /** `path_to_class` of the modules whose text is another one. */
  readonly modules: readonly string[];
}

const noneChanged: ChangedRuns = { count: 0, modules: [] };

export interface QueueOptions {
  /** Carry out only what is missing, instead of everything anew. */
  readonly continued: boolean;
  readonly retryErrors: boolean;
}

export async function enqueueRuns(
  store: Store,
  experiment: Experiment,
  digests: ModuleDigests,
  options: QueueOptions,
): Promise<Queue> {
  const earlier = options.continued ? await readExperimentOrigins(store) : [];
  const experimentId = await recordExperiment(store, experiment, digests);
  if (!options.continued) {
    const added = await store.addRuns(experimentId, planRuns(experiment, digests));
    const runIds = idsOf(added);
    return {
      experimentId,
      added: added.count,
      resumed: 0,
      done: 0,
      failed: 0,
      runIds,
      shorter: [],
      changed: noneChanged,
    };
  }
  const known = await store.findRuns(identitiesOf(experiment, digests));
  const missing: NewRun[] = [];
  const requeued: number[] = [];
  const before: number[] = [];
  const shorter: ShorterRun[] = [];
  let done = 0;
  let failed = 0;
  for (const run of planRuns(experiment, digests)) {
    const found = known.get(run.identity) ?? [];
    const finished = longest(found.filter(({ status }) => status === "done"));
    const waiting = found.find(({ status }) => status === "pending" || status === "paused");
    const broken = found.find(({ status }) => status === "error");
    if (finished !== undefined) {
      done++;
      before.push(finished.runId);
      // What stopped early has fewer epochs than it was asked for, and is as long as it was to be.
      if ((finished.epochsAsked ?? 0) < epochsOf(run))
        shorter.push({ runId: finished.runId, missing: epochsOf(run) - (finished.epochs ?? 0) });
    } else if (waiting !== undefined) requeued.push(waiting.runId);
    else if (broken === undefined) missing.push(run);
    else if (options.retryErrors) requeued.push(broken.runId);
    else {
      failed++;
      before.push(broken.runId);
    }
  }
  await store.requeueRuns(experimentId, requeued);
  const added = await store.addRuns(experimentId, missing);
  const runIds = [...before, ...requeued, ...idsOf(added)];
  const changed = await findChanged(
    store,
    experiment,
    digests,
    new Set(missing.map(({ identity }) => identity)),
    earlier,
  );
  return { experimentId, added: added.count, resumed: requeued.length, done, failed, runIds, shorter, changed };
}

/** Of the runs with these identities those that an earlier experiment had with other texts of the same modules. */
async function findChanged(
  store: Store,
  experiment: Experiment,
  digests: ModuleDigests,
  missing: ReadonlySet<string>,
  earlier: readonly ExperimentOrigin[],
): Promise<ChangedRuns> {
  if (missing.size === 0) return noneChanged;
  const texts = new Map(earlier.map(({ modules }) => [JSON.stringify([...modules].sort()), modules]));
  const found = new Set<string>();
  const changedModules = new Set<string>();
  for (const modules of texts.values()) {
    const paths = [...digests.keys()].filter((path) => modules.has(path) && modules.get(path) !== digests.get(path));
    if (paths.length === 0) continue;
    // With the texts of then, the runs of now have the identities of then.
    const then = new Map(digests);
    for (const path of paths) then.set(path, modules.get(path) ?? "");
    const identities = new Map<string, string>();
    const now = identitiesOf(experiment, digests);
    for (const identity of identitiesOf(experiment, then)) {
      const { value } = now.next();
      if (value !== undefined && missing.has(value)) identities.set(identity, value);
    }
    const known = await store.findRuns(identities.keys());
    for (const identity of known.keys()) found.add(identities.get(identity) ?? "");
    if (known.size > 0) for (const path of paths) changedModules.add(path);
  }
  return { count: found.size, modules: [...changedModules] };
}

/** Where the runs of a call come from, and what they are carried out on. */
export async function recordExperiment(
  store: Store,
  { file, folder, text }: Pick<Experiment, "file" | "folder" | "text">,
  digests: ModuleDigests,
): Promise<number> {
  return store.createExperiment({
    configuration: JSON.stringify({ file, folder, text, modules: Object.fromEntries(digests) }),
    engineVersion: engineVersion(),
    machineJson: JSON.stringify({ ...machineFacts(), git: (await gitRevision(folder)) ?? "" }),
  });
}

function idsOf({ firstRunId, count }: AddedRuns): readonly number[] {
  return Array.from({ length: count }, (_, index) => firstRunId + index);
}

function* identitiesOf(experiment: Experiment, digests: ModuleDigests): Generator<string, undefined, undefined> {
  for (const { identity } of planRuns(experiment, digests)) yield identity;
  return undefined;
}

function longest(runs: readonly FoundRun[]): FoundRun | undefined {
  return runs.toSorted((a, b) => (b.epochs ?? 0) - (a.epochs ?? 0))[0];
}

function epochsOf({ params }: NewRun): number {
  return Number(params.find(([name]) => name === "epochs")?.[1] ?? 0);
}

/** A name that stays with the database, whatever its file is called. */
export async function databaseIdOf(store: Store): Promise<string> {
  const known = (await store.system()).get("database_id");
  if (known !== undefined) return known;
  const created = randomUUID();
  await store.setSystem("database_id", created);
  return created;
}
