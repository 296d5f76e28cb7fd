import {
  compileEvaluation,
  compileTraining,
  type Device,
  type EvaluationProgram,
  type Generator,
  metrics,
  type nn,
  optim,
  type ParameterGroup,
  type schedulers,
  type TrainingProgram,
  type TrainingState,
  type UpdateOptions,
} from "@ml-mosaic/tensor";
import { accuracyRule } from "./accuracy.ts";
import type { StoppingRule, StoppingState } from "./early-stopping.ts";
import { type EpochProgress, evaluateEpoch, Pace, trainEpoch } from "./epoch.ts";
import { type EpochRecord, flatFigures } from "./history.ts";
import { type AnyLoader, batchCount, checkedSamples, checkSameFields, usualBatch } from "./loaders.ts";
import { modelStep, type TrainableModel } from "./model-step.ts";
import { epochSchedule } from "./schedule.ts";

type Layout = TrainingProgram["layout"];

export interface TrainOptions extends UpdateOptions {
  readonly model: TrainableModel;
  readonly loss: nn.Loss;
  /** Made by `averaged`, the averages are what is evaluated and what the model holds afterwards. */
  readonly optimizer: optim.Optimizer;
  /** Parameters with optimizers of their own. */
  readonly groups?: readonly ParameterGroup[] | undefined;
  readonly scheduler?: schedulers.Scheduler | undefined;
  readonly earlyStopping?: StoppingRule | undefined;
  /** Samples of two or more fields: the last is the target, the others are what the model gets. */
  readonly trainLoader: AnyLoader;
  /** Evaluated after every epoch: the validation set, or the test set where there is no other. */
  readonly evaluationLoader: AnyLoader;
  /** Computed from the evaluation, besides loss and accuracy. */
  readonly metrics?: readonly metrics.Metric[] | undefined;
  /** False: accuracy is not looked for, also where the targets have such a thing. */
  readonly accuracy?: boolean | undefined;
  /** Epochs in all, those before a resumption included. */
  readonly epochs: number;
  /** Shuffling and dropout draw from streams of this. */
  readonly generator: Generator;
  readonly device?: Device | undefined;
  /** Where to go on; without it training starts from the model's present values. A function gets the layout to load it for. */
  readonly resumeFrom?: TrainerState | ((layout: Layout) => Promise<TrainerState>) | undefined;
  /** Aborted: training stops within about a second, in the middle of an epoch if need be; the state goes on exactly. */
  readonly pause?: AbortSignal | undefined;
  /** Called after each epoch, and waited for. */
  readonly onEpoch?: ((record: EpochRecord, checkpoint: Checkpoint) => void | Promise<void>) | undefined;
  /** Called about every second, and waited for. */
  readonly onProgress?: ((progress: LoopProgress, checkpoint: Checkpoint) => void | Promise<void>) | undefined;
}

/** All that the next step depends on, as plain data. */
export interface TrainerState {
  /** Epochs done. */
  readonly epoch: number;
  /** How far the next epoch has come already; absent at its beginning. */
  readonly within?: EpochProgress | undefined;
  readonly training: TrainingState;
  readonly scheduler: schedulers.SchedulerState;
  readonly earlyStopping: StoppingState;
  /** The epoch of the smallest evaluation loss; absent where there was none, or only NaN. */
  readonly best?: { readonly epoch: number; readonly loss: number } | undefined;
}

/** Where training is, as `saveSnapshot` takes it. */
export interface Checkpoint {
  readonly state: TrainerState;
  readonly layout: Layout;
}

/** How far training has come within an epoch. */
export interface LoopProgress {
  readonly phase: "train" | "evaluation";
  /** Counted from 1. */
  readonly epoch: number;
  readonly epochs: number;
  /** Batches of the phase that are done. */
  readonly batches: number;
  /** Batches of the phase; undefined where a loader reads as it goes. */
  readonly of: number | undefined;
  /** Mean of the train loss over the samples of the epoch so far. */
  readonly trainLoss: number;
}

export interface TrainResult extends Checkpoint {
  readonly history: readonly EpochRecord[];
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
  checkSameFields(trainSamples, "evaluation", evaluationSamples);
  checkMetrics(metricList);
  const rule = options.accuracy === false ? undefined : accuracyRule(loss, [trainSamples, evaluationSamples]);
  const program = await compileTraining({
    fields: trainSamples.fields,
    parameters: model.parameters,
    optimizer,
    groups,
    accumulate,
    clipNorm,
    clipValue,
    step: modelStep({ model, loss, rule, metrics: [], training: true }),
    batchSize: usualBatch(trainLoader),
    device,
  });
  const { layout } = program;
  const dropout = generator.stream("dropout");
  const fresh = (): TrainerState => ({
    epoch: 0,
    training: program.initialState,
    scheduler: scheduler?.start ?? {},
    earlyStopping: earlyStopping?.start ?? {},
  });
  const history: EpochRecord[] = [];
  const [trainPace, evaluationPace] = [new Pace(), new Pace()];
  let state: TrainerState;
  let stoppedEarly = false;
  let paused = false;
  let evaluation: EvaluationProgram | undefined;
  try {
    state = (typeof resumeFrom === "function" ? await resumeFrom(layout) : resumeFrom) ?? fresh();
    evaluation = compileEvaluation({
      fields: evaluationSamples.fields,
      layout,
      step: modelStep({ model, loss, rule, metrics: metricList, training: false }),
      batchSize: usualBatch(evaluationLoader),
      device,
    });
    while (state.epoch < epochs && !stoppedEarly) {
      const begun: TrainerState = state;
      const { within } = begun;
      const start = performance.now() - 1000 * (within?.seconds ?? 0);
      const epoch = begun.epoch + 1;
      const tell = (progress: Omit<LoopProgress, "epoch" | "epochs">, reached: TrainerState) =>
        options.onProgress?.({ ...progress, epoch, epochs }, { state: reached, layout });
      const optimizerSteps = ({ step }: TrainingState) => Math.floor(step / accumulate);
      const firstStep = Math.floor((begun.training.step - (within?.batches ?? 0)) / accumulate);
      const schedule = epochSchedule(scheduler, begun.scheduler, firstStep);
      const trained = await trainEpoch({
        program,
        start: begun.training,
        loader: trainLoader,
        lr: schedule.rate,
        shuffle: generator.stream("shuffle", begun.epoch),
        dropout,
        pace: trainPace,
        from: within,
        pause,
        onPiece:
          options.onProgress === undefined
            ? undefined
            : (training, reached) =>
                tell(
                  {
                    phase: "train",
                    batches: reached.batches,
                    of: batchCount(trainLoader),
                    trainLoss: reached.loss / reached.samples,
                  },
                  { ...begun, training, within: reached },
                ),
      });
      state = { ...begun, training: trained.training, within: trained.within };
      if (trained.paused) {
        paused = true;
        break;
      }
      const trainLoss = trained.totals.meanLoss();
      const seconds = () => (performance.now() - start) / 1000;
      const evaluated = await evaluateEpoch({
        name: "evaluation",
        program: evaluation,
        state: optim.averagedState(trained.training),
        loader: evaluationLoader,
        metrics: metricList,
        generator: generator.stream("evaluation", begun.epoch),
        pace: evaluationPace,
        pause,
        onPiece: (batches) =>
          tell(
            { phase: "evaluation", batches, of: batchCount(evaluationLoader), trainLoss },
            { ...begun, training: trained.training, within: { ...trained.within, seconds: seconds() } },
          ),
      });
      if (evaluated === undefined) {
        paused = true;
        break;
      }
      const record: EpochRecord = {
        epoch,
        lr: schedule.rate(optimizer.lr, firstStep),
        trainLoss,
        validLoss: evaluated.totals.meanLoss(),
        trainAccuracy: trained.totals.accuracy(rule, trainSamples),
        validAccuracy: evaluated.totals.accuracy(rule, evaluationSamples),
        metrics: flatFigures(evaluated.metrics),
        seconds: seconds(),
      };
      const watched = earlyStopping?.next(begun.earlyStopping, record.validLoss) ?? begun.earlyStopping;
      stoppedEarly = earlyStopping?.stops(watched) === true;
      state = {
        epoch,
        training: trained.training,
        scheduler: schedule.after(optimizerSteps(trained.training), record.validLoss),
        earlyStopping: watched,
        best: betterOf(begun.best, record),
      };
      history.push(record);
      await options.onEpoch?.(record, { state, layout });
    }
    program.store(optim.averagedState(state.training));
  } finally {
    program.release();
    evaluation?.release();
    model.train(false);
  }
  return { history, state, layout, stoppedEarly, paused };
}

function betterOf(best: TrainerState["best"], { epoch, validLoss: loss }: EpochRecord): TrainerState["best"] {
  return loss < (best?.loss ?? Number.POSITIVE_INFINITY) ? { epoch, loss } : best;
}

/** @throws TensorError if two have one name */
function checkMetrics(metricList: readonly metrics.Metric[]): void {
  new metrics.MetricTotals(metricList);
}
