export { type AccuracyRule, accuracyRule } from "./accuracy.ts";
export { BaseLoss } from "./components/base-loss.ts";
export { BaseModel } from "./components/base-model.ts";
export { Metric } from "./components/metric.ts";
export {
  type PatienceOptions,
  type StoppingRule,
  type StoppingState,
  stopWithoutImprovement,
} from "./early-stopping.ts";
export type { EpochProgress } from "./epoch.ts";
export { TrainingError, type TrainingErrorCode } from "./errors.ts";
export type { EpochRecord } from "./history.ts";
export type { AnyLoader } from "./loaders.ts";
export type { ModelOutput, TrainableModel } from "./model-step.ts";
export { loadSnapshot, type Snapshot, type SnapshotExtras, saveSnapshot, type VariablePaths } from "./snapshot.ts";
export {
  type Checkpoint,
  type LoopProgress,
  type TrainerState,
  type TrainOptions,
  type TrainResult,
  train,
} from "./train.ts";
