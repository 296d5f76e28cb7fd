import { typedConfigurable } from "@ml-mosaic/configurable";
import type { schedulers } from "@ml-mosaic/tensor";

/** What a schedule may depend on. */
export interface ScheduleContext {
  readonly epochs: number;
  /** Optimizer steps of an epoch; undefined where the training data is read as it goes. */
  readonly stepsPerEpoch: number | undefined;
}

/**
 * A learning rate schedule that a configuration can name.
 *
 * @example
 * class InverseSqrt extends configurable({ warmup: schema(int, { default: 4 }) }, BaseScheduler) {
 *   static override readonly aliases = ["inverse_sqrt"];
 *   override build(): schedulers.Scheduler {
 *     return {
 *       name: "InverseSqrt",
 *       start: { epoch: 0 },
 *       lr: ({ epoch = 0 }, baseLr) => baseLr * Math.min((epoch + 1) / this.warmup, Math.sqrt(this.warmup / (epoch + 1))),
 *       next: ({ epoch = 0 }) => ({ epoch: epoch + 1 }),
 *     };
 *   }
 * }
 * register(InverseSqrt);
 */
export abstract class BaseScheduler extends typedConfigurable({}) {
  abstract build(context: ScheduleContext): schedulers.Scheduler;
}
