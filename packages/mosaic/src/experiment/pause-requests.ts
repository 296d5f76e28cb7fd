/** How a running experiment answers `mosaic pause`. */

import { setTimeout as delay } from "node:timers/promises";
import { CodedError } from "@ml-mosaic/base";
import { type ControlHandler, type ControlServer, openControlServer } from "../control/control-server.ts";
import type { AwaitedRun } from "../control/protocol.ts";
import { type Registration, register } from "../control/registry.ts";
import type { Lease, Store } from "../store/index.ts";
import { pausePatience } from "../supervisor/patience.ts";
import type { SupervisorEvent } from "../supervisor/supervise.ts";
import { countLeft } from "./pause-file.ts";
import type { Queued } from "./queued.ts";

/** How often who waits for an experiment to rest hears of the running runs. */
const answerMilliseconds = 500;

export interface PauseRequests {
  /** Aborted when no new run is to start. */
  readonly finish: AbortSignal;
  /** Aborted when the running runs are to be left in the middle. */
  readonly pause: AbortSignal;
  /** Keeps what is known of the running runs, which is what the answers tell. */
  follow(event: SupervisorEvent): void;
  /** When nothing runs any more: waits until all that was asked is answered. */
  close(): Promise<void>;
}

export async function openPauseRequests(
  store: Store,
  queued: Queued,
  say: (line: string) => void,
): Promise<PauseRequests> {
  const finish = new AbortController();
  const pause = new AbortController();
  const running = new Map<number, Running>();
  const ended = Promise.withResolvers<void>();
  let pauseAsked: number | undefined;
  const answers = new Set<Promise<void>>();
  const handler: ControlHandler = async ({ mode }, answer) => {
    (mode === "now" ? pause : finish).abort();
    if (mode === "now") pauseAsked ??= performance.now();
    let isOver = false;
    void ended.promise.then(() => {
      isOver = true;
    });
    while (!isOver) {
      answer({ kind: "waiting", runs: Array.from(running.values(), (run) => awaited(run, pauseAsked)) });
      await Promise.race([ended.promise, delay(answerMilliseconds)]);
    }
    const { experimentId, folder, monitor } = queued;
    const left = await countLeft(store, experimentId);
    answer({ kind: "paused", left, experimentId, folder, monitor: monitor.texts });
  };
  let server: ControlServer | undefined;
  let registration: Registration | undefined;
  try {
    registration = await register({ database: store.location, ...queued });
    server = await openControlServer(registration.folder, registration.name, (request, answer) => {
      const answering = handler(request, answer);
      answers.add(answering);
      return answering;
    });
  } catch (error) {
    // Training needs no control; only `status` without a database and `pause` do.
    if (!(error instanceof CodedError)) throw error;
    say(`${error.message}. The experiment runs, but mosaic pause will not reach it.`);
  }
  return {
    finish: finish.signal,
    pause: pause.signal,
    follow: (event) => follow(running, event),
    async close() {
      ended.resolve();
      // Whoever waits for the end hears of it.
      await Promise.allSettled(answers);
      await server?.close();
      await registration?.remove();
    },
  };
}

/** A run as others may ask about it. */
interface Running {
  readonly lease: Lease;
  readonly since: number;
  progress: number;
  callSeconds: number;
  epoch: number;
  epochs: number;
}

function follow(running: Map<number, Running>, event: SupervisorEvent): void {
  const { runId } = event.lease;
  const known = running.get(runId);
  const now = performance.now();
  if (event.kind === "started")
    running.set(runId, { lease: event.lease, since: now, progress: now, callSeconds: 0, epoch: 0, epochs: 0 });
  else if (event.kind === "epochs" && known !== undefined) {
    known.epoch = event.last.epoch;
    known.epochs = event.epochs;
    known.progress = now;
  } else if (event.kind === "progress" && known !== undefined) {
    known.progress = now;
    known.callSeconds = event.callSeconds;
  } else running.delete(runId);
}

function awaited({ lease, since, progress, callSeconds, epoch, epochs }: Running, pauseAsked?: number): AwaitedRun {
  const silentSince = Math.max(progress, pauseAsked ?? 0);
  return {
    runId: lease.runId,
    description: lease.description,
    seconds: (performance.now() - since) / 1000,
    epoch,
    epochs,
    silentSeconds: (performance.now() - silentSince) / 1000,
    ...(pauseAsked === undefined ? {} : { patienceSeconds: pausePatience(callSeconds) }),
  };
}
