/**
 * All that supervisor and workers say to each other: plain data, so that a worker in another language can take this
 * one's place.
 */
import type { RunOrder } from "../run/order.ts";
import type { Artifact, EpochRecord, RunResult } from "../store/index.ts";

/** Carry this run out; `token` comes back with everything said about it. Without its supervisor a worker exits. */
export interface ToWorker {
  readonly kind: "run";
  readonly token: number;
  readonly order: RunOrder;
}

export type FromWorker =
  /** The order has arrived: from now on a death of the worker counts as the run's fault. */
  | { readonly kind: "accepted"; readonly token: number }
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
  /** `error`: the message with its stack. `exiting`: this worker takes no further run. */
  | { readonly kind: "failed"; readonly token: number; readonly error: string; readonly exiting: boolean };
