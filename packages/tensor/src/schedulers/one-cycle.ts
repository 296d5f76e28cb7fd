import { TensorError } from "../errors.ts";
import { checkNumber, checkPositive } from "../optim/checks.ts";
import { cos } from "../portable-math.ts";
import { closedForm, type Scheduler } from "./scheduler.ts";

interface OneCycleCommonOptions {
  /** Highest rate, of all groups of parameters; or a function of a group's own rate. */
  readonly maxLr: number | ((baseLr: number) => number);
  /** Share of the steps in which the rate rises. */
  readonly pctStart?: number;
  readonly annealStrategy?: "cos" | "linear";
  /** The first rate is maxLr / divFactor. */
  readonly divFactor?: number;
  /** The last rate is the first one / finalDivFactor. */
  readonly finalDivFactor?: number;
  /** Falls to the first rate as long as it rose, and then to the last one. */
  readonly threePhase?: boolean;
}

export type OneCycleLROptions = OneCycleCommonOptions &
  ({ readonly totalSteps: number } | { readonly epochs: number; readonly stepsPerEpoch: number });

interface Phase {
  readonly end: number;
  /** Relative to maxLr. */
  readonly from: number;
  readonly to: number;
}

/**
 * One rise and one fall of the rate over the whole training (Smith and Topin 2018), stepped after each optimizer step,
 * with PyTorch's formulas and defaults. The optimizer's own rate is not used. Momentum is not cycled: this is PyTorch's
 * OneCycleLR with `cycle_momentum=False`.
 *
 * @throws TensorError from `lr` after the last of the steps
 */
export function OneCycleLR(options: OneCycleLROptions): Scheduler {
  const { maxLr, pctStart = 0.3, annealStrategy = "cos", divFactor = 25, finalDivFactor = 1e4 } = options;
  const totalSteps = "totalSteps" in options ? options.totalSteps : options.epochs * options.stepsPerEpoch;
  const isCount = Number.isInteger(totalSteps) && totalSteps > 0;
  checkNumber("OneCycleLR", "totalSteps", totalSteps, isCount, "a whole number above 0");
  checkNumber("OneCycleLR", "pctStart", pctStart, pctStart >= 0 && pctStart <= 1, "between 0 and 1");
  checkPositive("OneCycleLR", "divFactor", divFactor);
  checkPositive("OneCycleLR", "finalDivFactor", finalDivFactor);
  if (typeof maxLr === "number") checkPositive("OneCycleLR", "maxLr", maxLr);
  const first = 1 / divFactor;
  const last = first / finalDivFactor;
  const peak = pctStart * totalSteps - 1;
  const phases: readonly Phase[] = options.threePhase
    ? [
        { end: peak, from: first, to: 1 },
        { end: 2 * peak, from: 1, to: first },
        { end: totalSteps - 1, from: first, to: last },
      ]
    : [
        { end: peak, from: first, to: 1 },
        { end: totalSteps - 1, from: 1, to: last },
      ];
  const anneal =
    annealStrategy === "cos" ? (share: number) => (1 - cos(Math.PI * share)) / 2 : (share: number) => share;
  const rate = (step: number, baseLr: number) => {
    if (step >= totalSteps) {
      throw new TensorError(
        "TENSOR_VALUE",
        `OneCycleLR: step ${step + 1} comes after the ${totalSteps} steps it was made for; give totalSteps for the whole training`,
      );
    }
    const index = Math.min(
      phases.findIndex(({ end }, place) => step <= end || place === phases.length - 1),
      phases.length - 1,
    );
    const phase = phases[index];
    if (phase === undefined) throw new RangeError("OneCycleLR has no phase");
    const begin = phases[index - 1]?.end ?? 0;
    // A training of one step is at its beginning.
    const share = phase.end === begin ? 0 : (step - begin) / (phase.end - begin);
    const highest = typeof maxLr === "number" ? maxLr : maxLr(baseLr);
    return highest * (phase.from + (phase.to - phase.from) * anneal(share));
  };
  return closedForm("OneCycleLR", rate, { every: "step" });
}
