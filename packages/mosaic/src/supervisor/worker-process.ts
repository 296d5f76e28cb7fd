import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { FromWorker, ToWorker } from "../worker/messages.ts";

export interface WorkerEvents {
  message(message: FromWorker): void;
  /** The process is gone; `how` says how, such as `killed by SIGKILL`. */
  exit(how: string): void;
}

/** A worker as its supervisor sees it. */
export interface WorkerProcess {
  readonly pid: number | undefined;
  send(message: ToWorker): void;
  kill(signal: NodeJS.Signals): void;
}

// The sources run as .ts, the published package as .js.
const main = fileURLToPath(
  new URL(import.meta.url.endsWith(".ts") ? "../worker/main.ts" : "../worker/main.js", import.meta.url),
);

export function startWorker(events: WorkerEvents): WorkerProcess {
  const child: ChildProcess = fork(main, [], {
    // Structured clones keep NaN and infinities, which JSON would turn into null.
    serialization: "advanced",
    // What a worker prints belongs to its run's log; what comes out besides goes to the terminal's errors.
    stdio: ["ignore", "ignore", "inherit", "ipc"],
    execArgv: ["--disable-warning=ExperimentalWarning"],
  });
  let gone = false;
  const exit = (how: string) => {
    if (gone) return;
    gone = true;
    events.exit(how);
  };
  child.on("message", (message: FromWorker) => events.message(message));
  child.on("error", (error) => exit(`failed: ${error.message}`));
  child.on("exit", (code, signal) => exit(signal === null ? `ended with exit code ${code}` : `killed by ${signal}`));
  return {
    pid: child.pid,
    send(message) {
      // A worker that has just died is told by its exit.
      if (child.connected) child.send(message, () => undefined);
    },
    kill: (signal) => child.kill(signal),
  };
}
