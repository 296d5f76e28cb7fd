/** Decides which of the planned runs are to be carried out, and puts them into the store. */
import { randomUUID } from "node:crypto";
import type { Experiment } from "../config/index.ts";
import type { AddedRuns, FoundRun, NewRun, Store } from "../store/index.ts";
import { engineVersion, machineFacts } from "./environment.ts";
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
  /** Ids of done runs that have fewer epochs than the configuration asks for. */
  readonly shorter: readonly number[];
}

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
  const experimentId = await recordExperiment(store, experiment);
  if (!options.continued) {
    const added = await store.addRuns(experimentId, planRuns(experiment, digests));
    return { experimentId, added: added.count, resumed: 0, done: 0, failed: 0, runIds: idsOf(added), shorter: [] };
  }
  const known = await store.findRuns(identitiesOf(experiment, digests));
  const missing: NewRun[] = [];
  const requeued: number[] = [];
  const before: number[] = [];
  const shorter: number[] = [];
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
      if ((finished.epochs ?? 0) < epochsOf(run)) shorter.push(finished.runId);
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
  return { experimentId, added: added.count, resumed: requeued.length, done, failed, runIds, shorter };
}

/** Where the runs of a call come from, and what they are carried out on. */
export async function recordExperiment(
  store: Store,
  { file, folder, text }: Pick<Experiment, "file" | "folder" | "text">,
): Promise<number> {
  return store.createExperiment({
    configuration: JSON.stringify({ file, folder, text }),
    engineVersion: engineVersion(),
    machineJson: JSON.stringify({ ...machineFacts(), git: (await gitRevision(folder)) ?? "" }),
  });
}

function idsOf({ firstRunId, count }: AddedRuns): readonly number[] {
  return Array.from({ length: count }, (_, index) => firstRunId + index);
}

function* identitiesOf(experiment: Experiment, digests: ModuleDigests): IterableIterator<string> {
  for (const { identity } of planRuns(experiment, digests)) yield identity;
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
