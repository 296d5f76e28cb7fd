import {
  compileEvaluation,
  compileTraining,
  type DataLoader,
  type EvaluationProgram,
  type Generator,
  type nn,
  type optim,
  type Parameter,
  type Samples,
  type StepResult,
  type StepValues,
  type schedulers,
  type Tensor,
  type TrainingProgram,
  type TrainingState,
} from "@ml-mosaic/tensor";
import { type AccuracyRule, accuracyRule } from "./accuracy.ts";
import {
  type EarlyStopping,
  type EarlyStoppingState,
  freshEarlyStopping,
  shouldStop,
  watch,
} from "./early-stopping.ts";
import { TrainingError } from "./errors.ts";
import type { EpochRecord } from "./history.ts";

/** What is trained: a function of the features, and what it consists of. */
export interface TrainableModel {
  readonly parameters: readonly Parameter[];
  forward(features: Tensor): Tensor;
  /** Switches between training and evaluation. */
  train(mode: boolean): void;
}

export interface TrainOptions {
  readonly model: TrainableModel;
  readonly loss: nn.Loss;
  readonly optimizer: optim.Optimizer;
  readonly scheduler?: schedulers.Scheduler | undefined;
  readonly earlyStopping?: EarlyStopping | undefined;
  /** Samples of two fields, features and target. */
  readonly trainLoader: DataLoader;
  /** Evaluated after every epoch. */
  readonly evaluationLoader: DataLoader;
  /** Epochs in all, those before a resumption included. */
  readonly epochs: number;
  /** Shuffling and dropout draw from streams of this. */
  readonly generator: Generator;
  /** Where to go on; without it training starts from the model's present values. */
  readonly resumeFrom?: TrainerState | undefined;
  readonly onEpoch?: ((record: EpochRecord) => void | Promise<void>) | undefined;
}

/** All that the next epoch depends on, as plain data. */
export interface TrainerState {
  readonly epoch: number;
  readonly training: TrainingState;
  readonly scheduler: schedulers.SchedulerState;
  readonly earlyStopping: EarlyStoppingState;
}

export interface TrainResult {
  readonly history: readonly EpochRecord[];
  readonly state: TrainerState;
  readonly layout: TrainingProgram["layout"];
  readonly stoppedEarly: boolean;
}

/** Steps that one call into the runtime makes at most: enough to make the call cheap, few enough to stay responsive. */
const maxChunkSteps = 2048;

/**
 * The training loop: epochs of compiled steps, an evaluation after each, learning rate and early stopping from the
 * evaluation's loss. The model's parameters hold the last epoch's values afterwards. Same options, same bits: shuffling
 * of epoch n and dropout of step n draw from their own streams, so that a resumed training equals an uninterrupted one.
 */
export async function train(options: TrainOptions): Promise<TrainResult> {
  const {
    model,
    loss,
    optimizer,
    scheduler,
    earlyStopping,
    trainLoader,
    evaluationLoader,
    epochs,
    generator,
    resumeFrom,
  } = options;
  const [trainSamples, evaluationSamples] = await Promise.all([
    checkedSamples("train", trainLoader),
    checkedSamples("evaluation", evaluationLoader),
  ]);
  const rule = accuracyRule(loss, [trainSamples, evaluationSamples]);
  const program = await compileTraining({
    fields: trainSamples.fields,
    parameters: model.parameters,
    optimizer,
    step: stepBuilder(model, loss, rule, true),
    batchSize: Math.min(trainLoader.batchSize, trainSamples.rows.length),
  });
  const evaluation = compileEvaluation({
    fields: evaluationSamples.fields,
    layout: program.layout,
    step: stepBuilder(model, loss, rule, false),
  });
  const dropout = generator.stream("dropout");
  let state: TrainerState = resumeFrom ?? {
    epoch: 0,
    training: program.initialState,
    scheduler: scheduler?.start ?? {},
    earlyStopping: freshEarlyStopping,
  };
  const history: EpochRecord[] = [];
  let stoppedEarly = false;
  try {
    while (state.epoch < epochs && !stoppedEarly) {
      const start = performance.now();
      const lr = scheduler?.lr(state.scheduler, optimizer.lr) ?? optimizer.lr;
      const trained = await trainEpoch(
        program,
        state.training,
        trainLoader,
        trainSamples,
        lr,
        generator.stream("shuffle", state.epoch),
        dropout,
      );
      const evaluated = await evaluateEpoch(evaluation, trained.training, evaluationLoader, evaluationSamples, dropout);
      const record: EpochRecord = {
        epoch: state.epoch + 1,
        trainLoss: trained.totals.meanLoss(),
        evaluationLoss: evaluated.meanLoss(),
        trainAccuracy: trained.totals.accuracy(rule, trainSamples),
        evaluationAccuracy: evaluated.accuracy(rule, evaluationSamples),
        lr,
        seconds: (performance.now() - start) / 1000,
      };
      const watched =
        earlyStopping === undefined
          ? state.earlyStopping
          : watch(earlyStopping, state.earlyStopping, record.evaluationLoss);
      stoppedEarly = earlyStopping !== undefined && shouldStop(earlyStopping, watched);
      state = {
        epoch: state.epoch + 1,
        training: trained.training,
        scheduler: scheduler?.next(state.scheduler, record.evaluationLoss) ?? {},
        earlyStopping: watched,
      };
      history.push(record);
      await options.onEpoch?.(record);
    }
    program.store(state.training);
  } finally {
    program.release();
    evaluation.release();
    model.train(false);
  }
  return { history, state, layout: program.layout, stoppedEarly };
}

async function checkedSamples(which: string, loader: DataLoader): Promise<Samples> {
  const samples = await loader.dataset.samples();
  if (loader.length === 0) {
    const why =
      samples.rows.length === 0
        ? "holds no sample"
        : `drops its only batch: ${samples.rows.length} samples are fewer than ${loader.batchSize}`;
    throw new TrainingError("TRAINING_DATA", `the ${which} loader ${why}`);
  }
  if (samples.fields.length !== 2) {
    throw new TrainingError(
      "TRAINING_DATA",
      `the ${which} loader gives ${samples.fields.length} tensors a sample; two are needed: features and target`,
    );
  }
  return samples;
}

/** A step of training or evaluation; the mode is set when the graph is built, for every size of batch. */
function stepBuilder(model: TrainableModel, loss: nn.Loss, rule: AccuracyRule | undefined, training: boolean) {
  return ([features, target]: readonly Tensor[]): StepResult => {
    if (features === undefined || target === undefined)
      throw new TrainingError("TRAINING_DATA", "a batch needs features and target");
    model.train(training);
    const prediction = model.forward(features);
    return {
      loss: loss.forward(prediction, target),
      ...(rule === undefined ? {} : { metrics: { right: rule.countRight(prediction, target) } }),
    };
  };
}

/** Sums over the batches of an epoch, in double precision and in order: chunks of any size give the same bits. */
class EpochTotals {
  #samples = 0;
  #loss = 0;
  #right = 0;

  add(values: StepValues, batchSize: number): void {
    const { loss, right } = values;
    for (const value of loss ?? []) this.#loss += value * batchSize;
    for (const value of right ?? []) this.#right += value;
    this.#samples += (loss?.length ?? 0) * batchSize;
  }

  meanLoss(): number {
    return this.#loss / this.#samples;
  }

  accuracy(rule: AccuracyRule | undefined, { fields }: Samples): number | undefined {
    const target = fields[1];
    if (rule === undefined || target === undefined) return undefined;
    return (100 * this.#right) / (this.#samples * rule.predictionsPerSample(target));
  }
}

async function trainEpoch(
  program: TrainingProgram,
  start: TrainingState,
  loader: DataLoader,
  samples: Samples,
  lr: number,
  shuffle: Generator,
  dropout: Generator,
): Promise<{ training: TrainingState; totals: EpochTotals }> {
  const totals = new EpochTotals();
  let training = start;
  for (const { rows, batchSize } of chunksOf(loader, samples, shuffle)) {
    const { state, values } = await program.run(training, { rows, batchSize, lr, generator: dropout });
    training = state;
    totals.add(values, batchSize);
  }
  return { training, totals };
}

async function evaluateEpoch(
  program: EvaluationProgram,
  state: TrainingState,
  loader: DataLoader,
  samples: Samples,
  generator: Generator,
): Promise<EpochTotals> {
  const totals = new EpochTotals();
  for (const { rows, batchSize } of chunksOf(loader, samples, generator)) {
    totals.add(await program.run(state, rows, batchSize, generator), batchSize);
  }
  return totals;
}

/** The rows of an epoch in pieces of whole batches, the smaller last batch by itself. */
function* chunksOf(
  loader: DataLoader,
  samples: Samples,
  shuffle: Generator,
): IterableIterator<{ rows: Int32Array; batchSize: number }> {
  const { whole, rest } = loader.epoch(samples, shuffle);
  const size = maxChunkSteps * loader.batchSize;
  for (let start = 0; start < whole.length; start += size) {
    yield { rows: whole.subarray(start, start + size), batchSize: loader.batchSize };
  }
  if (rest.length > 0) yield { rows: rest, batchSize: rest.length };
}
