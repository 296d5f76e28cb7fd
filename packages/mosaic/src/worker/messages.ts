/**
 * All that supervisor and workers say to each other: plain data, so that a worker in another language can take this
 * one's place.
 */
import type { EpochRecord } from "@ml-mosaic/training";
import type { RunOrder } from "../run/order.ts";
import type { Artifact, RunResult } from "../store/index.ts";

/** Without its supervisor a worker exits. */
export type ToWorker =
  /** Carry this run out; `token` comes back with everything said about it. */
  | { readonly kind: "run"; readonly token: number; readonly order: RunOrder }
  /** Save where this run is and leave it; a run that has ended meanwhile is not concerned. */
  | { readonly kind: "pause"; readonly token: number };

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
  /** The run was left; `epochs` whole ones are done, and its snapshot holds the rest. */
  | {
      readonly kind: "paused";
      readonly token: number;
      readonly epochs: number;
      readonly records: readonly EpochRecord[];
      readonly artifacts: readonly Artifact[];
    }
  /**
   * `error`: the message with its stack. `diskFull`: it is not the run's fault, nothing more can be written. `exiting`:
   * this worker takes no further run.
   */
  | {
      readonly kind: "failed";
      readonly token: number;
      readonly error: string;
      readonly diskFull: boolean;
      readonly exiting: boolean;
    };
