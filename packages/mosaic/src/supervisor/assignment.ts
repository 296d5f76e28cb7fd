import type { Lease, Store } from "../store/index.ts";
import type { WorkerPlace } from "./place.ts";
import type { SuperviseOptions } from "./supervise.ts";
import type { Work, WorkerProcess } from "./worker-process.ts";

/** A run that a slot has. */
export interface Assignment extends Work {
  readonly lease: Lease;
  /** Who was sent the order. */
  worker?: WorkerProcess;
  /** Whether the worker was asked for the order back. */
  isAskedBack?: boolean;
  /** Whether it goes on from a snapshot, should its worker die. */
  hasSnapshot?: boolean;
  /** Undefined until the run before it has ended. */
  times?: RunTimes;
}

/** Moments of a run by the clock of `performance.now()`. */
export interface RunTimes {
  readonly begun: number;
  /** When it came forward last. */
  progress: number;
  /** When the present epoch began; undefined while the modules are prepared. */
  epochBegun?: number;
  pauseAsked?: number;
  callSeconds: number;
}

/** Leases the next runs that wait, up to `most`, for a place: those first that an earlier supervisor has left there. */
export async function assignRuns(
  most: number,
  place: WorkerPlace,
  { store, experimentId, workOf }: SuperviseOptions,
): Promise<readonly Assignment[]> {
  const { name, wishes, device } = place;
  const left = await leaseLeft(place, store, experimentId);
  // One that has said all that it knows of runs that are over takes no others.
  const next = async () => (place.isOpen ? store.leaseNextRuns(experimentId, name, most, wishes) : []);
  const leases = left === undefined ? await next() : [left];
  return Promise.all(leases.map(async (lease) => ({ lease, ...(await workOf(lease, device)) })));
}

async function leaseLeft({ left, name }: WorkerPlace, store: Store, experimentId: number): Promise<Lease | undefined> {
  for (let runId = left?.next(); runId !== undefined; runId = left?.next()) {
    const lease = await store.leaseRun(experimentId, runId, name);
    if (lease !== undefined) return lease;
    left?.refuse(runId);
  }
  return undefined;
}
