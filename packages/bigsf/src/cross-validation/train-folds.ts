import { machineTrouble, messageOf } from "@ml-mosaic/base";
import type { EpochRecord, RunResult, TrainerProgress } from "@ml-mosaic/training";
import { type FoldOrder, trainFoldInProcess } from "./fold-process.ts";

/** What becomes of the training of one split. */
export type FoldOutcome =
  | { readonly kind: "done" | "paused"; readonly result: RunResult }
  /** `trouble`: what of the machine has failed, and what helps. */
  | { readonly kind: "failed"; readonly message: string; readonly trouble: string | undefined }
  /** Not begun before it was to stop. */
  | { readonly kind: "left" };

export interface FoldEvents {
  onStart(split: number): void;
  onProgress(split: number, progress: TrainerProgress): void;
  onEpoch(split: number, epoch: EpochRecord): void;
  onWarning(split: number, message: string): void;
  onEnd(split: number, outcome: FoldOutcome): void;
}

export interface TrainFoldsOptions {
  readonly folds: readonly Pick<FoldOrder, "config" | "split" | "existing">[];
  /** How many are trained at a time. */
  readonly workers: number;
  readonly pause: AbortSignal;
  readonly events: FoldEvents;
}

/** Trains splits side by side, each in a process of its own. One that fails does not stop the others. */
export async function trainFolds({
  folds,
  workers,
  pause,
  events,
}: TrainFoldsOptions): Promise<readonly FoldOutcome[]> {
  const outcomes = folds.map((): FoldOutcome => ({ kind: "left" }));
  let next = 0;
  const work = async () => {
    while (next < folds.length && !pause.aborted) {
      const place = next++;
      const fold = folds[place];
      if (fold === undefined) return;
      events.onStart(fold.split);
      const outcome = await trainOne(fold, pause, events);
      outcomes[place] = outcome;
      events.onEnd(fold.split, outcome);
    }
  };
  await Promise.all(Array.from({ length: Math.min(workers, folds.length) }, work));
  return outcomes;
}

async function trainOne(
  fold: TrainFoldsOptions["folds"][number],
  pause: AbortSignal,
  events: FoldEvents,
): Promise<FoldOutcome> {
  try {
    const result = await trainFoldInProcess({
      ...fold,
      pause,
      onMessage(message) {
        if (message.kind === "progress") events.onProgress(fold.split, message.progress);
        if (message.kind === "epoch") events.onEpoch(fold.split, message.epoch);
        if (message.kind === "warning") events.onWarning(fold.split, message.message);
      },
    });
    return { kind: result.paused ? "paused" : "done", result };
  } catch (error) {
    if (pause.aborted && error === pause.reason) return { kind: "left" };
    return { kind: "failed", message: messageOf(error), trouble: machineTrouble(error) };
  }
}
