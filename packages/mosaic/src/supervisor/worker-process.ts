import { spawn } from "node:child_process";
import { Duplex } from "node:stream";
import { raiseFence } from "../run/fence.ts";
import type { RunOrder } from "../run/order.ts";
import { Channel } from "../wire/channel.ts";
import { readBegun } from "../worker/begun-run.ts";
import { type FromWorker, faultFromWorker, isFromWorker, type ToWorker } from "../worker/messages.ts";
import { endMarked, markVariable, newMark, signalGroup, signalMarked } from "../worker/started-processes.ts";
import { NamelessFile } from "./nameless-file.ts";

/** What is started as a worker: whatever says `messages.ts` on the descriptors that are given to it below. */
export interface WorkerProgram {
  readonly command: string;
  readonly args: readonly string[];
  /** Beside the environment of this process. */
  readonly environment: Readonly<Record<string, string>>;
  /** Where it works; by default where this process does. */
  readonly folder?: string;
}

/** A run, and what carries it out: one object for all runs that one worker after the other may carry out. */
export interface Work {
  readonly order: RunOrder;
  readonly program: WorkerProgram;
}

export interface WorkerEvents {
  /** What it returns is awaited by whoever wants to know when it has had its effect. */
  message(message: FromWorker): unknown;
  /** Something else than a message has come. */
  nonsense(why: string): void;
  /** It has come forward since its last beat. `callSeconds`: how long its last call into the runtime took. */
  progress(callSeconds: number): void;
  /** The process is gone and all its messages have come. */
  exit(end: WorkerEnd): unknown;
}

export interface WorkerEnd {
  /** Such as `killed by SIGKILL`. */
  readonly how: string;
  /** What it printed past its log at the end. */
  readonly lastWords: string;
  /** The token of the run that it began last; undefined where it has begun none. */
  readonly begun: number | undefined;
  /** Whether it was killed because the memory of its job was used up. */
  readonly outOfMemory?: boolean | undefined;
}

/** A worker as its supervisor sees it. */
export interface WorkerProcess {
  /** Whether the process is gone, and all its messages have come. */
  readonly hasEnded: boolean;
  /** Whether what it has said waits for files that are on their way. */
  readonly isReceiving?: boolean | undefined;
  send(message: ToWorker): void;
  /** Ends it with all that its modules have started. */
  kill(): void;
  /** Stops it, or lets it go on, likewise. */
  signal(signal: "SIGSTOP" | "SIGCONT"): void;
}

/** How long the channel of a dead worker may stay open: a process that it has left behind may hold it. */
const lastWordsMilliseconds = 2000;
const mostLastWords = 2000;

export function startWorker(
  { command, args, environment, folder }: WorkerProgram,
  events: WorkerEvents,
): WorkerProcess {
  const output = new NamelessFile();
  const begun = new NamelessFile("wx+");
  const mark = newMark();
  const child = spawn(command, args, {
    // A group of its own: what its modules start belongs to it, and ends with it; what leaves the group keeps the mark.
    detached: true,
    ...(folder === undefined ? {} : { cwd: folder }),
    env: { ...process.env, ...environment, [markVariable]: mark },
    // The worker moves what comes out of its children, and of native libraries, to its run's log. Then the channel, the
    // pulse and the run that it has begun.
    stdio: ["ignore", output.descriptor, output.descriptor, "pipe", "pipe", begun.descriptor],
  });
  let gone = false;
  const exit = (how: string) => {
    if (gone) return;
    gone = true;
    const end = { how, lastWords: output.tail(mostLastWords), begun: readBegun(begun.tail(mostLastWords)) };
    output.close();
    begun.close();
    events.exit(end);
  };
  child.on("error", (error) => exit(`failed: ${error.message}`));
  // Neither is there where the system can open no more.
  const [, , , socket, pulse] = child.stdio ?? [];
  let channelClosed = false;
  const channel =
    socket instanceof Duplex
      ? new Channel(socket, {
          message: (value) =>
            isFromWorker(value) ? events.message(value) : events.nonsense(faultFromWorker(value) ?? ""),
          broken: events.nonsense,
          closed() {
            // Of a worker that is about to end nothing else is to be said.
            setTimeout(() => {
              // Its number may be another's by now.
              if (gone) return;
              channelClosed = true;
              signalGroup(child, "SIGKILL");
            }, lastWordsMilliseconds).unref();
          },
          gathers: true,
        })
      : undefined;
  pulse?.on("error", () => undefined);
  let count = "";
  pulse?.on("data", (bytes: Buffer) => {
    const [, latest = count, callMilliseconds] = /(\d+) (\d+)\n$/.exec(bytes.toString("latin1")) ?? [];
    if (latest === count) return;
    count = latest;
    events.progress(Number(callMilliseconds) / 1000);
  });
  const describe = (code: number | null, signal: NodeJS.Signals | null) => {
    if (channelClosed) return "it had closed the channel to its supervisor";
    return signal === null ? `ended with exit code ${code}` : `killed by ${signal}`;
  };
  // `exit` may come before the last messages, `close` comes after them.
  child.on("close", (code, signal) => exit(describe(code, signal)));
  child.on("exit", (code, signal) => {
    signalGroup(child, "SIGKILL");
    endMarked(mark);
    setTimeout(() => exit(describe(code, signal)), lastWordsMilliseconds).unref();
  });
  return {
    get hasEnded() {
      return gone;
    },
    send(message) {
      if (message.kind === "run") raiseFence(message.order);
      // A worker that has just died is told by its exit.
      channel?.send(message);
    },
    kill() {
      signalGroup(child, "SIGKILL");
    },
    signal(signal) {
      signalGroup(child, signal);
      // A program has a group of its own.
      signalMarked(mark, signal);
    },
  };
}
