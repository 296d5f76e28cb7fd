/** What `mosaic status` shows of the jobs that the supervisor of a database has sent. */
import { countText, isPlainObject } from "@ml-mosaic/base";
import type { Store, StoreReader } from "../store/index.ts";
import type { Job } from "./jobs.ts";

const name = "slurm_jobs";
const processorsName = "slurm_processors";
const largeName = "slurm_large_runs";

/** A model of processor that so many runs wait for, and no worker has. */
export interface MissingProcessor {
  readonly processor: string;
  readonly runs: number;
}

export function missingText({ processor, runs }: MissingProcessor): string {
  return `${countText(runs, "run")} ${runs === 1 ? "waits" : "wait"} for a worker on ${processor}, as processor = same says`;
}

export async function recordJobs(
  store: Store,
  jobs: readonly Job[],
  missing: readonly MissingProcessor[],
): Promise<void> {
  await store.setSystem(name, JSON.stringify(jobs));
  await store.setSystem(processorsName, JSON.stringify(missing));
}

export async function recordedMissing(reader: StoreReader): Promise<readonly MissingProcessor[]> {
  const missing: unknown = JSON.parse((await reader.system()).get(processorsName) ?? "[]");
  return Array.isArray(missing) ? missing.filter(isMissing) : [];
}

function isMissing(value: unknown): value is MissingProcessor {
  return isPlainObject(value) && typeof value.processor === "string" && typeof value.runs === "number";
}

/** Runs that need twice the memory. */
export async function recordLarge(store: Store, runIds: readonly number[]): Promise<void> {
  await store.setSystem(largeName, JSON.stringify(runIds));
}

export async function recordedLarge(reader: StoreReader): Promise<readonly number[]> {
  const runIds: unknown = JSON.parse((await reader.system()).get(largeName) ?? "[]");
  return Array.isArray(runIds) ? runIds.filter((each) => typeof each === "number") : [];
}

export async function recordedJobs(reader: StoreReader): Promise<readonly Job[]> {
  const jobs: unknown = JSON.parse((await reader.system()).get(name) ?? "[]");
  return Array.isArray(jobs) ? jobs.filter(isJob) : [];
}

function isJob(value: unknown): value is Job {
  return (
    isPlainObject(value) &&
    ["id", "name", "state", "reason", "node", "start"].every((each) => typeof value[each] === "string")
  );
}
