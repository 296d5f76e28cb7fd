import type { Worker } from "node:worker_threads";
import { messageOf } from "@ml-mosaic/base";
import { platform } from "#platform";
import { TensorError } from "../../errors.ts";
import type { SampleArray } from "../../program/samples.ts";
import { errorOf } from "./plain-error.ts";
import type { DatasetOrigin, ReadRequest, ThreadReply, ThreadRequest } from "./thread-messages.ts";

export interface SampleThreadsOptions {
  /** Threads that read samples; 0: the thread that trains does. */
  readonly numWorkers?: number;
  /** Pieces of an epoch that each of them has ready or in work. */
  readonly prefetchFactor?: number;
}

interface Pending {
  readonly indices: Int32Array;
  readonly resolve: (fields: readonly SampleArray[]) => void;
  readonly reject: (error: Error) => void;
}

interface Thread {
  readonly worker: Worker;
  /** The data sets that it was told of. */
  readonly opened: Set<number>;
  readonly pending: Map<number, Pending>;
}

/**
 * Threads that read samples, of one loader or shared by several: while the runtime computes, the thread that drives it can
 * do nothing else. They start when they are first needed, keep no process alive, and end with `close`; whoever reads after
 * it starts others.
 *
 * @example
 * const threads = new SampleThreads({ numWorkers: 2 });
 * const [train, valid] = [trainSet, validSet].map((set) => new DataLoader(set, { batchSize: 32, threads }));
 * await threads.close(); // when nothing more is read
 */
export class SampleThreads {
  readonly numWorkers: number;
  readonly prefetchFactor: number;
  #threads: readonly Thread[] = [];
  readonly #numbers = new Map<DatasetOrigin, number>();
  #nextRead = 0;
  #ending: Promise<unknown> = Promise.resolve();

  constructor({ numWorkers = 0, prefetchFactor = 2 }: SampleThreadsOptions = {}) {
    for (const [name, value, least] of [
      ["numWorkers", numWorkers, 0],
      ["prefetchFactor", prefetchFactor, 1],
    ] as const) {
      if (!Number.isInteger(value) || value < least)
        throw new TensorError("TENSOR_VALUE", `${name} is ${value}; it must be a whole number, ${least} or more`);
    }
    this.numWorkers = numWorkers;
    this.prefetchFactor = prefetchFactor;
  }

  /** Lets the threads make a data set before its first samples are needed. */
  open(origin: DatasetOrigin): void {
    for (const thread of this.#started()) this.#tell(thread, origin);
  }

  /** @throws TensorError that names sample and reason, or says that the thread has ended */
  read(origin: DatasetOrigin, request: ReadRequest): Promise<readonly SampleArray[]> {
    const thread = this.#started().reduce((least, each) => (each.pending.size < least.pending.size ? each : least));
    const dataset = this.#tell(thread, origin);
    const id = this.#nextRead++;
    return new Promise((resolve, reject) => {
      thread.pending.set(id, { indices: request.indices, resolve, reject });
      thread.worker.ref();
      thread.worker.postMessage({ kind: "read", dataset, id, ...request } satisfies ThreadRequest);
    });
  }

  async close(): Promise<void> {
    const ended = this.#threads.map(({ worker }) => worker.terminate());
    this.#threads = [];
    this.#ending = Promise.all([this.#ending, ...ended]);
    await this.#ending;
  }

  #started(): readonly Thread[] {
    if (this.#threads.length === 0) {
      this.#threads = Array.from({ length: this.numWorkers }, () =>
        startThread((ended, error) => {
          if (!this.#threads.includes(ended)) return;
          // All end with it, for one reason, and what is read next starts anew.
          for (const { pending } of this.#threads) rejectAll(pending, error);
          void this.close();
        }),
      );
    }
    return this.#threads;
  }

  /** @returns the number of the data set */
  #tell({ worker, opened }: Thread, origin: DatasetOrigin): number {
    const dataset = this.#numbers.get(origin) ?? this.#numbers.size;
    this.#numbers.set(origin, dataset);
    if (!opened.has(dataset)) {
      tellOrigin(worker, dataset, origin);
      opened.add(dataset);
    }
    return dataset;
  }
}

function startThread(onEnd: (thread: Thread, error: TensorError) => void): Thread {
  const worker = platform.startSampleThread();
  const thread: Thread = { worker, opened: new Set(), pending: new Map() };
  const { pending } = thread;
  worker.on("message", (reply: ThreadReply) => {
    const waiting = pending.get(reply.id);
    pending.delete(reply.id);
    if (pending.size === 0) worker.unref();
    if ("fields" in reply) waiting?.resolve(reply.fields);
    else waiting?.reject(errorOf(reply.error));
  });
  let failure: { readonly cause: unknown } | undefined;
  // What it has read may come after its failure, but before its exit.
  worker.on("error", (cause) => {
    failure = { cause };
  });
  worker.on("exit", (code) => {
    const why = failure === undefined ? `has ended with exit code ${code}` : `failed: ${messageOf(failure.cause)}`;
    const [first] = pending.values();
    const what = `a thread that reads samples ${why}${first === undefined ? "" : `, ${during(first.indices)}`}`;
    const error = new TensorError("TENSOR_RUNTIME", what, failure);
    rejectAll(pending, error);
    onEnd(thread, error);
  });
  worker.unref();
  return thread;
}

function tellOrigin(worker: Worker, dataset: number, origin: DatasetOrigin): void {
  try {
    worker.postMessage({ kind: "open", dataset, origin } satisfies ThreadRequest);
  } catch (cause) {
    const what = `the options of ${origin.name} in ${origin.module} cannot be copied to a thread: ${messageOf(cause)}`;
    throw new TensorError("TENSOR_VALUE", `${what}. Give plain values, and let ${origin.name} make the rest of them`, {
      cause,
    });
  }
}

function rejectAll(pending: Map<number, Pending>, error: TensorError): void {
  for (const { reject } of pending.values()) reject(error);
  pending.clear();
}

function during(indices: Int32Array): string {
  const [first, ...others] = indices;
  return others.length === 0 ? `at sample ${first}` : `at sample ${first} or one of the ${others.length} after it`;
}
