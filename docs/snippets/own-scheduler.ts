import { configurable, int, register, schema } from "@ml-mosaic/configurable";
import type { schedulers } from "@ml-mosaic/tensor";
import { BaseScheduler } from "@ml-mosaic/training";

class InverseSqrt extends configurable({ warmup: schema(int, { default: 4 }) }, BaseScheduler) {
  static override readonly aliases = ["inverse_sqrt"];
  override build(): schedulers.Scheduler {
    return {
      name: "InverseSqrt",
      start: { epoch: 1 },
      lr: ({ epoch = 1 }, baseLr) => baseLr * Math.min(epoch / this.warmup, Math.sqrt(this.warmup / epoch)),
      next: ({ epoch = 1 }) => ({ epoch: epoch + 1 }),
    };
  }
}
register(InverseSqrt);
