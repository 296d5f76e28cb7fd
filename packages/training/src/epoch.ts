/** One pass over the samples, chunk by chunk. */
import {
  type EvaluationProgram,
  type Generator,
  type LearningRate,
  metrics,
  type Samples,
  type StepValues,
  type TrainingProgram,
  type TrainingState,
} from "@ml-mosaic/tensor";
import type { AccuracyRule } from "./accuracy.ts";
import { TrainingError } from "./errors.ts";
import type { AnyLoader } from "./loaders.ts";

/** Steps that one call into the runtime makes at most: enough to make the call cheap, few enough to stay responsive. */
const maxChunkSteps = 2048;
/** With metrics, whose counts or scores are kept for every step of a chunk. */
const maxMetricSteps = 256;

/** How far an epoch has come: what going on in the middle of it needs besides the training state. Plain numbers. */
export interface EpochProgress {
  /** Minibatches done. */
  readonly batches: number;
  readonly samples: number;
  /** Sums over the samples so far. */
  readonly loss: number;
  readonly right: number;
  /** Wall time so far. */
  readonly seconds: number;
}

/** Sums over the batches of an epoch, in double precision and in order: chunks of any size give the same bits. */
class EpochTotals {
  readonly #loader: string;
  #samples: number;
  #loss: number;
  #right: number;

  constructor(
    loader: string,
    from: Pick<EpochProgress, "samples" | "loss" | "right"> = { samples: 0, loss: 0, right: 0 },
  ) {
    this.#loader = loader;
    this.#samples = from.samples;
    this.#loss = from.loss;
    this.#right = from.right;
  }

  get sums(): Pick<EpochProgress, "samples" | "loss" | "right"> {
    return { samples: this.#samples, loss: this.#loss, right: this.#right };
  }

  add(values: StepValues, batchSize: number): void {
    const { loss, right } = values;
    for (const value of loss ?? []) this.#loss += value * batchSize;
    for (const value of right ?? []) this.#right += value;
    this.#samples += (loss?.length ?? 0) * batchSize;
  }

  /** @throws TrainingError if there was no batch, which a loader that reads as it goes shows only at its end */
  meanLoss(): number {
    if (this.#samples === 0) throw new TrainingError("TRAINING_DATA", `the ${this.#loader} loader gave no batch`);
    return this.#loss / this.#samples;
  }

  accuracy(rule: AccuracyRule | undefined, { fields }: Samples): number | undefined {
    const target = fields[1];
    if (rule === undefined || target === undefined) return undefined;
    return (100 * this.#right) / (this.#samples * rule.predictionsPerSample(target));
  }
}

/** Chooses how many steps are done in one call, so that a call takes about a second: that long a pause has to wait. */
export class Pace {
  #steps = 64;

  get steps(): number {
    return this.#steps;
  }

  measured(steps: number, seconds: number): void {
    const perSecond = steps / Math.max(seconds, 1e-6);
    // At most four times as many at once: the first call also compiles.
    this.#steps = Math.max(1, Math.min(maxChunkSteps, 4 * this.#steps, Math.round(perSecond)));
  }
}

export interface TrainEpochOptions {
  readonly program: TrainingProgram;
  readonly start: TrainingState;
  readonly loader: AnyLoader;
  readonly lr: LearningRate;
  readonly shuffle: Generator;
  readonly dropout: Generator;
  readonly pace: Pace;
  /** Where in the epoch `start` is. */
  readonly from?: EpochProgress | undefined;
  /** Aborted: stop at the next chance. */
  readonly pause?: AbortSignal | undefined;
}

export interface TrainedEpoch {
  readonly training: TrainingState;
  readonly totals: EpochTotals;
  /** Where the epoch was left, if it was paused. */
  readonly left?: EpochProgress;
}

export async function trainEpoch({
  program,
  start,
  loader,
  lr,
  shuffle,
  dropout,
  pace,
  from,
  pause,
}: TrainEpochOptions): Promise<TrainedEpoch> {
  const begin = performance.now();
  const totals = new EpochTotals("train", from);
  let training = start;
  let batches = 0;
  for await (const { rows, batchSize, ...chunk } of loader.chunks(shuffle, maxChunkSteps)) {
    for (let position = 0; position < rows.length; ) {
      const done = Math.max(0, (from?.batches ?? 0) - batches);
      const left = (rows.length - position) / batchSize;
      if (done > 0) {
        const skipped = Math.min(done, left);
        position += skipped * batchSize;
        batches += skipped;
        continue;
      }
      if (pause?.aborted === true) {
        const seconds = (from?.seconds ?? 0) + (performance.now() - begin) / 1000;
        return { training, totals, left: { batches, seconds, ...totals.sums } };
      }
      const steps = Math.min(pace.steps, left);
      const piece = rows.subarray(position, position + steps * batchSize);
      const callBegin = performance.now();
      const { state, values } = await program.run(training, {
        ...chunk,
        rows: piece,
        batchSize,
        lr,
        generator: dropout,
      });
      pace.measured(steps, (performance.now() - callBegin) / 1000);
      training = state;
      totals.add(values, batchSize);
      position += piece.length;
      batches += steps;
    }
  }
  return { training, totals };
}

export async function evaluateEpoch(
  program: EvaluationProgram,
  state: TrainingState,
  loader: AnyLoader,
  metricList: readonly metrics.Metric[],
  generator: Generator,
): Promise<{ totals: EpochTotals; metrics: Record<string, metrics.MetricValue> }> {
  const totals = new EpochTotals("evaluation");
  const metricTotals = new metrics.MetricTotals(metricList);
  for await (const chunk of loader.chunks(generator, metricList.length === 0 ? maxChunkSteps : maxMetricSteps)) {
    const values = await program.run(state, { ...chunk, generator });
    totals.add(values, chunk.batchSize);
    metricTotals.add(values, chunk.rows.length / chunk.batchSize);
  }
  return { totals, metrics: metricTotals.results() };
}
