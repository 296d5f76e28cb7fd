/** Hands the pending runs of an experiment to worker processes and puts what comes back into the store. */

import type { EpochRecord } from "@ml-mosaic/training";
import type { Lease, RunResult, Store } from "../store/index.ts";
import { endOrphans } from "../worker/started-processes.ts";
import { Slot } from "./slot.ts";
import type { Work } from "./worker-process.ts";

/** What a view may want to show. */
export type SupervisorEvent =
  | { readonly kind: "started"; readonly lease: Lease; readonly slot: number }
  | { readonly kind: "epochs"; readonly lease: Lease; readonly last: EpochRecord; readonly epochs: number }
  | { readonly kind: "done"; readonly lease: Lease; readonly result: RunResult }
  | { readonly kind: "failed"; readonly lease: Lease; readonly error: string }
  | { readonly kind: "worker-died"; readonly lease: Lease; readonly how: string; readonly status: "pending" | "error" }
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
  readonly numWorkers: number;
  /** @param slot number of the worker, which decides about the device */
  readonly workOf: (lease: Lease, slot: number) => Work | Promise<Work>;
  readonly onEvent: (event: SupervisorEvent) => void;
  readonly limits: TimeLimits;
  /** Aborted: running runs finish, no new one starts. */
  readonly finish: AbortSignal;
  /** Aborted: running runs are left in the middle, to go on from there; no new one starts. */
  readonly pause: AbortSignal;
  /** Aborted: running runs are given back at once. */
  readonly stop: AbortSignal;
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
  const slots = Array.from({ length: options.numWorkers }, (_, slot) => new Slot(slot, { ...options, stop }));
  let failure: { readonly error: unknown } | undefined;
  const fail = (error: unknown) => {
    failure ??= { error };
    failed.abort();
  };
  const leases = () => slots.flatMap((slot) => slot.beats);
  const heartbeat = setInterval(() => {
    store.heartbeat(leases()).catch(fail);
  }, heartbeatMilliseconds);
  const look = setInterval(() => {
    for (const slot of slots) slot.look();
  }, lookMilliseconds);
  const killAll = () => {
    for (const slot of slots) slot.kill();
  };
  const pauseAll = () => {
    for (const slot of slots) slot.pause();
  };
  const withdrawAll = () => {
    for (const slot of slots) slot.withdraw();
  };
  // Ctrl-Z reaches this process alone, as each worker has a group of its own.
  const suspend = () => {
    for (const slot of slots) slot.signal("SIGSTOP");
    process.kill(process.pid, "SIGSTOP");
  };
  const goOn = () => {
    for (const slot of slots) slot.signal("SIGCONT");
  };
  process.on("SIGTSTP", suspend);
  process.on("SIGCONT", goOn);
  stop.addEventListener("abort", killAll);
  options.pause.addEventListener("abort", pauseAll);
  options.finish.addEventListener("abort", withdrawAll);
  try {
    await Promise.all(slots.map((slot) => slot.work().catch(fail)));
    if (failure !== undefined) throw failure.error;
  } finally {
    clearInterval(heartbeat);
    clearInterval(look);
    process.off("SIGTSTP", suspend);
    process.off("SIGCONT", goOn);
    stop.removeEventListener("abort", killAll);
    options.pause.removeEventListener("abort", pauseAll);
    options.finish.removeEventListener("abort", withdrawAll);
    killAll();
    // Where this fails too, the runs are pending again when the database is next opened.
    await Promise.allSettled(leases().map((lease) => store.giveBackRun(lease, { kind: "stopped" })));
  }
}
