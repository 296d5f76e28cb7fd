export {
  CosineAnnealingLR,
  CosineAnnealingWarmRestarts,
  ExponentialLR,
  LinearLR,
  MultiStepLR,
  StepLR,
} from "./epoch-schedulers.ts";
export { ReduceLROnPlateau, type ReduceLROnPlateauOptions } from "./reduce-on-plateau.ts";
export type { Scheduler, SchedulerState } from "./scheduler.ts";
