export { ChainedScheduler, perStep, SequentialLR } from "./chaining.ts";
export {
  CosineAnnealingLR,
  CosineAnnealingWarmRestarts,
  ExponentialLR,
  LinearLR,
  MultiStepLR,
  StepLR,
} from "./epoch-schedulers.ts";
export { OneCycleLR, type OneCycleLROptions } from "./one-cycle.ts";
export { ReduceLROnPlateau, type ReduceLROnPlateauOptions } from "./reduce-on-plateau.ts";
export type { Scheduler, SchedulerState } from "./scheduler.ts";
