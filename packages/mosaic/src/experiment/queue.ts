/** Decides which of the planned runs are to be carried out, and puts them into the store. */
import type { Experiment } from "../config/index.ts";
import { processParams } from "../pipelines/run-params.ts";
import type { AddedRuns, FoundRun, NewRun, Store } from "../store/index.ts";
import { commandGiven, engineVersion, machineFacts } from "./environment.ts";
import { type ExperimentOrigin, folderRecord, readExperimentOrigins } from "./experiment-origin.ts";
import { gitRevision } from "./git-revision.ts";
import { recordFacts } from "./monitoring-facts.ts";
import { type ExperimentCode, type ModuleDigests, planRuns } from "./plan.ts";
import type { Queued } from "./queued.ts";

export interface ExperimentQueue extends Queued {
  /** Runs that were not there before. */
  readonly added: number;
  /** Unfinished runs of earlier calls that are taken up. */
  readonly resumed: number;
  /** Runs that are done already. */
  readonly done: number;
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
  { digests, files }: ExperimentCode,
  { continued, retryErrors }: QueueOptions,
): Promise<ExperimentQueue> {
  const earlier = continued ? await readExperimentOrigins(store) : [];
  const experimentId = await recordExperiment(store, experiment, digests);
  const planned = () => planRuns(experiment, digests);
  const found = continued ? await store.findRuns(identitiesOf(experiment, digests)) : undefined;
  const known = found && sortKnown(found, planned(), retryErrors);
  const requeued = known?.requeued ?? [];
  await store.requeueRuns(experimentId, requeued);
  const added = await store.addRuns(experimentId, known?.missing ?? planned());
  const { monitor, folder, file: configuration } = experiment;
  return {
    experimentId,
    count: requeued.length + added.count,
    runIds: [...(known?.done ?? []), ...(known?.failed ?? []), ...requeued, ...idsOf(added)],
    failedBefore: known?.failed.length ?? 0,
    monitor,
    folder,
    configuration,
    files,
    added: added.count,
    resumed: requeued.length,
    done: known?.done.length ?? 0,
    shorter: known?.shorter ?? [],
    changed: await findChanged(
      store,
      experiment,
      digests,
      new Set(known?.missing.map(({ identity }) => identity)),
      earlier,
    ),
  };
}

interface KnownRuns {
  readonly done: readonly number[];
  readonly shorter: readonly ShorterRun[];
  /** Unfinished runs, and failed ones that are tried again. */
  readonly requeued: readonly number[];
  /** Failed runs that stay as they are. */
  readonly failed: readonly number[];
  readonly missing: readonly NewRun[];
}

/** What of the planned runs the database has, and how they stand there. */
function sortKnown(
  known: ReadonlyMap<string, readonly FoundRun[]>,
  planned: Iterable<NewRun>,
  retryErrors: boolean,
): KnownRuns {
  const missing: NewRun[] = [];
  const requeued: number[] = [];
  const done: number[] = [];
  const failed: number[] = [];
  const shorter: ShorterRun[] = [];
  for (const run of planned) {
    const found = known.get(run.identity) ?? [];
    const finished = longest(found.filter(({ status }) => status === "done"));
    const waiting = found.find(({ status }) => status === "pending" || status === "paused");
    const broken = found.find(({ status }) => status === "error");
    if (finished !== undefined) {
      done.push(finished.runId);
      // What stopped early has fewer epochs than it was asked for, and is as long as it was to be.
      if ((finished.epochsAsked ?? 0) < epochsOf(run))
        shorter.push({ runId: finished.runId, missing: epochsOf(run) - (finished.epochs ?? 0) });
    } else if (waiting !== undefined) requeued.push(waiting.runId);
    else if (broken === undefined) missing.push(run);
    else (retryErrors ? requeued : failed).push(broken.runId);
  }
  return { done, shorter, requeued, failed, missing };
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
    const before = [...modules].filter(([path, digest]) => digests.has(path) && digests.get(path) !== digest);
    if (before.length === 0) continue;
    // With the texts of then, the runs of now have the identities of then.
    const then = new Map([...digests, ...before]);
    const identities = new Map<string, string>();
    const now = identitiesOf(experiment, digests);
    for (const identity of identitiesOf(experiment, then)) {
      const { value } = now.next();
      if (value !== undefined && missing.has(value)) identities.set(identity, value);
    }
    const known = await store.findRuns(identities.keys());
    for (const [earlierIdentity, identity] of identities) if (known.has(earlierIdentity)) found.add(identity);
    if (known.size > 0) for (const [path] of before) changedModules.add(path);
  }
  return { count: found.size, modules: [...changedModules] };
}

/** Where the runs of a call come from, and what they are carried out on. */
export async function recordExperiment(
  store: Store,
  { file, folder, text }: Pick<Experiment, "file" | "folder" | "text">,
  digests: ModuleDigests,
): Promise<number> {
  const versions = engineVersion();
  const machine = machineFacts();
  const experimentId = await store.createExperiment({
    configuration: JSON.stringify({
      file,
      ...folderRecord(folder, store.location),
      text,
      modules: Object.fromEntries(digests),
    }),
    engineVersion: versions,
    machineJson: JSON.stringify({ ...machine, git: (await gitRevision(folder)) ?? "" }),
  });
  await recordFacts(store, experimentId, { command: commandGiven(), versions, ...machine });
  return experimentId;
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

function epochsOf({ pipeline, params }: NewRun): number {
  return Number(processParams(pipeline, params).epochs);
}
