/** What the messages of workers about their runs, and their deaths, come to in the store. */
import type { Completion, LeaseKey } from "../store/index.ts";
import type { FromWorker } from "../worker/messages.ts";
import type { Assignment } from "./assignment.ts";
import type { WorkerPlace } from "./place.ts";
import type { SuperviseOptions } from "./supervise.ts";
import { codeChanged, machineTrouble, quoted } from "./worker-faults.ts";
import type { WorkerEnd } from "./worker-process.ts";

export interface Done {
  readonly run: Assignment;
  readonly message: Extract<FromWorker, { readonly kind: "done" }>;
}

export function completionOf(
  { run: { lease, hasSnapshot }, message }: Done,
  { isElsewhere, wishes }: WorkerPlace,
): readonly [LeaseKey, Completion] {
  const { result, directions, records, artifacts, executor, dataDigest } = message;
  // Of a run that this machine alone has computed its experiment says it.
  const isTold = isElsewhere || hasSnapshot === true || lease.fromSnapshot;
  const processor = isTold ? wishes.processor : undefined;
  return [lease, { result, directions, history: records, artifacts, executor, dataDigest, processor }];
}

/**
 * @returns whether the run is over
 * @throws MosaicError where nothing is wrong with the run, but nothing can go on
 */
export async function recordMessage(
  run: Assignment,
  message: Exclude<FromWorker, { readonly kind: "done" | "withdrawn" }>,
  { wishes: { processor }, whyLeaving }: WorkerPlace,
  { store, experimentId, pause, onEvent }: SuperviseOptions,
): Promise<boolean> {
  const { lease, times } = run;
  switch (message.kind) {
    case "prepared":
      if (times !== undefined) times.epochBegun = performance.now();
      return false;
    case "epochs": {
      if (times !== undefined) times.epochBegun = performance.now();
      await store.appendHistory(lease, message.records);
      const last = message.records.at(-1);
      if (last !== undefined) onEvent({ kind: "epochs", lease, last, epochs: message.epochs });
      return false;
    }
    case "snapshot":
      await store.recordSnapshot(lease, { ...message, processor });
      run.hasSnapshot = true;
      return false;
    case "paused": {
      const { records, artifacts, epochs, executor, dataDigest } = message;
      if (records.length > 0) await store.appendHistory(lease, records);
      await store.recordArtifacts(lease, artifacts);
      await store.pauseRun(lease, epochs, { executor, dataDigest, processor });
      // Its pilot leaves: it goes on elsewhere.
      if (!pause.aborted) await store.requeueRuns(experimentId, [lease.runId], whyLeaving);
      onEvent({ kind: "paused", lease, epochs });
      return true;
    }
    case "failed":
      // The run is given back with all others: it goes on when the cause is gone.
      if (message.trouble !== null) throw machineTrouble(lease.runId, message.trouble, message.error);
      if (message.codeChanged) throw codeChanged(message.error);
      await store.failRun(lease, message.error);
      onEvent({ kind: "failed", lease, error: message.error });
      return true;
    case "disturbed":
      await store.giveBackRun(lease, { kind: "stopped" });
      onEvent({ kind: "disturbed", lease, from: message.from, error: message.error });
      return true;
    default:
      return message satisfies never;
  }
}

/** @returns whose fault it is: `its own` where it had not begun the run */
export async function recordDeath(
  { lease, hasSnapshot: goesOn = lease.fromSnapshot }: Assignment,
  { how, lastWords, begun, outOfMemory }: WorkerEnd,
  place: WorkerPlace,
  { store, pause, stop, onEvent }: SuperviseOptions,
): Promise<"nobody's" | "its own" | "the run's"> {
  const goesWhereMoreIs = outOfMemory === true && place.outOfMemory?.(lease.runId) === true;
  if (goesWhereMoreIs || !place.isOpen) {
    await store.giveBackRun(lease, { kind: "stopped", detail: how });
    onEvent({ kind: "given-back", lease, why: goesWhereMoreIs ? `${how}; it goes on with twice the memory` : how });
    return "nobody's";
  }
  if (stop.aborted || pause.aborted || begun !== lease.token) {
    await store.giveBackRun(lease, { kind: "stopped" });
    onEvent({ kind: "given-back", lease });
    return stop.aborted || pause.aborted ? "nobody's" : "its own";
  }
  const { status } = await store.giveBackRun(lease, { kind: "worker-died", detail: how + quoted(lastWords) });
  onEvent({ kind: "worker-died", lease, how, status, goesOn });
  return "the run's";
}
