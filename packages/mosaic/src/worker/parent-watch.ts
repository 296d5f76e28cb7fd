/**
 * Ends a worker whose supervisor is dead. The closed channel tells the worker so, unless a module computes without end in
 * between: hence a thread of its own.
 */
import { Worker } from "node:worker_threads";

const lookMilliseconds = 1000;

export function watchParent(): void {
  // As text, not as a file: a thread that loads TypeScript takes 70 MB, this one a few.
  const thread = new Worker(`(${endWithParent.toString()})(${process.ppid}, ${lookMilliseconds})`, {
    eval: true,
    execArgv: [],
    resourceLimits: { maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 1 },
  });
  // Without the watch a worker works as well.
  thread.on("error", () => undefined);
  thread.unref();
}

/** Runs in the thread, where it sees nothing of this file. */
function endWithParent(parent: number, milliseconds: number): void {
  setInterval(() => {
    try {
      process.kill(parent, 0);
      // An orphan is given to another parent.
      if (process.ppid === parent) return;
    } catch {
      // It is gone.
    }
    process.kill(process.pid, "SIGKILL");
  }, milliseconds);
}
