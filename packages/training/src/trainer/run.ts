/** One run from where it is to its end: the loop, the files, the trackers, the test. */
import { Generator, type metrics, parseDevice } from "@ml-mosaic/tensor";
import type { DataLoaders } from "../components/base-data.ts";
import type { BaseModel } from "../components/base-model.ts";
import { TrainingError } from "../errors.ts";
import { evaluateModel } from "../evaluate.ts";
import { type EpochRecord, flatFigures } from "../history.ts";
import { type AnyLoader, batchCount } from "../loaders.ts";
import type { TrainableModel } from "../model-step.ts";
import { resumedExecutor } from "../run-programs.ts";
import { loadSnapshot } from "../snapshot-file.ts";
import { type Checkpoint, type TrainResult, train } from "../train.ts";
import type { TrainerSettings } from "./settings.ts";
import type { RunSnapshots } from "./snapshots.ts";
import type { StartingPoint } from "./starting-point.ts";
import type { TestResult, TestScores } from "./test-result.ts";
import { TimeLeft } from "./time-left.ts";
import type { RunTrackers } from "./trackers.ts";

/** How far a run has come. */
export interface TrainerProgress {
  readonly phase: "train" | "valid" | "test";
  /** Counted from 1. */
  readonly epoch: number;
  readonly epochs: number;
  /** Batches of the phase that are done, of how many; undefined where nobody knows. */
  readonly batches: number;
  readonly of: number | undefined;
  /** Mean of the train loss over the samples of the epoch so far; undefined in the test. */
  readonly trainLoss: number | undefined;
  /** Estimated seconds to the end of the last epoch; undefined where nothing is known yet. */
  readonly secondsLeft: number | undefined;
}

export interface RunOptions {
  /** Called about every second, and waited for. */
  readonly onProgress?: ((progress: TrainerProgress) => void | Promise<void>) | undefined;
  /** Called after every epoch, when its files are written, and waited for. */
  readonly onEpoch?: ((epoch: EpochRecord) => void | Promise<void>) | undefined;
  /** For what the user should know, and training need not stop for. */
  readonly onWarning?: ((message: string) => void) | undefined;
  /** Aborted: the run stops within about a second, in the middle of an epoch if need be, and can go on from `last`. */
  readonly pause?: AbortSignal | undefined;
  /** Seconds between snapshots in the middle of an epoch, 60 if left out: what a killed run loses at most. */
  readonly snapshotSeconds?: number | undefined;
}

export interface RunParts {
  readonly settings: TrainerSettings;
  readonly model: BaseModel;
  readonly metrics: readonly metrics.Metric[];
  readonly loaders: DataLoaders;
  readonly snapshots: RunSnapshots;
  readonly trackers: RunTrackers;
  readonly from: StartingPoint | undefined;
  readonly options: RunOptions;
  readonly warn: (message: string) => void;
}

export interface FitResult extends TrainResult {
  /** The epochs of this call. */
  readonly epochs: readonly EpochRecord[];
}

/** Trains to the last epoch, or to where early stopping ends it, or has ended it before. */
export async function fit(parts: RunParts): Promise<FitResult> {
  const { settings, model, loaders, snapshots, trackers, from, options, warn } = parts;
  const rule = settings.early_stopping?.build();
  const wasStopped = from !== undefined && rule?.stops(from.trainInfo.earlyStopping) === true;
  const stepsPerEpoch = batchCount(loaders.train);
  const timeLeft = new TimeLeft({ train: stepsPerEpoch, evaluation: batchCount(loaders.valid) });
  const epochs: EpochRecord[] = [];
  /** Before anything of it is written: what is there is good. */
  const notANumber = (epoch: number, which: "train" | "validation") => {
    const what = `epoch ${epoch}: the ${which} loss is NaN`;
    if (settings.on_nan === "go_on") return warn(`${what}; a smaller lr or clip_norm may help`);
    const good = snapshots.lastGood();
    const place = good === undefined ? "there is no snapshot before it" : `the last good snapshot is ${good}`;
    throw new TrainingError(
      "TRAINING_NAN",
      `${what}; ${place}. A smaller lr or clip_norm may help, which make another run; on_nan: go_on trains on all the same`,
    );
  };
  const trained = await train({
    model: trainable(model),
    loss: settings.loss,
    optimizer: settings.builtOptimizer(),
    accumulate: settings.accumulate,
    clipNorm: settings.clip_norm,
    clipValue: settings.clip_value,
    scheduler: settings.scheduler?.build({ epochs: settings.epochs, stepsPerEpoch }),
    earlyStopping: rule,
    monitor: settings.early_stopping?.monitor,
    trainLoader: loaders.train,
    evaluationLoader: loaders.valid,
    metrics: toldMetrics(parts),
    accuracy: false,
    epochs: wasStopped ? from.trainInfo.epoch : settings.epochs,
    generator: new Generator(settings.seed).stream("training"),
    device: parseDevice(settings.device),
    threads: settings.threads,
    executor: resumedExecutor(settings.executor, from?.trainInfo),
    resumeFrom: from && (async (layout) => (await loadSnapshot(from.path, layout, snapshots.paths)).state),
    pause: options.pause,
    async onEpoch(epoch, checkpoint) {
      if (Number.isNaN(epoch.trainLoss)) notANumber(epoch.epoch, "train");
      else if (Number.isNaN(epoch.validLoss)) notANumber(epoch.epoch, "validation");
      // The tables first: rows beyond the snapshot are removed when a killed run goes on, missing ones would stay so.
      await trackers.epoch(epoch);
      await snapshots.saveEpoch(checkpoint, epoch.metrics);
      epochs.push(epoch);
      await options.onEpoch?.(epoch);
    },
    async onProgress(progress, checkpoint) {
      if (Number.isNaN(progress.trainLoss) && settings.on_nan === "stop") notANumber(progress.epoch, "train");
      await snapshots.saveOnTheWay(checkpoint, options.snapshotSeconds ?? 60);
      const phase = progress.phase === "train" ? "train" : "valid";
      await options.onProgress?.({ ...progress, phase, secondsLeft: timeLeft.update(progress) });
    },
  });
  return { ...trained, epochs, stoppedEarly: trained.stoppedEarly || wasStopped };
}

/**
 * Evaluates the test set with the best epoch's values, or the last one's where there is no file of those.
 *
 * @returns "paused" where it was stopped
 */
export async function test(parts: RunParts, checkpoint: Checkpoint): Promise<TestResult | "paused" | undefined> {
  const { loaders, snapshots } = parts;
  const { state } = checkpoint;
  const isBest = await snapshots.loadBest(checkpoint);
  if (loaders.test === undefined) return undefined;
  const scores = await score(parts, checkpoint, loaders.test);
  if (scores === undefined) return "paused";
  const byPart: Record<string, TestScores> = {};
  for (const { name, loader } of loaders.testParts ?? []) {
    const own = await score(parts, checkpoint, loader);
    if (own === undefined) return "paused";
    byPart[name] = own;
  }
  return {
    snapshot: isBest ? "best" : "last",
    epoch: isBest ? (state.best?.epoch ?? state.epoch) : state.epoch,
    ...scores,
    ...(loaders.testParts === undefined ? {} : { parts: byPart }),
  };
}

/** Loss and metrics of samples; undefined where it was stopped. */
async function score(parts: RunParts, { state }: Checkpoint, loader: AnyLoader): Promise<TestScores | undefined> {
  const { settings, model, options } = parts;
  const evaluation = await evaluateModel({
    name: "test",
    model: trainable(model),
    loss: settings.loss,
    loader,
    metrics: toldMetrics(parts),
    generator: new Generator(settings.seed).stream("test"),
    device: parseDevice(settings.device),
    threads: settings.threads,
    executor: state.executor ?? settings.executor,
    pause: options.pause,
    onProgress: (batches) =>
      options.onProgress?.({
        phase: "test",
        epoch: state.epoch,
        epochs: settings.epochs,
        batches,
        of: batchCount(loader),
        trainLoss: undefined,
        secondsLeft: 0,
      }),
  });
  return evaluation && { loss: evaluation.loss, metrics: flatFigures(evaluation.metrics) };
}

/** What was asked for, and beside it what the data tell of what scores say nothing of. */
function toldMetrics({ metrics: asked, loaders }: RunParts): readonly metrics.Metric[] {
  const isOther = ({ name }: metrics.Metric) => asked.every((each) => each.name !== name);
  return [...asked, ...(loaders.figures ?? []).filter(isOther)];
}

function trainable(model: BaseModel): TrainableModel {
  return {
    parameters: model.parameters(),
    forward: (...features) => model.forward(...features),
    train: (mode) => void model.train(mode),
  };
}
