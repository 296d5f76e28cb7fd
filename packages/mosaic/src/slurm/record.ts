/** What `mosaic status` shows of the jobs that the supervisor of a database has sent. */
import { isPlainObject } from "@ml-mosaic/base";
import type { Store, StoreReader } from "../store/index.ts";
import type { Job } from "./jobs.ts";

const name = "slurm_jobs";

export async function recordJobs(store: Store, jobs: readonly Job[]): Promise<void> {
  await store.setSystem(name, JSON.stringify(jobs));
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
