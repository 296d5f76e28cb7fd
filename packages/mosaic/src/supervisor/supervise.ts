/** Hands the pending runs of an experiment to worker processes and puts what comes back into the store. */

import type { EpochRecord } from "@ml-mosaic/training";
import type { Lease, RunResult, Store } from "../store/index.ts";
import { endOrphans } from "../worker/started-processes.ts";
import { Crew } from "./crew.ts";
import type { WorkerPlace } from "./place.ts";
import type { Work } from "./worker-process.ts";

/** What a view may want to show. */
export type SupervisorEvent =
  | { readonly kind: "started"; readonly lease: Lease; readonly slot: number }
  | { readonly kind: "epochs"; readonly lease: Lease; readonly last: EpochRecord; readonly epochs: number }
  | { readonly kind: "done"; readonly lease: Lease; readonly result: RunResult }
  | { readonly kind: "failed"; readonly lease: Lease; readonly error: string }
  /** `goesOn`: from its snapshot, else it begins again. */
  | {
      readonly kind: "worker-died";
      readonly lease: Lease;
      readonly how: string;
      readonly status: "pending" | "error";
      readonly goesOn: boolean;
    }
  /** `why` is said where it was not asked for. */
  | { readonly kind: "given-back"; readonly lease: Lease; readonly why?: string }
  /** It has come forward. `callSeconds`: how long its last call into the runtime took. */
  | { readonly kind: "progress"; readonly lease: Lease; readonly callSeconds: number }
  /** It begins again: the worker has ended by an error that the run `from` had left to it. */
  | { readonly kind: "disturbed"; readonly lease: Lease; readonly from: number; readonly error: string }
  /** It was left in the middle, with `epochs` whole ones done. */
  | { readonly kind: "paused"; readonly lease: Lease; readonly epochs: number };

/** How long a run may take before it is ended as an error; Infinity where there is no limit. */
export interface TimeLimits {
  readonly runSeconds: number;
  readonly epochSeconds: number;
}

export interface SuperviseOptions {
  readonly store: Store;
  readonly experimentId: number;
  /** Those that are there from the start. */
  readonly places: readonly WorkerPlace[];
  /** Others come and go: the runs wait for them where there is none. */
  readonly elsewhere?: Elsewhere | undefined;
  /** Settles when all runs are in the store, where some are not yet. */
  readonly adding?: Promise<unknown> | undefined;
  readonly workOf: (lease: Lease, device: string) => Work | Promise<Work>;
  readonly onEvent: (event: SupervisorEvent) => void;
  readonly limits: TimeLimits;
  /** How often runs leave a snapshot; undefined: when they are paused, and when they end. */
  readonly snapshotSeconds: number | undefined;
  /** Aborted: running runs finish, no new one starts. */
  readonly finish: AbortSignal;
  /** Aborted: running runs are left in the middle, to go on from there; no new one starts. */
  readonly pause: AbortSignal;
  /** Aborted: running runs are given back at once. */
  readonly stop: AbortSignal;
}

/** Workers that are not of this machine. */
export interface Elsewhere {
  /**
   * @param join is called with each place, as it comes
   * @param fail is called where none can come any more
   */
  open(join: (place: WorkerPlace) => void, fail: (error: unknown) => void): Promise<void>;
  /** @param isOver whether no run is left: else another supervisor may come */
  close(isOver: boolean): Promise<void>;
}

const heartbeatMilliseconds = 4000;
const lookMilliseconds = 500;

/**
 * Resolves when no run is left, or when asked to finish or stop and nothing runs any more.
 *
 * @throws StoreError when the store fails: the running runs are stopped and, where it still can, given back
 * @throws MosaicError when no worker can be started
 */
export async function supervise(options: SuperviseOptions): Promise<void> {
  endOrphans();
  const { store } = options;
  const failed = new AbortController();
  const stop = AbortSignal.any([options.stop, failed.signal]);
  let failure: { readonly error: unknown } | undefined;
  const fail = (error: unknown) => {
    failure ??= { error };
    failed.abort();
  };
  const crew = new Crew({ ...options, stop }, (error) => {
    fail(error);
    void crew.settle().catch(() => undefined);
  });
  const leases = () => crew.slots.flatMap((slot) => slot.beats);
  const heartbeat = setInterval(() => {
    store.heartbeat(leases()).catch(fail);
  }, heartbeatMilliseconds);
  const look = setInterval(() => crew.look(), lookMilliseconds);
  const killAll = () => {
    for (const slot of crew.slots) slot.kill();
  };
  const pauseAll = () => {
    for (const slot of crew.slots) slot.pause();
  };
  const withdrawAll = () => {
    for (const slot of crew.slots) slot.withdraw();
  };
  // Ctrl-Z reaches this process alone, as each worker has a group of its own.
  const suspend = () => {
    for (const slot of crew.slots) slot.signal("SIGSTOP");
    process.kill(process.pid, "SIGSTOP");
  };
  const goOn = () => {
    for (const slot of crew.slots) slot.signal("SIGCONT");
  };
  process.on("SIGTSTP", suspend);
  process.on("SIGCONT", goOn);
  stop.addEventListener("abort", killAll);
  options.pause.addEventListener("abort", pauseAll);
  options.finish.addEventListener("abort", withdrawAll);
  const asked = AbortSignal.any([stop, options.pause, options.finish]);
  const settle = () => void crew.settle().catch(fail);
  options.adding?.catch((error: unknown) => {
    fail(error);
    settle();
  });
  asked.addEventListener("abort", settle);
  try {
    // Those that are at work already are first.
    await options.elsewhere?.open((place) => crew.join(place), fail);
    for (const place of options.places) crew.join(place);
    settle();
    await crew.over;
    if (failure !== undefined) throw failure.error;
  } finally {
    clearInterval(heartbeat);
    clearInterval(look);
    process.off("SIGTSTP", suspend);
    process.off("SIGCONT", goOn);
    stop.removeEventListener("abort", killAll);
    options.pause.removeEventListener("abort", pauseAll);
    options.finish.removeEventListener("abort", withdrawAll);
    asked.removeEventListener("abort", settle);
    killAll();
    await options.elsewhere?.close(failure === undefined && !asked.aborted);
    // Where this fails too, the runs are pending again when the database is next opened.
    await Promise.allSettled(leases().map((lease) => store.giveBackRun(lease, { kind: "stopped" })));
  }
}
