import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { readBegun } from "../worker/begun-run.ts";
import { type FromWorker, isFromWorker, type ToWorker } from "../worker/messages.ts";
import { endMarked, markVariable, newMark } from "../worker/started-processes.ts";
import { NamelessFile } from "./nameless-file.ts";

export interface WorkerEvents {
  message(message: FromWorker): void;
  /** Something else than a message has come. */
  nonsense(): void;
  /** It has come forward since its last beat. `callSeconds`: how long its last call into the runtime took. */
  progress(callSeconds: number): void;
  /** The process is gone and all its messages have come. */
  exit(end: WorkerEnd): void;
}

export interface WorkerEnd {
  /** Such as `killed by SIGKILL`. */
  readonly how: string;
  /** What it printed past its log at the end. */
  readonly lastWords: string;
  /** The token of the run that it began last; undefined where it has begun none. */
  readonly begun: number | undefined;
}

/** A worker as its supervisor sees it. */
export interface WorkerProcess {
  /** Whether the process is gone, and all its messages have come. */
  readonly hasEnded: boolean;
  send(message: ToWorker): void;
  /** Ends it with all that its modules have started. */
  kill(): void;
  /** Stops it, or lets it go on, likewise. */
  signal(signal: "SIGSTOP" | "SIGCONT"): void;
}

/** How long the channel of a dead worker may stay open: a process that it has left behind may hold it. */
const lastWordsMilliseconds = 2000;
const mostLastWords = 2000;

// The sources run as .ts, the published package as .js.
const main = fileURLToPath(
  new URL(import.meta.url.endsWith(".ts") ? "../worker/main.ts" : "../worker/main.js", import.meta.url),
);

export function startWorker(events: WorkerEvents): WorkerProcess {
  const output = new NamelessFile();
  const begun = new NamelessFile("wx+");
  const mark = newMark();
  const child: ChildProcess = fork(main, [], {
    // A group of its own: what its modules start belongs to it, and ends with it; what leaves the group keeps the mark.
    detached: true,
    env: { ...process.env, [markVariable]: mark },
    // Structured clones keep NaN and infinities, which JSON would turn into null.
    serialization: "advanced",
    // The worker moves what comes out of its children, and of native libraries, to its run's log.
    stdio: ["ignore", output.descriptor, output.descriptor, "ipc", "pipe", begun.descriptor],
    // Left alone, V8 takes 20 MB more of each worker for young garbage, and gains little by it.
    execArgv: ["--disable-warning=ExperimentalWarning", "--max-semi-space-size=4"],
  });
  let gone = false;
  const signalGroup = (signal: NodeJS.Signals) => {
    if (child.pid === undefined) return;
    try {
      process.kill(-child.pid, signal);
    } catch {
      // Nobody of the group is left, or the system knows no groups.
      if (child.exitCode === null && child.signalCode === null) child.kill(signal);
    }
  };
  const exit = (how: string) => {
    if (gone) return;
    gone = true;
    const end = { how, lastWords: output.tail(mostLastWords), begun: readBegun(begun.tail(mostLastWords)) };
    output.close();
    begun.close();
    events.exit(end);
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
  child.on("exit", (code, signal) => {
    signalGroup("SIGKILL");
    endMarked(mark);
    setTimeout(() => exit(describe(code, signal)), lastWordsMilliseconds).unref();
  });
  return {
    get hasEnded() {
      return gone;
    },
    send(message) {
      // A worker that has just died is told by its exit.
      if (child.connected) child.send(message, () => undefined);
    },
    kill() {
      signalGroup("SIGKILL");
    },
    signal: signalGroup,
  };
}
