/** All of the training loop: what browsers have too, and what only Node has. */
export * from "./browser.ts";
export {
  BaseData,
  type DataContext,
  type DataLoaders,
  type DataObjection,
  type DataUse,
} from "./components/base-data.ts";
export { BaseDataset } from "./components/base-dataset.ts";
export { BaseLoss } from "./components/base-loss.ts";
export { BaseMetric } from "./components/base-metric.ts";
export { BaseModel } from "./components/base-model.ts";
export { BaseOptimizer } from "./components/base-optimizer.ts";
export { BaseScheduler, type ScheduleContext } from "./components/base-scheduler.ts";
export { Datasets } from "./components/datasets.ts";
export { deviceName } from "./components/device-name.ts";
export { EarlyStopping } from "./components/early-stopping.ts";
export { FileData } from "./components/file-data.ts";
export { GenericLoss } from "./components/losses.ts";
export { GenericMetric } from "./components/metrics.ts";
export { namedMetrics } from "./components/named-metrics.ts";
export { positive, whole } from "./components/number-types.ts";
export { sampleThreads, threadOptions } from "./components/reading-threads.ts";
export { SumLoss } from "./components/sum-loss.ts";
export { pauseOnSignals, type SignalPause } from "./pause-on-signals.ts";
export { loadSnapshot, saveSnapshot } from "./snapshot-file.ts";
export { BaseTracker, type RunEnd, type TrackedRun } from "./trackers/base-tracker.ts";
export { csvLine } from "./trainer/csv-table.ts";
export { Experiment } from "./trainer/experiment.ts";
export { loadSnapshotModel, readTrainerSnapshot, type TrainerSnapshot } from "./trainer/model-state.ts";
export type { RunOptions, TrainerProgress } from "./trainer/run.ts";
export { type Existing, RunFolder } from "./trainer/run-folder.ts";
export { TrainerSettings } from "./trainer/settings.ts";
export type { TestResult } from "./trainer/test-result.ts";
export {
  type LoadingTrainer,
  type RunResult,
  type SnapshotOptions,
  Trainer,
  type TrainerOptions,
} from "./trainer/trainer.ts";
