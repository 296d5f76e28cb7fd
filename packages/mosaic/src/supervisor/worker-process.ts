import { Duplex } from "node:stream";
import { raiseFence } from "../run/fence.ts";
import type { RunOrder } from "../run/order.ts";
import { Channel } from "../wire/channel.ts";
import { readBegun } from "../worker/begun-run.ts";
import { type FromWorker, faultFromWorker, isFromWorker, type ToWorker } from "../worker/messages.ts";
import { endMarked, signalGroup, signalMarked } from "../worker/started-processes.ts";
import { takeEarlyWorker } from "./early-workers.ts";
import { spawnWorker, type WorkerProgram } from "./spawned-worker.ts";

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

export function startWorker(program: WorkerProgram, events: WorkerEvents): WorkerProcess {
  const { child, mark, output, begun } = takeEarlyWorker(program) ?? spawnWorker(program);
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
