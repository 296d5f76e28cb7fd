/** One pass over the samples, piece by piece. */
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
import { type AnyLoader, batchCount } from "./loaders.ts";

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

type Sums = Pick<EpochProgress, "samples" | "loss" | "right">;

/** Sums over the batches of an epoch, in double precision and in order: pieces of any size give the same bits. */
export class EpochTotals {
  readonly #loader: string;
  #samples: number;
  #loss: number;
  #right: number;

  constructor(loader: string, from: Sums = { samples: 0, loss: 0, right: 0 }) {
    this.#loader = loader;
    this.#samples = from.samples;
    this.#loss = from.loss;
    this.#right = from.right;
  }

  get sums(): Sums {
    return { samples: this.#samples, loss: this.#loss, right: this.#right };
  }

  add(values: StepValues, batchSize: number): void {
    const { loss, right } = values;
    if (loss !== undefined) this.#loss = sumInOrder(loss, this.#loss, batchSize);
    if (right !== undefined) this.#right = sumInOrder(right, this.#right, 1);
    this.#samples += (loss?.length ?? 0) * batchSize;
  }

  /** @throws TrainingError if there was no batch, which a loader that reads as it goes shows only at its end */
  meanLoss(): number {
    if (this.#samples === 0) throw new TrainingError("TRAINING_DATA", `the ${this.#loader} loader gave no batch`);
    return this.#loss / this.#samples;
  }

  accuracy(rule: AccuracyRule | undefined, { fields }: Samples): number | undefined {
    const target = fields.at(-1);
    if (rule === undefined || target === undefined) return undefined;
    return (100 * this.#right) / (this.#samples * rule.predictionsPerSample(target));
  }
}

/** Of the values times `weight`, onto what there is. */
function sumInOrder(values: Float32Array, start: number, weight: number): number {
  let sum = start;
  // Hundreds for each epoch of a tiny network: by index they take a tenth of the time.
  for (let index = 0; index < values.length; index++) sum += (values[index] ?? 0) * weight;
  return sum;
}

/** Chooses how many steps are done in one call, so that a call takes about a second: that long a pause has to wait. */
export class Pace {
  // A step of a large network takes seconds, so that nothing may be taken for granted.
  #steps = 1;

  get steps(): number {
    return this.#steps;
  }

  measured(steps: number, seconds: number): void {
    const perSecond = steps / Math.max(seconds, 1e-6);
    // At most eight times as many at once: the first call also compiles.
    this.#steps = Math.max(1, Math.min(maxChunkSteps, 8 * this.#steps, Math.round(perSecond)));
  }
}

/**
 * Told that training comes forward, which takes nothing from it: when samples have come, and after every call into the
 * runtime with the seconds that it took.
 */
export type WorkListener = (callSeconds?: number) => void;

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
  readonly onWork?: WorkListener | undefined;
  /** Called after every call into the runtime. Without it nobody sees the states on the way, and each gives its memory to the next. */
  readonly onPiece?: ((training: TrainingState, within: EpochProgress) => void | Promise<void>) | undefined;
  /** Called likewise, and done with the state when it resolves: the state gives its memory to the next all the same. */
  readonly look?: ((training: TrainingState, within: EpochProgress) => Promise<void> | undefined) | undefined;
}

export interface TrainedEpoch {
  readonly training: TrainingState;
  readonly totals: EpochTotals;
  /** How far the epoch has come: to its end, if it was not paused. */
  readonly within: EpochProgress;
  readonly paused: boolean;
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
  onPiece,
  look,
  onWork,
}: TrainEpochOptions): Promise<TrainedEpoch> {
  const begin = performance.now();
  const totals = new EpochTotals("train", from);
  let training = start;
  let batches = from?.batches ?? 0;
  const within = (): EpochProgress => {
    const seconds = (from?.seconds ?? 0) + (performance.now() - begin) / 1000;
    return { batches, seconds, ...totals.sums };
  };
  if (from !== undefined && from.batches === batchCount(loader))
    return { training, totals, within: { ...from }, paused: false };
  for await (const { rows, batchSize, ...chunk } of loader.chunks(shuffle, maxChunkSteps, batches)) {
    onWork?.();
    for (let position = 0; position < rows.length; ) {
      const left = (rows.length - position) / batchSize;
      if (pause?.aborted === true) return { training, totals, within: within(), paused: true };
      const steps = Math.min(pace.steps, left);
      const piece = rows.subarray(position, position + steps * batchSize);
      const callBegin = performance.now();
      const { state, values } = await program.run(training, {
        ...chunk,
        rows: piece,
        batchSize,
        lr,
        generator: dropout,
        donate: training !== start && onPiece === undefined,
      });
      const callSeconds = (performance.now() - callBegin) / 1000;
      pace.measured(steps, callSeconds);
      onWork?.(callSeconds);
      training = state;
      totals.add(values, batchSize);
      position += piece.length;
      batches += steps;
      await onPiece?.(training, within());
      await look?.(training, within());
    }
  }
  return { training, totals, within: within(), paused: false };
}

export interface EvaluateEpochOptions {
  /** Its name in messages. */
  readonly name: string;
  readonly program: EvaluationProgram;
  readonly state: TrainingState;
  readonly loader: AnyLoader;
  readonly metrics: readonly metrics.Metric[];
  readonly generator: Generator;
  readonly pace: Pace;
  /** Aborted: stop at the next chance. */
  readonly pause?: AbortSignal | undefined;
  readonly onWork?: WorkListener | undefined;
  /** Called after every call into the runtime with the batches done. */
  readonly onPiece: (batches: number) => void | Promise<void>;
}

export interface EvaluatedEpoch {
  readonly totals: EpochTotals;
  readonly metrics: Readonly<Record<string, metrics.MetricValue>>;
}

/** @returns undefined where it was paused: an evaluation is made as a whole, or anew */
export async function evaluateEpoch({
  name,
  program,
  state,
  loader,
  metrics: metricList,
  generator,
  pace,
  pause,
  onPiece,
  onWork,
}: EvaluateEpochOptions): Promise<EvaluatedEpoch | undefined> {
  const totals = new EpochTotals(name);
  const metricTotals = new metrics.MetricTotals(metricList);
  const limit = metricList.length === 0 ? maxChunkSteps : maxMetricSteps;
  let batches = 0;
  for await (const { rows, batchSize, ...chunk } of loader.chunks(generator, limit)) {
    onWork?.();
    for (let position = 0; position < rows.length; ) {
      if (pause?.aborted === true) return undefined;
      const steps = Math.min(pace.steps, (rows.length - position) / batchSize);
      const piece = rows.subarray(position, position + steps * batchSize);
      const callBegin = performance.now();
      const firstStep = position / batchSize;
      const values = await program.run(state, { ...chunk, rows: piece, batchSize, generator, firstStep });
      const callSeconds = (performance.now() - callBegin) / 1000;
      pace.measured(steps, callSeconds);
      onWork?.(callSeconds);
      totals.add(values, batchSize);
      metricTotals.add(values, steps);
      position += piece.length;
      batches += steps;
      await onPiece(batches);
    }
  }
  return { totals, metrics: metricTotals.results() };
}
