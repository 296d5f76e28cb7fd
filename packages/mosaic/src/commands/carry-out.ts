/** Carries out the runs that a command has queued: with workers, a live view, Ctrl-C, and requests from other commands. */

import { setTimeout as delay } from "node:timers/promises";
import { removeUnfinished } from "@ml-mosaic/base";
import type { ExitCode, Terminal } from "@ml-mosaic/command-line";
import type { MonitorSection } from "../config/index.ts";
import { type ControlHandler, type ControlServer, openControlServer } from "../control/control-server.ts";
import type { AwaitedRun } from "../control/protocol.ts";
import { type Registration, register } from "../control/registry.ts";
import { MosaicError } from "../errors.ts";
import { workerDevices } from "../experiment/devices.ts";
import { composePauseFile } from "../experiment/pause-file.ts";
import { databaseIdOf } from "../experiment/queue.ts";
import { filesFolderFor, orderOf } from "../experiment/run-order.ts";
import { processParams } from "../pipelines/run-params.ts";
import { claimFilesFolder } from "../run/run-files.ts";
import type { Lease, Store } from "../store/index.ts";
import { type SupervisorEvent, supervise } from "../supervisor/supervise.ts";
import { openRunView, type RunView } from "./run-view.ts";

export interface Work {
  readonly store: Store;
  readonly experimentId: number;
  /** How many runs are queued. */
  readonly runs: number;
  readonly monitor: MonitorSection;
  /** The configuration file's, where its relative paths start. */
  readonly folder: string;
  readonly configuration: string;
  /** Whether runs that failed earlier count for the exit code. */
  readonly failedBefore: number;
}

/** Makes the folders that the queued runs write to, and clears away what killed workers have left there. */
export async function prepareFiles({
  store,
  experimentId,
  folder,
}: Pick<Work, "store" | "experimentId" | "folder">): Promise<readonly string[]> {
  const folders = new Set<string>();
  for await (const { pipeline, params } of store.runs({ experimentId })) {
    const files = filesFolderFor(processParams(pipeline, params), folder, store.location);
    if (files !== undefined) folders.add(files);
  }
  for (const files of folders) {
    await claimFilesFolder(files, store.location, await databaseIdOf(store));
    await removeUnfinished(files, "any");
  }
  return [...folders];
}

/** Ctrl-C once finishes the running runs, twice stops at once; `mosaic pause` does either. */
export async function carryOut(work: Work, terminal: Terminal): Promise<ExitCode> {
  const { store, experimentId, monitor, folder } = work;
  const folders = await prepareFiles(work);
  const finish = new AbortController();
  const pause = new AbortController();
  const stop = new AbortController();
  const view = openRunView(terminal, work.runs);
  const running = new Map<number, Running>();
  const ended = Promise.withResolvers<void>();
  const devices = workerDevices(monitor, work.runs);
  const releaseInterrupts = onInterrupts(finish, stop, view);
  const control = await openControl(work, { finish, pause, running, ended: ended.promise }, terminal);
  let failures = 0;
  try {
    await supervise({
      store,
      experimentId,
      numWorkers: devices.length,
      orderOf: (lease, slot) => orderOf(lease, store, folder, devices[slot] ?? "cpu"),
      onEvent(event) {
        if (event.kind === "failed" || (event.kind === "worker-died" && event.status === "error")) failures++;
        follow(running, event);
        view.event(event);
      },
      finish: finish.signal,
      pause: pause.signal,
      stop: stop.signal,
    });
  } finally {
    releaseInterrupts();
    view.close();
    ended.resolve();
    await control.close();
  }
  for (const files of folders) await removeUnfinished(files, "any");
  const counts = await store.countByStatus(experimentId);
  if ((counts.get("pending") ?? 0) + (counts.get("paused") ?? 0) > 0) return 3;
  return failures + work.failedBefore > 0 ? 1 : 0;
}

/** A run as others may ask about it. */
interface Running {
  readonly lease: Lease;
  readonly since: number;
  epoch: number;
  epochs: number;
}

function follow(running: Map<number, Running>, event: SupervisorEvent): void {
  const { runId } = event.lease;
  if (event.kind === "started")
    running.set(runId, { lease: event.lease, since: performance.now(), epoch: 0, epochs: 0 });
  else if (event.kind === "epochs") {
    const known = running.get(runId);
    if (known === undefined) return;
    known.epoch = event.last.epoch;
    known.epochs = event.epochs;
  } else running.delete(runId);
}

interface Controls {
  readonly finish: AbortController;
  readonly pause: AbortController;
  readonly running: ReadonlyMap<number, Running>;
  /** Nothing runs any more. */
  readonly ended: Promise<void>;
}

const answerMilliseconds = 500;

/** Makes this experiment known to the user's other commands, and answers them. */
async function openControl(work: Work, controls: Controls, terminal: Terminal): Promise<{ close(): Promise<void> }> {
  const answers = new Set<Promise<void>>();
  let server: ControlServer | undefined;
  let registration: Registration | undefined;
  try {
    registration = await register({ database: work.store.location, configuration: work.configuration });
    server = await openControlServer(registration.folder, registration.name, (request, answer) => {
      const answering = pauseHandler(work, controls)(request, answer);
      answers.add(answering);
      return answering;
    });
  } catch (error) {
    // Training needs no control; only `status` without a database and `pause` do.
    if (!(error instanceof MosaicError)) throw error;
    terminal.err(`${error.message}. The experiment runs, but mosaic pause will not reach it.\n`);
  }
  return {
    async close() {
      // Whoever waits for the end hears of it.
      await Promise.allSettled(answers);
      await server?.close();
      await registration?.remove();
    },
  };
}

function pauseHandler(
  { store, experimentId, folder, monitor }: Work,
  { finish, pause, running, ended }: Controls,
): ControlHandler {
  return async ({ mode }, answer) => {
    if (mode === "now") pause.abort();
    else finish.abort();
    let isOver = false;
    void ended.then(() => {
      isOver = true;
    });
    while (!isOver) {
      answer({ kind: "waiting", runs: Array.from(running.values(), awaited) });
      await Promise.race([ended, delay(answerMilliseconds)]);
    }
    const { left, file } = await composePauseFile(store, experimentId, folder, monitor);
    answer({ kind: "paused", left, ...(left === 0 ? {} : { file }) });
  };
}

function awaited({ lease, since, epoch, epochs }: Running): AwaitedRun {
  return {
    runId: lease.runId,
    description: lease.description,
    seconds: (performance.now() - since) / 1000,
    epoch,
    epochs,
  };
}

function onInterrupts(finish: AbortController, stop: AbortController, view: RunView): () => void {
  const interrupt = () => {
    if (finish.signal.aborted) stop.abort();
    else {
      finish.abort();
      view.say("Finishing the running runs; Ctrl-C again stops them now.");
    }
  };
  const terminate = () => {
    finish.abort();
    stop.abort();
  };
  process.on("SIGINT", interrupt);
  process.on("SIGTERM", terminate);
  // The terminal was closed.
  process.on("SIGHUP", terminate);
  return () => {
    process.off("SIGINT", interrupt);
    process.off("SIGTERM", terminate);
    process.off("SIGHUP", terminate);
  };
}
