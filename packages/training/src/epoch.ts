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

/** Sums over the batches of an epoch, in double precision and in order: chunks of any size give the same bits. */
class EpochTotals {
  readonly #loader: string;
  #samples = 0;
  #loss = 0;
  #right = 0;

  constructor(loader: string) {
    this.#loader = loader;
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

export async function trainEpoch(
  program: TrainingProgram,
  start: TrainingState,
  loader: AnyLoader,
  lr: LearningRate,
  shuffle: Generator,
  dropout: Generator,
): Promise<{ training: TrainingState; totals: EpochTotals }> {
  const totals = new EpochTotals("train");
  let training = start;
  for await (const chunk of loader.chunks(shuffle, maxChunkSteps)) {
    const { state, values } = await program.run(training, { ...chunk, lr, generator: dropout });
    training = state;
    totals.add(values, chunk.batchSize);
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
