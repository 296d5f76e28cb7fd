/**
 * All that supervisor and workers say to each other: plain data, so that a worker in another language can take this
 * one's place.
 */
import { isPlainObject } from "@ml-mosaic/base";
import type { EpochRecord } from "@ml-mosaic/training";
import type { RunOrder } from "../run/order.ts";
import type { Artifact, Completion, RunResult } from "../store/index.ts";

/** Without its supervisor a worker exits. */
export type ToWorker =
  /**
   * Carry this run out, as soon as the one at hand has ended; `token` comes back with everything said about it.
   * `tellsPrepared`: the moment at which its epochs begin is wanted.
   */
  | { readonly kind: "run"; readonly token: number; readonly order: RunOrder; readonly tellsPrepared: boolean }
  /** Forget this order, and say so; a run that has begun meanwhile is not concerned. */
  | { readonly kind: "withdraw"; readonly token: number }
  /** Save where this run is and leave it; a run that has ended meanwhile is not concerned. */
  | { readonly kind: "pause"; readonly token: number };

/** `last`: the worker is to be replaced, since the run may have left something to the next one. */
export type FromWorker =
  /** The order was forgotten before anything was done. */
  | { readonly kind: "withdrawn"; readonly token: number }
  /** All modules are constructed and prepared: now the epochs begin. */
  | { readonly kind: "prepared"; readonly token: number }
  | {
      readonly kind: "epochs";
      readonly token: number;
      readonly records: readonly EpochRecord[];
      readonly epochs: number;
    }
  | {
      readonly kind: "done";
      readonly token: number;
      readonly result: RunResult;
      readonly directions: Required<Completion>["directions"];
      readonly records: readonly EpochRecord[];
      readonly artifacts: readonly Artifact[];
      readonly last: boolean;
    }
  /** The run was left; `epochs` whole ones are done, and its snapshot holds the rest. */
  | {
      readonly kind: "paused";
      readonly token: number;
      readonly epochs: number;
      readonly records: readonly EpochRecord[];
      readonly artifacts: readonly Artifact[];
      readonly last: boolean;
    }
  /**
   * `error`: the message with its stack. `trouble`: it is not the run's fault; why, and what to do. `codeChanged`: nor
   * here, its modules are no longer those of its identity. This worker takes no further run.
   */
  | {
      readonly kind: "failed";
      readonly token: number;
      readonly error: string;
      readonly trouble: string | null;
      readonly codeChanged: boolean;
    }
  /** The run is not at fault for an error that another one, `from`, has left to this worker, which ends. */
  | { readonly kind: "disturbed"; readonly token: number; readonly from: number; readonly error: string };

/** Whether something that a worker has sent is a message: a module of the user's may have written to the channel. */
export function isFromWorker(value: unknown): value is FromWorker {
  if (!isPlainObject(value) || !isCount(value.token)) return false;
  const { kind, records, epochs, artifacts, result, directions, last } = value;
  switch (kind) {
    case "withdrawn":
    case "prepared":
      return true;
    case "epochs":
      return isListOf(records, isEpochRecord) && isCount(epochs);
    case "done":
      return (
        isResult(result) &&
        isDirections(directions) &&
        isListOf(records, isEpochRecord) &&
        isListOf(artifacts, isArtifact) &&
        isFlag(last)
      );
    case "paused":
      return isCount(epochs) && isListOf(records, isEpochRecord) && isListOf(artifacts, isArtifact) && isFlag(last);
    case "disturbed":
      return isCount(value.from) && typeof value.error === "string";
    case "failed":
      return (
        typeof value.error === "string" &&
        (value.trouble === null || typeof value.trouble === "string") &&
        isFlag(value.codeChanged)
      );
    default:
      return false;
  }
}

function isEpochRecord(value: unknown): boolean {
  if (!isPlainObject(value) || !isCount(value.epoch)) return false;
  const { lr, trainLoss, validLoss, seconds, trainAccuracy, validAccuracy, metrics, trainMetrics } = value;
  return (
    [lr, trainLoss, validLoss, seconds].every(isNumber) &&
    [trainAccuracy, validAccuracy].every((accuracy) => accuracy === undefined || isNumber(accuracy)) &&
    isFigures(metrics) &&
    (trainMetrics === undefined || isFigures(trainMetrics))
  );
}

function isFigures(value: unknown): boolean {
  return isPlainObject(value) && Object.values(value).every(isNumber);
}

function isResult(value: unknown): boolean {
  return isPlainObject(value) && Object.values(value).every((figure) => figure === null || isNumber(figure));
}

function isDirections(value: unknown): boolean {
  return (
    isPlainObject(value) && Object.values(value).every((direction) => direction === "lower" || direction === "higher")
  );
}

function isArtifact(value: unknown): boolean {
  return (
    isPlainObject(value) &&
    typeof value.kind === "string" &&
    typeof value.path === "string" &&
    isCount(value.sizeBytes) &&
    (value.sha256 === undefined || typeof value.sha256 === "string")
  );
}

function isListOf(value: unknown, isPart: (part: unknown) => boolean): boolean {
  return Array.isArray(value) && value.every(isPart);
}

function isFlag(value: unknown): boolean {
  return typeof value === "boolean";
}

function isNumber(value: unknown): boolean {
  return typeof value === "number";
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}
