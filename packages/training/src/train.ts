import { messageOf } from "@ml-mosaic/base";
import {
  type Device,
  type ExecutorChoice,
  type ExecutorName,
  type Generator,
  metrics,
  type nn,
  optim,
  type ParameterGroup,
  type Samples,
  type schedulers,
  type TrainingProgram,
  type TrainingState,
  type UpdateOptions,
  zeros,
} from "@ml-mosaic/tensor";
import { accuracyRule } from "./accuracy.ts";
import type { StoppingRule, StoppingState } from "./early-stopping.ts";
import { type EpochProgress, evaluateEpoch, Pace, trainEpoch, type WorkListener } from "./epoch.ts";
import { TrainingError } from "./errors.ts";
import { type EpochRecord, flatFigures } from "./history.ts";
import { type AnyLoader, batchCount, checkedSamples, checkSameFields, sampleCount } from "./loaders.ts";
import { modelStep, type TrainableModel } from "./model-step.ts";
import { monitorProblem, watchedFigure } from "./monitored.ts";
import { compileRun, type Judge, type ProgramSamples, type RunPrograms, resumedExecutor } from "./run-programs.ts";
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
  /** What it watches of an epoch: `loss`, `acc` or a metric's name; with `train_` before it, of the train set. */
  readonly monitor?: string | undefined;
  /** Samples of two or more fields: the last is the target, the others are what the model gets. */
  readonly trainLoader: AnyLoader;
  /** Evaluated after every epoch: the validation set, or the test set where there is no other. */
  readonly evaluationLoader: AnyLoader;
  /** Computed from the evaluation, besides loss and accuracy. */
  readonly metrics?: readonly metrics.Metric[] | undefined;
  /** Computes the metrics of the train set too: after each epoch, by one more pass over it that trains nothing. */
  readonly trainMetrics?: boolean | undefined;
  /** False: accuracy is not looked for, also where the targets have such a thing. */
  readonly accuracy?: boolean | undefined;
  /** Epochs in all, those before a resumption included. */
  readonly epochs: number;
  /** Shuffling and dropout draw from streams of this. */
  readonly generator: Generator;
  readonly device?: Device | undefined;
  /** Threads of the processor that share the work of each step; 1 by default. Bits are promised for one number of threads. */
  readonly threads?: number | undefined;
  /**
   * What computes training and evaluation: `wasm` is for small networks, whose programs it must have loops for. `auto`, the
   * default, goes by what a step of training has to do, and goes on with what has computed a state that is resumed.
   */
  readonly executor?: ExecutorChoice | undefined;
  /** Where to go on; without it training starts from the model's present values. A function gets the layout to load it for. */
  readonly resumeFrom?: TrainerState | ((layout: Layout) => Promise<TrainerState>) | undefined;
  /** Aborted: training stops within about a second, in the middle of an epoch if need be; the state goes on exactly. */
  readonly pause?: AbortSignal | undefined;
  /** Called after each epoch, and waited for. */
  readonly onEpoch?: ((record: EpochRecord, checkpoint: Checkpoint) => void | Promise<void>) | undefined;
  /** Where training is kept on the way, for what ends without a word. */
  readonly snapshots?: Snapshots | undefined;
  readonly onWork?: WorkListener | undefined;
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
  /** What has computed it; absent in states from before there was a choice, which ONNX Runtime has computed. */
  readonly executor?: ExecutorName | undefined;
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

export interface Snapshots {
  /** Asked after every call into the runtime. */
  isDue(): boolean;
  /** Training waits for it. The model has the checkpoint's values; the checkpoint may be used until it resolves. */
  take(checkpoint: Checkpoint): Promise<void>;
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
  try {
    return await trainEpochs(options);
  } finally {
    await Promise.all([options.trainLoader.close(), options.evaluationLoader.close()]);
  }
}

/** What a training goes on from, and what computes it: what did so before, which a snapshot tells once there is a layout to read it by. */
async function begin(
  options: TrainOptions,
  samples: ProgramSamples,
): Promise<{ readonly programs: RunPrograms; readonly resumed: TrainerState | undefined }> {
  const { executor = "auto", resumeFrom } = options;
  if (typeof resumeFrom !== "function")
    return { programs: await compileRun(options, samples, resumedExecutor(executor, resumeFrom)), resumed: resumeFrom };
  const programs = await compileRun(options, samples, executor);
  const { training, release } = programs;
  let resumed: TrainerState;
  try {
    resumed = await resumeFrom(training.layout);
  } catch (error) {
    release();
    throw error;
  }
  const before = resumedExecutor(executor, resumed);
  // Where there was no choice, as in a browser, there is none now.
  if (training.estimate === undefined || before === training.executor) return { programs, resumed };
  release();
  return { programs: await compileRun(options, samples, before), resumed };
}

async function trainEpochs(options: TrainOptions): Promise<TrainResult> {
  const {
    model,
    loss,
    optimizer,
    accumulate = 1,
    scheduler,
    earlyStopping,
    monitor = "loss",
    metrics: metricList = [],
    trainMetrics = false,
    trainLoader,
    evaluationLoader,
    epochs,
    generator,
    pause,
    snapshots,
    onWork,
  } = options;
  const [trainSamples, evaluationSamples] = await Promise.all([
    checkedSamples("train", trainLoader),
    checkedSamples("evaluation", evaluationLoader),
  ]);
  checkSameFields(trainSamples, "evaluation", evaluationSamples);
  checkMetrics(metricList);
  const rule = options.accuracy === false ? undefined : accuracyRule(loss, [trainSamples, evaluationSamples]);
  const problem = monitorProblem(monitor, metricList, { trainMetrics, accuracy: rule !== undefined });
  if (problem !== undefined) throw new TrainingError("TRAINING_MONITOR", problem);
  checkLastBatch(options, trainSamples);
  const samples = { train: trainSamples, evaluation: evaluationSamples, rule };
  const { programs, resumed } = await begin(options, samples);
  const { training: program, evaluation, ofTrain, release } = programs;
  const { layout } = program;
  const dropout = generator.stream("dropout");
  const fresh = (): TrainerState => ({
    epoch: 0,
    training: program.initialState,
    scheduler: scheduler?.start ?? {},
    earlyStopping: earlyStopping?.start ?? {},
  });
  const keep = (reached: TrainerState): Promise<void> | undefined => {
    if (snapshots?.isDue() !== true) return undefined;
    program.store(optim.averagedState(reached.training));
    return snapshots.take({ state: reached, layout });
  };
  const history: EpochRecord[] = [];
  const trainPace = new Pace();
  let state: TrainerState;
  let stoppedEarly = false;
  let paused = false;
  try {
    state = { ...(resumed ?? fresh()), executor: program.executor };
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
        onWork,
        look: snapshots && ((training, reached) => keep({ ...begun, training, within: reached })),
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
      const evaluate = ({ name, loader, program: compiled, pace }: Judge) =>
        evaluateEpoch({
          name,
          program: compiled,
          state: optim.averagedState(trained.training),
          loader,
          metrics: metricList,
          generator: generator.stream(name, begun.epoch),
          pace,
          pause,
          onWork,
          onPiece: (batches) =>
            tell(
              { phase: "evaluation", batches, of: batchCount(loader), trainLoss },
              { ...begun, training: trained.training, within: { ...trained.within, seconds: seconds() } },
            ),
        });
      const evaluated = await evaluate(evaluation);
      const onTrain = evaluated && ofTrain && (await evaluate(ofTrain));
      if (evaluated === undefined || (ofTrain !== undefined && onTrain === undefined)) {
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
        ...(onTrain === undefined ? {} : { trainMetrics: flatFigures(onTrain.metrics) }),
        metrics: flatFigures(evaluated.metrics),
        seconds: seconds(),
      };
      const watched =
        earlyStopping?.next(begun.earlyStopping, watchedFigure(monitor, record, metricList)) ?? begun.earlyStopping;
      stoppedEarly = earlyStopping?.stops(watched) === true;
      state = {
        epoch,
        training: trained.training,
        executor: program.executor,
        scheduler: schedule.after(optimizerSteps(trained.training), record.validLoss),
        earlyStopping: watched,
        best: betterOf(begun.best, record),
      };
      history.push(record);
      await options.onEpoch?.(record, { state, layout });
      if (state.epoch < epochs && !stoppedEarly) await keep(state);
    }
    program.store(optim.averagedState(state.training));
  } finally {
    release();
    model.train(false);
  }
  return { history, state, layout, stoppedEarly, paused };
}

/**
 * A last batch of one sample may be too few for a layer, such as batch norm behind pooling to 1 x 1: found before the first
 * step, not after an epoch.
 *
 * @throws TrainingError
 */
function checkLastBatch({ model, loss, trainLoader }: TrainOptions, { fields }: Samples): void {
  const count = sampleCount(trainLoader);
  const batches = batchCount(trainLoader);
  if (count === undefined || batches === undefined || count - (batches - 1) * trainLoader.batchSize !== 1) return;
  try {
    const batch = fields.map(({ shape, dtype }) => zeros([1, ...shape.slice(1)]).to(dtype));
    modelStep({ model, loss, rule: undefined, metrics: [], training: true })(batch);
  } catch (error) {
    throw new TrainingError(
      "TRAINING_DATA",
      `the last batch of an epoch has one of ${count} samples, with which the model cannot be trained: ${messageOf(error)}. Take another batch_size.`,
      { cause: error },
    );
  }
}

function betterOf(best: TrainerState["best"], { epoch, validLoss: loss }: EpochRecord): TrainerState["best"] {
  return loss < (best?.loss ?? Number.POSITIVE_INFINITY) ? { epoch, loss } : best;
}

/** @throws TensorError if two have one name */
function checkMetrics(metricList: readonly metrics.Metric[]): void {
  new metrics.MetricTotals(metricList);
}
