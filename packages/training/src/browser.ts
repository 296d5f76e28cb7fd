/** What browsers load of the training loop: all but files, components and trackers. */
export { type AccuracyRule, accuracyRule } from "./accuracy.ts";
export {
  type PatienceOptions,
  type StoppingRule,
  type StoppingState,
  stopWithoutImprovement,
} from "./early-stopping.ts";
export type { EpochProgress } from "./epoch.ts";
export { TrainingError, type TrainingErrorCode } from "./errors.ts";
export { type EvaluateOptions, type Evaluation, evaluateModel } from "./evaluate.ts";
export type { EpochRecord, Figures } from "./history.ts";
export { type AnyLoader, batchCount, sampleCount } from "./loaders.ts";
export type { ModelOutput, TrainableModel } from "./model-step.ts";
export { monitorProblem } from "./monitored.ts";
export { decodeSnapshot, encodeSnapshot, type Snapshot, type SnapshotExtras, type VariablePaths } from "./snapshot.ts";
export {
  type Checkpoint,
  type LoopProgress,
  type TrainerState,
  type TrainOptions,
  type TrainResult,
  train,
} from "./train.ts";
