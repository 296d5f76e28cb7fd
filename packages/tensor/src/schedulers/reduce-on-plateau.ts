import { checkNumber } from "../optim/checks.ts";
import type { Scheduler } from "./scheduler.ts";

export interface ReduceLROnPlateauOptions {
  readonly factor?: number;
  /** Epochs without improvement that are let pass. */
  readonly patience?: number;
  /** An improvement is a metric below best * (1 - threshold). */
  readonly threshold?: number;
  /** Epochs after a reduction in which none is counted as bad. */
  readonly cooldown?: number;
  readonly minLr?: number;
  /** Reductions smaller than this are not made. */
  readonly eps?: number;
}

/** Multiplies the rate by `factor` when the loss has stopped falling; PyTorch's mode "min", threshold "rel". */
export function ReduceLROnPlateau(options: ReduceLROnPlateauOptions = {}): Scheduler {
  const { factor = 0.1, patience = 10, threshold = 1e-4, cooldown = 0, minLr = 0, eps = 1e-8 } = options;
  checkNumber("ReduceLROnPlateau", "factor", factor, factor > 0 && factor < 1, "above 0 and below 1");
  checkNumber(
    "ReduceLROnPlateau",
    "patience",
    patience,
    Number.isInteger(patience) && patience >= 0,
    "a whole number, 0 or more",
  );
  return {
    name: "ReduceLROnPlateau",
    judges: true,
    start: { reductions: 0, best: Number.POSITIVE_INFINITY, bad: 0, cooling: 0 },
    lr({ reductions = 0 }, baseLr) {
      let rate = baseLr;
      for (let count = 0; count < reductions; count++) {
        const next = Math.max(rate * factor, minLr);
        if (rate - next > eps) rate = next;
      }
      return rate;
    },
    next({ reductions = 0, best = Number.POSITIVE_INFINITY, bad = 0, cooling = 0 }, metric) {
      const better = metric < best * (1 - threshold) || (best === Number.POSITIVE_INFINITY && metric < best);
      const badNow = cooling > 0 ? 0 : better ? 0 : bad + 1;
      const left = Math.max(0, cooling - 1);
      const state = { reductions, best: better ? metric : best, bad: badNow, cooling: left };
      return badNow > patience ? { ...state, reductions: reductions + 1, bad: 0, cooling: cooldown } : state;
    },
  };
}
