/** A run that a pilot has an order for, with all that was said of it and is not yet where another supervisor would find it. */
import { isDeepStrictEqual } from "node:util";
import { isGivenAway } from "../run/fence.ts";
import type { RunOrder } from "../run/order.ts";
import type { FromWorker, ToWorker } from "../worker/messages.ts";
import type { CarriedPlace } from "./carried-place.ts";
import type { KeptFiles, RunFolder } from "./run-folder.ts";

export interface PilotRun {
  /** With the token by which its worker knows it. */
  readonly asked: Extract<ToWorker, { readonly kind: "run" }>;
  /** By which the present supervisor knows it; undefined where it has not asked for it. */
  told: number | undefined;
  worker: number;
  /** Whether its worker has said the last of it. */
  isOver: boolean;
  kept: readonly KeptMessage[];
  /** Epochs that are said together in a moment. */
  gathered?: Extract<FromWorker, { readonly kind: "epochs" }> | undefined;
  /** Whether its worker has the order: it takes one beside that at hand. */
  isSent: boolean;
  /** Whether nobody wants to hear of it. */
  isForgotten?: boolean;
  /** Where the supervisor sees nothing of this machine, nor this of its. */
  readonly carried?: CarriedRun | undefined;
}

export interface CarriedRun {
  readonly place: CarriedPlace;
  /** undefined for a run that writes no files. */
  readonly folder: RunFolder | undefined;
  /** Whether what it goes on from is there. */
  isReady: boolean;
}

export interface KeptMessage {
  readonly message: FromWorker;
  /** As the how manieth it was said to the present supervisor; Infinity: not yet. */
  said: number;
  readonly files?: KeptFiles | undefined;
  /** Whether the files are in their places. */
  isReceived?: boolean;
}

/** What is said of a run after which nothing more is. */
export const lastKinds: ReadonlySet<FromWorker["kind"]> = new Set(["done", "paused", "failed"]);

/** What no other supervisor has to know. */
const passingKinds: ReadonlySet<FromWorker["kind"]> = new Set(["prepared", "withdrawn", "disturbed"]);

/** Whether the run begins again at whoever asks for it next: what has ended it is gone by then, or is said again. */
export function leavesNothing(order: RunOrder, message: FromWorker): boolean {
  if (message.kind === "withdrawn" || message.kind === "disturbed") return true;
  return message.kind === "failed" && (message.trouble !== null || message.codeChanged || isGivenAway(order));
}

/** Whether the worker that says it is to be replaced. */
export function takesNoFurther(message: FromWorker): boolean {
  return message.kind === "failed" || ("last" in message && message.last);
}

/**
 * Notes what a worker has said: a failure instead where its files cannot be kept.
 *
 * @returns undefined where it says nothing any more
 */
export function noteMessage(run: PilotRun, said: FromWorker): KeptMessage | undefined {
  const { folder } = run.carried ?? {};
  const words = folder === undefined ? { message: said } : folder.keep(run.asked.order.runId, said);
  if (words === undefined) return undefined;
  const { message } = words;
  const kept = { ...words, said: Number.POSITIVE_INFINITY };
  if (!passingKinds.has(message.kind)) run.kept = [...run.kept, kept];
  if (lastKinds.has(message.kind)) run.isOver = true;
  return kept;
}

/** It is no longer of use to anybody. */
export function isSettled({ isOver, kept }: PilotRun): boolean {
  return isOver && kept.length === 0;
}

/** Whether a run that an earlier supervisor has ordered is what this order wants, and no other worker had it since. */
export function isStillWanted(left: RunOrder, order: RunOrder): boolean {
  return isSameOrder(left, order) && !isGivenAway(left);
}

/** Whether two supervisors want the same of a run. What it goes on from is as it was when it was begun. */
function isSameOrder(a: RunOrder, b: RunOrder): boolean {
  const [first, second] = [a, b].map(({ earlierEpochs, executor, fence, ...order }) =>
    JSON.parse(JSON.stringify(order)),
  );
  return isDeepStrictEqual(first, second);
}
