/** Hands the pending runs of an experiment to worker processes and puts what comes back into the store. */

import type { EpochRecord } from "@ml-mosaic/training";
import { MosaicError } from "../errors.ts";
import type { RunOrder } from "../run/order.ts";
import { type Lease, type LeaseBeat, type RunResult, type Store, StoreError } from "../store/index.ts";
import type { FromWorker } from "../worker/messages.ts";
import { endOrphans } from "../worker/started-processes.ts";
import { pausePatience } from "./patience.ts";
import { startWorker, type WorkerProcess } from "./worker-process.ts";

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
  readonly orderOf: (lease: Lease, slot: number) => RunOrder | Promise<RunOrder>;
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

/** So many workers in a row that die before they take their run: then it is not the runs that kill them. */
const mostDeadStarts = 3;

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
  const leases = () => slots.map((slot) => slot.beat).filter((beat) => beat !== undefined);
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
    killAll();
    // Where this fails too, the runs are pending again when the database is next opened.
    await Promise.allSettled(leases().map((lease) => store.giveBackRun(lease, { kind: "stopped" })));
  }
}

/** One worker after the other, and the run that it has. */
class Slot {
  readonly #slot: number;
  readonly #options: SuperviseOptions;
  #worker: WorkerProcess | undefined;
  #lease: Lease | undefined;
  /** Whether the worker has the run of the lease. */
  #accepted = false;
  #order: RunOrder | undefined;
  #times: RunTimes | undefined;
  #deadStarts = 0;
  #settled: PromiseWithResolvers<void> | undefined;
  /** Messages are stored in the order in which they came. */
  #queue: Promise<void> = Promise.resolve();

  constructor(slot: number, options: SuperviseOptions) {
    this.#slot = slot;
    this.#options = options;
  }

  /** What the store is to know about the run at hand. */
  get beat(): LeaseBeat | undefined {
    if (this.#lease === undefined) return undefined;
    const silentFor = this.#times === undefined ? 0 : performance.now() - this.#times.progress;
    return { ...this.#lease, progressAt: new Date(Date.now() - silentFor) };
  }

  /** Takes run after run until none is left. */
  async work(): Promise<void> {
    const { store, experimentId, finish, pause, stop, orderOf, onEvent } = this.#options;
    while (!finish.aborted && !pause.aborted && !stop.aborted) {
      const lease = await store.leaseNextRun(experimentId, `worker ${this.#slot}`);
      if (lease === undefined) break;
      this.#lease = lease;
      this.#accepted = false;
      onEvent({ kind: "started", lease, slot: this.#slot });
      const settled = Promise.withResolvers<void>();
      this.#settled = settled;
      const order = await orderOf(lease, this.#slot);
      this.#order = order;
      const now = performance.now();
      this.#times = { begun: now, progress: now, callSeconds: 0 };
      this.#worker ??= this.#start();
      this.#worker.send({ kind: "run", token: lease.token, order });
      // Asked to stop or to pause between leasing and sending: nobody else will tell the worker.
      if (stop.aborted) this.kill();
      else if (pause.aborted) this.pause();
      await settled.promise;
    }
    this.#discard();
  }

  kill(): void {
    this.#worker?.kill();
  }

  signal(signal: "SIGSTOP" | "SIGCONT"): void {
    this.#worker?.signal(signal);
  }

  /** Asks the worker to leave its run in the middle. Without files there is nothing to go on from: it starts anew. */
  pause(): void {
    if (this.#lease === undefined || this.#order === undefined) return;
    if (this.#order.filesFolder === undefined) this.kill();
    else {
      if (this.#times !== undefined) this.#times.pauseAsked ??= performance.now();
      this.#worker?.send({ kind: "pause", token: this.#lease.token });
    }
  }

  /** Ends the run at hand where it has taken too long, or does not come to rest. */
  look(): void {
    const lease = this.#lease;
    const times = this.#times;
    if (lease === undefined || times === undefined) return;
    const { runSeconds, epochSeconds } = this.#options.limits;
    const now = performance.now();
    const secondsSince = (moment: number | undefined) => (moment === undefined ? 0 : (now - moment) / 1000);
    const silent = secondsSince(Math.max(times.progress, times.pauseAsked ?? 0));
    if (secondsSince(times.begun) > runSeconds)
      this.#enqueue(() => this.#takeOverdue(lease, overdue("timeout", "the run", runSeconds, times, now)));
    else if (secondsSince(times.epochBegun) > epochSeconds)
      this.#enqueue(() => this.#takeOverdue(lease, overdue("epoch_timeout", "an epoch", epochSeconds, times, now)));
    else if (times.pauseAsked !== undefined && silent > pausePatience(times.callSeconds))
      this.#enqueue(() => this.#takeRestless(lease, silent));
  }

  #start(): WorkerProcess {
    const worker = startWorker({
      message: (message) => this.#worker === worker && this.#enqueue(() => this.#take(message)),
      nonsense: () => this.#worker === worker && this.#enqueue(() => this.#takeNonsense()),
      progress: (callSeconds) => {
        const lease = this.#lease;
        if (this.#worker !== worker || lease === undefined || this.#times === undefined) return;
        this.#times.callSeconds = callSeconds;
        this.#times.progress = performance.now();
        this.#options.onEvent({ kind: "progress", lease, callSeconds });
      },
      exit: (how, lastWords) => {
        if (this.#worker !== worker) return;
        this.#worker = undefined;
        // What it had then, not what the slot has by the time its last messages are stored.
        const lease = this.#lease;
        this.#enqueue(() => this.#takeDeath(lease, how, lastWords));
      },
    });
    return worker;
  }

  /** Ends the worker, which is of no more use. */
  #discard(): void {
    const worker = this.#worker;
    this.#worker = undefined;
    worker?.kill();
  }

  #enqueue(work: () => Promise<void>): void {
    this.#queue = this.#queue.then(work).catch((error: unknown) => {
      if (error instanceof StoreError && error.code === "STORE_LEASE_LOST") {
        // The run was given to another worker meanwhile: what this one is at is no longer wanted.
        this.#discard();
        this.#end();
      } else this.#settled?.reject(error);
    });
  }

  #end(): void {
    this.#lease = undefined;
    this.#order = undefined;
    this.#times = undefined;
    this.#settled?.resolve();
  }

  async #take(message: FromWorker): Promise<void> {
    const { store, onEvent } = this.#options;
    const lease = this.#lease;
    if (lease === undefined || message.token !== lease.token) return;
    switch (message.kind) {
      case "accepted":
        this.#accepted = true;
        this.#deadStarts = 0;
        return;
      case "prepared":
        if (this.#times !== undefined) this.#times.epochBegun = performance.now();
        return;
      case "epochs": {
        if (this.#times !== undefined) this.#times.epochBegun = performance.now();
        await store.appendHistory(lease, message.records);
        const last = message.records.at(-1);
        if (last !== undefined) onEvent({ kind: "epochs", lease, last, epochs: message.epochs });
        return;
      }
      case "done": {
        const { result, directions, records, artifacts } = message;
        await store.completeRun(lease, { result, directions, history: records, artifacts });
        if (message.last) this.#discard();
        onEvent({ kind: "done", lease, result });
        return this.#end();
      }
      case "paused": {
        const { records, artifacts, epochs } = message;
        if (records.length > 0) await store.appendHistory(lease, records);
        await store.recordArtifacts(lease, artifacts);
        await store.pauseRun(lease, epochs);
        if (message.last) this.#discard();
        onEvent({ kind: "paused", lease, epochs });
        return this.#end();
      }
      case "failed":
        // What it has left behind is unknown.
        this.#discard();
        // The run is given back with all others: it goes on when the cause is gone.
        if (message.trouble !== null) throw machineTrouble(lease.runId, message.trouble, message.error);
        if (message.codeChanged) throw codeChanged(message.error);
        await store.failRun(lease, message.error);
        onEvent({ kind: "failed", lease, error: message.error });
        return this.#end();
      case "disturbed":
        this.#discard();
        await store.giveBackRun(lease, { kind: "stopped" });
        onEvent({ kind: "disturbed", lease, from: message.from, error: message.error });
        return this.#end();
      default:
        message satisfies never;
    }
  }

  /** It cannot be told what else of this worker's words is its own. */
  async #takeNonsense(): Promise<void> {
    const lease = this.#lease;
    this.#discard();
    if (lease === undefined) return;
    const { store, onEvent } = this.#options;
    await store.failRun(lease, forged);
    onEvent({ kind: "failed", lease, error: forged });
    this.#end();
  }

  async #takeOverdue(lease: Lease, error: string): Promise<void> {
    if (lease !== this.#lease) return;
    const { store, onEvent } = this.#options;
    this.#discard();
    await store.failRun(lease, error);
    onEvent({ kind: "failed", lease, error });
    this.#end();
  }

  async #takeRestless(lease: Lease, silentSeconds: number): Promise<void> {
    if (lease !== this.#lease) return;
    const { store, onEvent } = this.#options;
    this.#discard();
    await store.giveBackRun(lease, { kind: "stopped" });
    const why = `it did not come to rest in ${Math.round(silentSeconds)} s, so its worker was killed; it starts again where it started`;
    onEvent({ kind: "given-back", lease, why });
    this.#end();
  }

  async #takeDeath(lease: Lease | undefined, how: string, lastWords: string): Promise<void> {
    const { store, onEvent, pause, stop } = this.#options;
    if (lease === undefined || lease !== this.#lease) return;
    if (stop.aborted || pause.aborted || !this.#accepted) {
      await store.giveBackRun(lease, { kind: "stopped" });
      onEvent({ kind: "given-back", lease });
      if (!stop.aborted && !pause.aborted && ++this.#deadStarts === mostDeadStarts) throw cannotStart(how, lastWords);
    } else {
      const { status } = await store.giveBackRun(lease, { kind: "worker-died", detail: how + quoted(lastWords) });
      onEvent({ kind: "worker-died", lease, how, status });
    }
    this.#end();
  }
}

/** Moments of a run by the clock of `performance.now()`. */
interface RunTimes {
  readonly begun: number;
  /** When it came forward last. */
  progress: number;
  /** When the present epoch began; undefined while the modules are prepared. */
  epochBegun?: number;
  pauseAsked?: number;
  callSeconds: number;
}

function overdue(option: string, what: string, limit: number, { progress }: RunTimes, now: number): string {
  return `${what} took longer than ${limit} s, the ${option} of [MONITOR]; the last sign of progress was ${Math.round((now - progress) / 1000)} s ago`;
}

const forged =
  "a module has sent a message of its own to the supervisor, or changed what its objects are made of; console.log writes to the run's log";

function machineTrouble(runId: number, trouble: string, error: string): MosaicError {
  const [first = ""] = error.split("\n");
  const whole = first.includes(trouble) ? "" : ` (${first})`;
  return new MosaicError("MACHINE_TROUBLE", `run ${runId} cannot go on: ${trouble}${whole}`);
}

/** The runs wait for the text that their identities stand for. */
function codeChanged(error: string): MosaicError {
  const [first = error] = error.split("\n");
  return new MosaicError(
    "CODE_CHANGED",
    `${first.replace(/^\w*Error: /, "")}. Put the text back; or go on with the new one, whose runs are trained anew`,
  );
}

/** What a dead worker has printed, below what is said of its death. */
function quoted(lastWords: string): string {
  return lastWords === "" ? "" : `; its last words:\n${lastWords}\n`;
}

function cannotStart(how: string, lastWords: string): MosaicError {
  return new MosaicError(
    "WORKER_CANNOT_START",
    `no worker process can be started: ${mostDeadStarts} in a row died before they took a run (the last one ${how})${quoted(lastWords)}`,
  );
}
