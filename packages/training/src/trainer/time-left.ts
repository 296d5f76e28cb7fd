import type { LoopProgress } from "../train.ts";

type Phase = LoopProgress["phase"];

interface Rate {
  readonly seconds: number;
  readonly batches: number;
}

/** Until an evaluation has been measured: it has no gradients to compute. */
const evaluationShare = 1 / 3;

/** Estimates how long a training will take from what its batches have taken so far. */
export class TimeLeft {
  readonly #batches: Readonly<Record<Phase, number | undefined>>;
  // The first call of a phase, which compiles, is not counted: it has no call before it.
  readonly #rates: Record<Phase, Rate | undefined> = { train: undefined, evaluation: undefined };
  #before: { readonly phase: Phase; readonly batches: number; readonly at: number } | undefined;

  /** @param batches of each phase of an epoch; undefined where nobody knows */
  constructor(batches: Readonly<Record<Phase, number | undefined>>) {
    this.#batches = batches;
  }

  /** @returns seconds to the end of the last epoch; undefined where nothing is known yet */
  update({ phase, epoch, epochs, batches }: LoopProgress, at = performance.now() / 1000): number | undefined {
    const before = this.#before;
    this.#before = { phase, batches, at };
    if (before?.phase === phase && batches > before.batches) {
      const { seconds, batches: done } = this.#rates[phase] ?? { seconds: 0, batches: 0 };
      this.#rates[phase] = { seconds: seconds + at - before.at, batches: done + batches - before.batches };
    }
    const train = perBatch(this.#rates.train);
    const evaluation = perBatch(this.#rates.evaluation) ?? (train === undefined ? undefined : train * evaluationShare);
    const { train: trainBatches, evaluation: evaluationBatches } = this.#batches;
    if (train === undefined || evaluation === undefined) return undefined;
    if (trainBatches === undefined || evaluationBatches === undefined) return undefined;
    const inTrain = phase === "train";
    const epochLeft =
      (inTrain ? trainBatches - batches : 0) * train + (evaluationBatches - (inTrain ? 0 : batches)) * evaluation;
    return epochLeft + (epochs - epoch) * (trainBatches * train + evaluationBatches * evaluation);
  }
}

function perBatch(rate: Rate | undefined): number | undefined {
  return rate === undefined ? undefined : rate.seconds / rate.batches;
}
