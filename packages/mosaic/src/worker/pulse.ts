/**
 * The pulse of a worker: a thread that tells the supervisor every second how far the worker has come, and that ends the
 * worker when its supervisor is dead. A thread of its own, because a module, or a call into the runtime, may hold the
 * main thread for any time.
 */
import { Worker } from "node:worker_threads";
import { endMarked } from "./started-processes.ts";

export interface Pulse {
  /** Something has come forward: a batch, an epoch, a line of output. */
  progress(): void;
  /** A call into the runtime has come back, after so long. */
  called(seconds: number): void;
  /** Resolves when it beats, or cannot. Where there is too little memory for a thread, V8 ends the process before. */
  readonly begun: Promise<void>;
}

/** The pipe that the supervisor reads; see `worker-process.ts`. */
const pulseFile = 4;
const beatMilliseconds = 1000;

/** Where main thread and pulse meet: what has come forward so far, and how long the last call took. */
const countAt = 0;
const callAt = 1;

/** @param mark what all that the worker has started has in its environment */
export function startPulse(mark: string): Pulse {
  const shared = new Int32Array(new SharedArrayBuffer(2 * Int32Array.BYTES_PER_ELEMENT));
  // As text, not as a file: a thread that loads TypeScript takes 70 MB, this one a few.
  const call = `(${process.ppid}, ${pulseFile}, ${beatMilliseconds}, ${JSON.stringify(mark)}, ${endMarked.toString()})`;
  const thread = new Worker(`(${beat.toString()})${call}`, {
    eval: true,
    execArgv: [],
    workerData: shared,
    resourceLimits: { maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 1 },
  });
  // Without the pulse a worker works as well.
  thread.on("error", () => undefined);
  const begun = new Promise<void>((resolve) => {
    for (const event of ["online", "exit"]) thread.once(event, () => resolve());
  });
  thread.unref();
  const progress = () => void Atomics.add(shared, countAt, 1);
  return {
    progress,
    begun,
    called(seconds) {
      Atomics.store(shared, callAt, Math.min(Math.round(seconds * 1000), 2 ** 31 - 1));
      progress();
    },
  };
}

/** Runs in the thread, where it sees nothing of this file. */
function beat(parent: number, file: number, milliseconds: number, mark: string, end: typeof endMarked): void {
  const { writeSync } = process.getBuiltinModule("node:fs");
  const { workerData: shared } = process.getBuiltinModule("node:worker_threads");
  setInterval(() => {
    try {
      writeSync(file, `${Number(Atomics.load(shared, 0)) >>> 0} ${Atomics.load(shared, 1)}\n`);
    } catch {
      // The supervisor is stopped and its pipe is full: a later beat says the same and more.
    }
    try {
      process.kill(parent, 0);
      // An orphan is given to another parent.
      if (process.ppid === parent) return;
    } catch {
      // It is gone.
    }
    end(mark);
    // The whole group: the worker, and what its modules have started.
    process.kill(-process.pid, "SIGKILL");
  }, milliseconds);
}
