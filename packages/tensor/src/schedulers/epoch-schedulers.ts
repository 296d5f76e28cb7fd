/** PyTorch's schedulers that depend on the number of epochs alone, with its names, formulas and defaults. */

import { checkNumber, checkPositive } from "../optim/checks.ts";
import { cos, power } from "../portable-math.ts";
import { closedForm, type Scheduler } from "./scheduler.ts";

function checkCount(owner: string, option: string, value: number): void {
  checkNumber(owner, option, value, Number.isInteger(value) && value >= 1, "a whole number above 0");
}

/** Multiplies the rate by gamma every `stepSize` epochs. */
export function StepLR({ stepSize, gamma = 0.1 }: { readonly stepSize: number; readonly gamma?: number }): Scheduler {
  checkCount("StepLR", "stepSize", stepSize);
  return closedForm("StepLR", (epoch, baseLr) => baseLr * power(gamma, Math.floor(epoch / stepSize)), {
    multiplies: true,
  });
}

/** Multiplies the rate by gamma at each of the epochs listed. */
export function MultiStepLR({
  milestones,
  gamma = 0.1,
}: {
  readonly milestones: readonly number[];
  readonly gamma?: number;
}): Scheduler {
  for (const milestone of milestones) checkCount("MultiStepLR", "milestones", milestone);
  return closedForm(
    "MultiStepLR",
    (epoch, baseLr) => baseLr * power(gamma, milestones.filter((milestone) => milestone <= epoch).length),
    { multiplies: true },
  );
}

/** Multiplies the rate by gamma every epoch. */
export function ExponentialLR({ gamma }: { readonly gamma: number }): Scheduler {
  checkPositive("ExponentialLR", "gamma", gamma);
  return closedForm("ExponentialLR", (epoch, baseLr) => baseLr * power(gamma, epoch), { multiplies: true });
}

/** Raises the rate linearly from startFactor to endFactor of itself over totalIters epochs. */
export function LinearLR(
  options: { readonly startFactor?: number; readonly endFactor?: number; readonly totalIters?: number } = {},
): Scheduler {
  const { startFactor = 1 / 3, endFactor = 1, totalIters = 5 } = options;
  checkNumber("LinearLR", "startFactor", startFactor, startFactor > 0 && startFactor <= 1, "above 0, at most 1");
  checkNumber("LinearLR", "endFactor", endFactor, endFactor >= 0 && endFactor <= 1, "between 0 and 1");
  checkCount("LinearLR", "totalIters", totalIters);
  return closedForm(
    "LinearLR",
    (epoch, baseLr) => baseLr * (startFactor + ((endFactor - startFactor) * Math.min(epoch, totalIters)) / totalIters),
    { multiplies: true },
  );
}

/** Half a cosine from the rate to etaMin over tMax epochs, and back (Loshchilov and Hutter 2017, without restarts). */
export function CosineAnnealingLR({
  tMax,
  etaMin = 0,
}: {
  readonly tMax: number;
  readonly etaMin?: number;
}): Scheduler {
  checkCount("CosineAnnealingLR", "tMax", tMax);
  return closedForm(
    "CosineAnnealingLR",
    (epoch, baseLr) => etaMin + ((baseLr - etaMin) * (1 + cos((Math.PI * epoch) / tMax))) / 2,
    { multiplies: etaMin === 0 },
  );
}

/** Half cosines from the rate to etaMin, restarted after t0 epochs, each tMult times as long as the one before (ibid.). */
export function CosineAnnealingWarmRestarts(options: {
  readonly t0: number;
  readonly tMult?: number;
  readonly etaMin?: number;
}): Scheduler {
  const { t0, tMult = 1, etaMin = 0 } = options;
  checkCount("CosineAnnealingWarmRestarts", "t0", t0);
  checkCount("CosineAnnealingWarmRestarts", "tMult", tMult);
  return closedForm("CosineAnnealingWarmRestarts", (epoch, baseLr) => {
    let length = t0;
    let since = epoch;
    while (since >= length) {
      since -= length;
      length *= tMult;
    }
    return etaMin + ((baseLr - etaMin) * (1 + cos((Math.PI * since) / length))) / 2;
  });
}
