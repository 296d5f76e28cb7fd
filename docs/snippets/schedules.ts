import { schedulers } from "@ml-mosaic/tensor";

/** The first rates of an optimizer with `lr` 1. */
function rates(scheduler: schedulers.Scheduler, count: number): string {
  let state = scheduler.start;
  const values = Array.from({ length: count }, () => {
    const rate = scheduler.lr(state, 1);
    state = scheduler.next(state, Number.NaN);
    return rate.toFixed(3);
  });
  return `${scheduler.name.padEnd(18)} by ${scheduler.every ?? "epoch"}s  ${values.join(" ")}`;
}

const warmUp = schedulers.LinearLR({ startFactor: 0.25, totalIters: 3 });
console.log(rates(warmUp, 7));
console.log(rates(schedulers.StepLR({ stepSize: 3, gamma: 0.5 }), 7));
console.log(rates(schedulers.OneCycleLR({ maxLr: 1, totalSteps: 7 }), 7));
console.log(rates(schedulers.SequentialLR([warmUp, schedulers.ExponentialLR({ gamma: 0.8 })], { milestones: [3] }), 7));
console.log(rates(schedulers.ChainedScheduler([warmUp, schedulers.StepLR({ stepSize: 5 })]), 7));
