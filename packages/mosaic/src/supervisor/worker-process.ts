import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { type FromWorker, isFromWorker, type ToWorker } from "../worker/messages.ts";

export interface WorkerEvents {
  message(message: FromWorker): void;
  /** Something else than a message has come. */
  nonsense(): void;
  /** It has come forward since its last beat. `callSeconds`: how long its last call into the runtime took. */
  progress(callSeconds: number): void;
  /** The process is gone and all its messages have come; `how` says how, such as `killed by SIGKILL`. */
  exit(how: string): void;
}

/** A worker as its supervisor sees it. */
export interface WorkerProcess {
  send(message: ToWorker): void;
  kill(): void;
}

/** How long the channel of a dead worker may stay open: a process that it has left behind may hold it. */
const lastWordsMilliseconds = 2000;

// The sources run as .ts, the published package as .js.
const main = fileURLToPath(
  new URL(import.meta.url.endsWith(".ts") ? "../worker/main.ts" : "../worker/main.js", import.meta.url),
);

export function startWorker(events: WorkerEvents): WorkerProcess {
  const child: ChildProcess = fork(main, [], {
    // Structured clones keep NaN and infinities, which JSON would turn into null.
    serialization: "advanced",
    // What a worker prints belongs to its run's log; what comes out besides goes to the terminal's errors.
    stdio: ["ignore", "ignore", "inherit", "ipc", "pipe"],
    execArgv: ["--disable-warning=ExperimentalWarning"],
  });
  let gone = false;
  const exit = (how: string) => {
    if (gone) return;
    gone = true;
    events.exit(how);
  };
  child.on("message", (message: unknown) => (isFromWorker(message) ? events.message(message) : events.nonsense()));
  child.on("error", (error) => exit(`failed: ${error.message}`));
  child.stdio[4]?.on("error", () => undefined);
  let count = "";
  child.stdio[4]?.on("data", (bytes: Buffer) => {
    const [, latest = count, callMilliseconds] = /(\d+) (\d+)\n$/.exec(bytes.toString("latin1")) ?? [];
    if (latest === count) return;
    count = latest;
    events.progress(Number(callMilliseconds) / 1000);
  });
  const describe = (code: number | null, signal: NodeJS.Signals | null) =>
    signal === null ? `ended with exit code ${code}` : `killed by ${signal}`;
  // `exit` may come before the last messages, `close` comes after them.
  child.on("close", (code, signal) => exit(describe(code, signal)));
  child.on("exit", (code, signal) => setTimeout(() => exit(describe(code, signal)), lastWordsMilliseconds).unref());
  return {
    send(message) {
      // A worker that has just died is told by its exit.
      if (child.connected) child.send(message, () => undefined);
    },
    kill() {
      child.kill("SIGKILL");
    },
  };
}
