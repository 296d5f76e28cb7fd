/**
 * All that supervisor and workers say to each other: plain data, so that a worker in another language can take this
 * one's place.
 */
import type { RunOrder } from "../run/order.ts";
import type { Artifact, EpochRecord, RunResult } from "../store/index.ts";

export type ToWorker =
  /** Carry this run out; `token` comes back with everything said about it. */
  | { readonly kind: "run"; readonly token: number; readonly order: RunOrder }
  /** Finish nothing, exit. */
  | { readonly kind: "stop" };

export type FromWorker =
  | { readonly kind: "ready" }
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
      readonly records: readonly EpochRecord[];
      readonly artifacts: readonly Artifact[];
    }
  /** `error`: the message with its stack. */
  | { readonly kind: "failed"; readonly token: number; readonly error: string };
