import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { MachineTrouble, nodeOptions, stopSignals } from "@ml-mosaic/base";
import type { ConfigObject } from "@ml-mosaic/configurable";
import type { Existing, RunResult } from "@ml-mosaic/training";
import { BigsfError } from "../errors.ts";
import type { FromFold, ToFold } from "./fold-messages.ts";

export interface FoldOrder {
  /** The resolved configuration of the run. */
  readonly config: ConfigObject;
  /** Counted from 0. */
  readonly split: number;
  readonly existing: Existing;
  /** Aborted: the run stops soon, and can go on later. */
  readonly pause: AbortSignal;
  readonly onMessage: (message: FromFold) => void;
}

// The sources run as .ts, the published package as .js.
const main = fileURLToPath(
  new URL(import.meta.url.endsWith(".ts") ? "./fold-main.ts" : "./fold-main.js", import.meta.url),
);

/** Nothing that a split does kills it so. */
const killed =
  "a process was killed from outside, as where the memory is used up; end other programs, or train fewer splits at a time";

/**
 * Trains one split in a process of its own.
 *
 * @throws BigsfError `TRAINING` with what went wrong there
 * @throws the reason of `pause` where the process was stopped before it had begun
 */
export function trainFoldInProcess({ config, split, existing, pause, onMessage }: FoldOrder): Promise<RunResult> {
  const child = fork(main, [], {
    // Structured clones keep NaN and infinities, which JSON would turn into null.
    serialization: "advanced",
    stdio: ["ignore", "ignore", "inherit", "ipc"],
    execArgv: [...nodeOptions],
  });
  const send = (message: ToFold) => {
    // A process that has just died is told by its exit.
    if (child.connected) child.send(message, () => undefined);
  };
  const stop = () => send({ kind: "pause" });
  return new Promise<RunResult>((resolve, reject) => {
    const failed = (message: string, trouble?: string) => {
      const cause = trouble === undefined ? undefined : new MachineTrouble(trouble);
      reject(new BigsfError("TRAINING", `split ${split + 1}: ${message}`, { cause }));
    };
    child.on("message", (message: FromFold) => {
      onMessage(message);
      if (message.kind === "done") resolve(message.result);
      if (message.kind === "failed") failed(message.message, message.trouble);
    });
    child.on("error", (error) => failed(`its process failed: ${error.message}`));
    child.on("close", (code, signal) => {
      // Ctrl-C reaches the processes of splits too, also one that cannot listen to it yet.
      if (pause.aborted && ["SIGINT", ...stopSignals].some((name) => name === signal)) reject(pause.reason);
      else if (signal === null) failed(`its process ended with exit code ${code}`);
      else failed(`its process was killed by ${signal}`, signal === "SIGKILL" ? killed : undefined);
    });
    pause.addEventListener("abort", stop);
    send({ kind: "train", config, split, existing });
    if (pause.aborted) stop();
  }).finally(() => pause.removeEventListener("abort", stop));
}
