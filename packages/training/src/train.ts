import {
  compileEvaluation,
  compileTraining,
  type Device,
  type EvaluationProgram,
  type Generator,
  metrics,
  type nn,
  optim,
  type Parameter,
  type ParameterGroup,
  type StepResult,
  type schedulers,
  Tensor,
  type TrainingProgram,
  type TrainingState,
  type UpdateOptions,
} from "@ml-mosaic/tensor";
import { type AccuracyRule, accuracyRule } from "./accuracy.ts";
import {
  type EarlyStopping,
  type EarlyStoppingState,
  freshEarlyStopping,
  shouldStop,
  watch,
} from "./early-stopping.ts";
import { type EpochProgress, evaluateEpoch, Pace, trainEpoch } from "./epoch.ts";
import { TrainingError } from "./errors.ts";
import type { EpochRecord } from "./history.ts";
import { type AnyLoader, checkedSamples, usualBatch } from "./loaders.ts";
import { epochSchedule } from "./schedule.ts";

type Layout = TrainingProgram["layout"];

/** What is trained: a function of the features, and what it consists of. */
export interface TrainableModel {
  readonly parameters: readonly Parameter[];
  forward(features: Tensor): Tensor;
  /** Switches between training and evaluation. */
  train(mode: boolean): void;
}

export interface TrainOptions extends UpdateOptions {
  readonly model: TrainableModel;
  readonly loss: nn.Loss;
  /** Made by `averaged`, the averages are what is evaluated and what the model holds afterwards. */
  readonly optimizer: optim.Optimizer;
  /** Parameters with optimizers of their own. */
  readonly groups?: readonly ParameterGroup[] | undefined;
  readonly scheduler?: schedulers.Scheduler | undefined;
  readonly earlyStopping?: EarlyStopping | undefined;
  /** Samples of two fields, features and target. */
  readonly trainLoader: AnyLoader;
  /** Evaluated after every epoch. */
  readonly evaluationLoader: AnyLoader;
  /** Computed from the evaluation, besides loss and accuracy. */
  readonly metrics?: readonly metrics.Metric[] | undefined;
  /** Epochs in all, those before a resumption included. */
  readonly epochs: number;
  /** Shuffling and dropout draw from streams of this. */
  readonly generator: Generator;
  readonly device?: Device | undefined;
  /** Where to go on; without it training starts from the model's present values. A function gets the layout to load it for. */
  readonly resumeFrom?: TrainerState | ((layout: Layout) => Promise<TrainerState>) | undefined;
  /** Aborted: training stops within about a second, in the middle of an epoch if need be; the state goes on exactly. */
  readonly pause?: AbortSignal | undefined;
  readonly onEpoch?: ((record: EpochRecord) => void | Promise<void>) | undefined;
}

/** All that the next step depends on, as plain data. */
export interface TrainerState {
  /** Epochs done. */
  readonly epoch: number;
  /** How far the next epoch has come already; absent at its beginning. */
  readonly within?: EpochProgress | undefined;
  readonly training: TrainingState;
  readonly scheduler: schedulers.SchedulerState;
  readonly earlyStopping: EarlyStoppingState;
}

export interface TrainResult {
  readonly history: readonly EpochRecord[];
  readonly state: TrainerState;
  readonly layout: Layout;
  readonly stoppedEarly: boolean;
  /** Whether it was asked to pause before its end. */
  readonly paused: boolean;
}

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
    groups,
    accumulate = 1,
    clipNorm,
    clipValue,
    scheduler,
    earlyStopping,
    metrics: metricList = [],
    trainLoader,
    evaluationLoader,
    epochs,
    generator,
    device,
    resumeFrom,
    pause,
  } = options;
  const [trainSamples, evaluationSamples] = await Promise.all([
    checkedSamples("train", trainLoader),
    checkedSamples("evaluation", evaluationLoader),
  ]);
  checkMetrics(metricList);
  const rule = accuracyRule(loss, [trainSamples, evaluationSamples]);
  const program = await compileTraining({
    fields: trainSamples.fields,
    parameters: model.parameters,
    optimizer,
    groups,
    accumulate,
    clipNorm,
    clipValue,
    step: stepBuilder(model, loss, rule, [], true),
    batchSize: usualBatch(trainLoader),
    device,
  });
  const dropout = generator.stream("dropout");
  const fresh = (): TrainerState => ({
    epoch: 0,
    training: program.initialState,
    scheduler: scheduler?.start ?? {},
    earlyStopping: freshEarlyStopping,
  });
  const history: EpochRecord[] = [];
  const pace = new Pace();
  let state: TrainerState;
  let stoppedEarly = false;
  let paused = false;
  let evaluation: EvaluationProgram | undefined;
  try {
    state = (typeof resumeFrom === "function" ? await resumeFrom(program.layout) : resumeFrom) ?? fresh();
    evaluation = compileEvaluation({
      fields: evaluationSamples.fields,
      layout: program.layout,
      step: stepBuilder(model, loss, rule, metricList, false),
      batchSize: usualBatch(evaluationLoader),
      device,
    });
    while (state.epoch < epochs && !stoppedEarly) {
      const { within } = state;
      const start = performance.now() - 1000 * (within?.seconds ?? 0);
      const optimizerSteps = ({ step }: TrainingState) => Math.floor(step / accumulate);
      const firstStep = Math.floor((state.training.step - (within?.batches ?? 0)) / accumulate);
      const schedule = epochSchedule(scheduler, state.scheduler, firstStep);
      const trained = await trainEpoch({
        program,
        start: state.training,
        loader: trainLoader,
        lr: schedule.rate,
        shuffle: generator.stream("shuffle", state.epoch),
        dropout,
        pace,
        from: within,
        pause,
      });
      if (trained.left !== undefined) {
        state = { ...state, training: trained.training, within: trained.left };
        paused = true;
        break;
      }
      const evaluated = await evaluateEpoch(
        evaluation,
        optim.averagedState(trained.training),
        evaluationLoader,
        metricList,
        generator.stream("evaluation", state.epoch),
      );
      const record: EpochRecord = {
        epoch: state.epoch + 1,
        trainLoss: trained.totals.meanLoss(),
        evaluationLoss: evaluated.totals.meanLoss(),
        trainAccuracy: trained.totals.accuracy(rule, trainSamples),
        evaluationAccuracy: evaluated.totals.accuracy(rule, evaluationSamples),
        ...(metricList.length === 0 ? {} : { metrics: evaluated.metrics }),
        lr: schedule.rate(optimizer.lr, firstStep),
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
        scheduler: schedule.after(optimizerSteps(trained.training), record.evaluationLoss),
        earlyStopping: watched,
      };
      history.push(record);
      await options.onEpoch?.(record);
    }
    program.store(optim.averagedState(state.training));
  } finally {
    program.release();
    evaluation?.release();
    model.train(false);
  }
  return { history, state, layout: program.layout, stoppedEarly, paused };
}

/** @throws TensorError if two have one name */
function checkMetrics(metricList: readonly metrics.Metric[]): void {
  new metrics.MetricTotals(metricList);
}

/** A step of training or evaluation; the mode is set when the graph is built, for every size of batch. */
function stepBuilder(
  model: TrainableModel,
  loss: nn.Loss,
  rule: AccuracyRule | undefined,
  metricList: readonly metrics.Metric[],
  training: boolean,
) {
  return ([features, target]: readonly Tensor[]): StepResult => {
    if (features === undefined || target === undefined)
      throw new TrainingError("TRAINING_DATA", "a batch needs features and target");
    model.train(training);
    const prediction = model.forward(features);
    const value: unknown = loss.forward(prediction, target);
    if (!(value instanceof Tensor)) {
      throw new TrainingError(
        "TRAINING_LOSS",
        `forward of the loss ${loss.constructor.name} must return a Tensor at once, it returned ${typeof value === "object" ? `an object of ${value?.constructor.name ?? "no class"}` : String(value)}`,
      );
    }
    return {
      loss: value,
      ...(rule === undefined ? {} : { metrics: { right: rule.countRight(prediction, target) } }),
      collected: metrics.metricStep(metricList, prediction, target),
    };
  };
}
