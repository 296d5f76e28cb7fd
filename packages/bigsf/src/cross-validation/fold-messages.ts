/** What the process of one split and the one that started it tell each other: plain data. */
import type { ConfigObject } from "@ml-mosaic/configurable";
import type { EpochRecord, Existing, RunResult, TrainerProgress } from "@ml-mosaic/training";

export type ToFold =
  | {
      readonly kind: "train";
      /** The resolved configuration of the run. */
      readonly config: ConfigObject;
      /** Counted from 0. */
      readonly split: number;
      readonly existing: Existing;
    }
  /** Stop soon, so that the run can go on later. */
  | { readonly kind: "pause" };

export type FromFold =
  | { readonly kind: "progress"; readonly progress: TrainerProgress }
  | { readonly kind: "epoch"; readonly epoch: EpochRecord }
  | { readonly kind: "warning"; readonly message: string }
  | { readonly kind: "done"; readonly result: RunResult }
  /** `trouble`: of the machine, where that has failed. */
  | { readonly kind: "failed"; readonly message: string; readonly trouble: string | undefined };
