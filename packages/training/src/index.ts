export { type AccuracyRule, accuracyRule } from "./accuracy.ts";
export type { EarlyStopping, EarlyStoppingState } from "./early-stopping.ts";
export { TrainingError, type TrainingErrorCode } from "./errors.ts";
export type { EpochRecord } from "./history.ts";
export type { AnyLoader } from "./loaders.ts";
export { loadSnapshot, type Snapshot, saveSnapshot, type VariablePaths } from "./snapshot.ts";
export {
  type TrainableModel,
  type TrainerState,
  type TrainOptions,
  type TrainResult,
  train,
} from "./train.ts";
