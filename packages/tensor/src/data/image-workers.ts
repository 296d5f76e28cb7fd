import { Worker } from "node:worker_threads";
import { TensorError } from "../errors.ts";
import type { Image, ImageOptions } from "./image.ts";

export interface ImageRequest {
  readonly id: number;
  readonly path: string;
  readonly options: ImageOptions;
}

export type ImageReply =
  | { readonly id: number; readonly image: Image }
  /** Why it could not be read. */
  | { readonly id: number; readonly message: string };

interface Pending {
  readonly resolve: (image: Image) => void;
  readonly reject: (error: TensorError) => void;
}

interface Thread {
  readonly worker: Worker;
  readonly pending: Map<number, Pending>;
}

// Sources run as they are; a published package has them compiled.
const script = new URL(import.meta.url.endsWith(".ts") ? "./image-worker.ts" : "./image-worker.js", import.meta.url);

/** Threads that read images: while the device computes, this thread can do nothing. Idle ones keep no process alive. */
export class ImageWorkers {
  readonly #count: number;
  readonly #threads: Thread[] = [];
  #next = 0;
  #closed = false;

  constructor(count: number) {
    this.#count = count;
  }

  read(path: string, options: ImageOptions): Promise<Image> {
    if (this.#closed)
      return Promise.reject(new TensorError("TENSOR_VALUE", "this ImageFolder is closed; open it again"));
    while (this.#threads.length < this.#count) this.#threads.push(startThread());
    const id = this.#next++;
    const thread = this.#threads.reduce((least, each) => (each.pending.size < least.pending.size ? each : least));
    return new Promise((resolve, reject) => {
      thread.pending.set(id, { resolve, reject });
      thread.worker.ref();
      thread.worker.postMessage({ id, path, options } satisfies ImageRequest);
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all(this.#threads.map(({ worker }) => worker.terminate()));
  }
}

function startThread(): Thread {
  const worker = new Worker(script);
  const pending = new Map<number, Pending>();
  worker.on("message", (reply: ImageReply) => {
    const waiting = pending.get(reply.id);
    pending.delete(reply.id);
    if (pending.size === 0) worker.unref();
    if ("image" in reply) waiting?.resolve(reply.image);
    else waiting?.reject(new TensorError("TENSOR_FILE", reply.message));
  });
  const fail = (why: string, cause?: unknown) => {
    for (const { reject } of pending.values()) reject(new TensorError("TENSOR_RUNTIME", why, { cause }));
    pending.clear();
  };
  worker.on("error", (error) => fail(`a thread that reads images failed: ${error}`, error));
  worker.on("exit", () => fail("a thread that reads images ended"));
  worker.unref();
  return { worker, pending };
}
