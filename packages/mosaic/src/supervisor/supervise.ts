/** Hands the pending runs of an experiment to worker processes and puts what comes back into the store. */
import type { RunOrder } from "../run/order.ts";
import { type EpochRecord, type Lease, type RunResult, type Store, StoreError } from "../store/index.ts";
import type { FromWorker } from "../worker/messages.ts";
import { startWorker, type WorkerProcess } from "./worker-process.ts";

/** What a view may want to show. */
export type SupervisorEvent =
  | { readonly kind: "started"; readonly lease: Lease; readonly slot: number }
  | { readonly kind: "epochs"; readonly lease: Lease; readonly last: EpochRecord; readonly epochs: number }
  | { readonly kind: "done"; readonly lease: Lease; readonly result: RunResult }
  | { readonly kind: "failed"; readonly lease: Lease; readonly error: string }
  | { readonly kind: "worker-died"; readonly lease: Lease; readonly how: string; readonly status: "pending" | "error" }
  | { readonly kind: "given-back"; readonly lease: Lease };

export interface SuperviseOptions {
  readonly store: Store;
  readonly experimentId: number;
  readonly numWorkers: number;
  readonly orderOf: (lease: Lease) => RunOrder;
  readonly onEvent: (event: SupervisorEvent) => void;
  /** Aborted: running runs finish, no new one starts. */
  readonly finish: AbortSignal;
  /** Aborted: running runs are given back at once. */
  readonly stop: AbortSignal;
}

const heartbeatMilliseconds = 4000;

/** Resolves when no run is left, or when asked to finish or stop and nothing runs any more. */
export async function supervise(options: SuperviseOptions): Promise<void> {
  const { store, stop } = options;
  const slots = Array.from({ length: options.numWorkers }, (_, slot) => new Slot(slot, options));
  let lost: unknown;
  const heartbeat = setInterval(() => {
    const leases = slots.map((slot) => slot.lease).filter((lease) => lease !== undefined);
    store.heartbeat(leases).catch((error: unknown) => {
      lost = error;
      for (const slot of slots) slot.fail(error);
    });
  }, heartbeatMilliseconds);
  const stopAll = () => {
    for (const slot of slots) slot.kill();
  };
  stop.addEventListener("abort", stopAll);
  try {
    const results = await Promise.allSettled(slots.map((slot) => slot.work()));
    if (lost !== undefined) throw lost;
    for (const result of results) if (result.status === "rejected") throw result.reason;
  } finally {
    clearInterval(heartbeat);
    stop.removeEventListener("abort", stopAll);
    for (const slot of slots) slot.kill();
  }
}

/** One worker after the other, and the run that it has. */
class Slot {
  readonly #slot: number;
  readonly #options: SuperviseOptions;
  #worker: WorkerProcess | undefined;
  #lease: Lease | undefined;
  #settle: { resolve: () => void; reject: (error: unknown) => void } | undefined;
  /** Messages are stored in the order in which they came. */
  #queue: Promise<void> = Promise.resolve();

  constructor(slot: number, options: SuperviseOptions) {
    this.#slot = slot;
    this.#options = options;
  }

  get lease(): Lease | undefined {
    return this.#lease;
  }

  /** Takes run after run until none is left. */
  async work(): Promise<void> {
    const { store, experimentId, finish, stop, orderOf, onEvent } = this.#options;
    while (!finish.aborted && !stop.aborted) {
      const lease = await store.leaseNextRun(experimentId, `worker ${this.#slot}`);
      if (lease === undefined) return;
      this.#lease = lease;
      onEvent({ kind: "started", lease, slot: this.#slot });
      const settled = new Promise<void>((resolve, reject) => {
        this.#settle = { resolve, reject };
      });
      this.#worker ??= this.#start();
      this.#worker.send({ kind: "run", token: lease.token, order: orderOf(lease) });
      // Asked to stop between leasing and sending: nothing will come back.
      if (stop.aborted) this.kill();
      await settled;
    }
  }

  kill(): void {
    this.#worker?.kill("SIGKILL");
  }

  fail(error: unknown): void {
    this.kill();
    this.#settle?.reject(error);
  }

  #start(): WorkerProcess {
    return startWorker({
      message: (message) => this.#enqueue(() => this.#take(message)),
      exit: (how) => {
        this.#worker = undefined;
        this.#enqueue(() => this.#mourn(how));
      },
    });
  }

  #enqueue(work: () => Promise<void>): void {
    this.#queue = this.#queue.then(work).catch((error: unknown) => {
      // The run was given to another worker meanwhile: what this one says is no longer wanted.
      if (error instanceof StoreError && error.code === "STORE_LEASE_LOST") this.#end();
      else this.#settle?.reject(error);
    });
  }

  #end(): void {
    this.#lease = undefined;
    this.#settle?.resolve();
  }

  async #take(message: FromWorker): Promise<void> {
    const { store, onEvent } = this.#options;
    const lease = this.#lease;
    if (message.kind === "ready" || lease === undefined || message.token !== lease.token) return;
    switch (message.kind) {
      case "epochs": {
        await store.appendHistory(lease, message.records);
        const last = message.records.at(-1);
        if (last !== undefined) onEvent({ kind: "epochs", lease, last, epochs: message.epochs });
        return;
      }
      case "done": {
        const { result, records, artifacts } = message;
        await store.completeRun(lease, { result, history: records, artifacts });
        onEvent({ kind: "done", lease, result });
        return this.#end();
      }
      case "failed":
        await store.failRun(lease, message.error);
        onEvent({ kind: "failed", lease, error: message.error });
        return this.#end();
      default:
        message satisfies never;
    }
  }

  async #mourn(how: string): Promise<void> {
    const { store, onEvent, stop } = this.#options;
    const lease = this.#lease;
    if (lease === undefined) return;
    if (stop.aborted) {
      await store.giveBackRun(lease, { kind: "stopped" });
      onEvent({ kind: "given-back", lease });
    } else {
      const { status } = await store.giveBackRun(lease, { kind: "worker-died", detail: how });
      onEvent({ kind: "worker-died", lease, how, status });
    }
    this.#end();
  }
}
