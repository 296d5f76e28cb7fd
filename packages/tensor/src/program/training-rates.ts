/** The learning rates of the steps of a chunk. */
import { checkNumber, checkRate } from "../optim/checks.ts";
import type { TrainingPhase } from "./phase.ts";
import { checkPhases } from "./phase-names.ts";
import type { LearningRate } from "./update.ts";

/** One for all, or one for each phase by its name. */
export type Rates = number | LearningRate | Readonly<Record<string, number | LearningRate>>;

/** The rates of a phase, by its name. */
export function ratesOf(
  lr: Rates | undefined,
  phases: ReadonlyMap<string, TrainingPhase>,
): (phase: string) => LearningRate {
  const main = phases.values().next().value?.optimizer.lr ?? 1;
  const rateOf = (rate: number | LearningRate | undefined, first: number): LearningRate => {
    if (rate === undefined) return (baseLr) => baseLr;
    if (typeof rate === "function")
      return (baseLr, step) => {
        const value = rate(baseLr, step);
        // A text for each step would take longer than the step, and V8 keeps what it has written of numbers.
        if (!Number.isFinite(value)) checkNumber("run", `lr of step ${step}`, value, false, "finite");
        return value;
      };
    checkRate("run", rate);
    // The main optimizer gets the very number, and all of them where theirs are no parts of it.
    return (baseLr) => (baseLr === first || first === 0 ? rate : rate * (baseLr / first));
  };
  if (typeof lr !== "object") return () => rateOf(lr, main);
  const unknown = Object.keys(lr).find((name) => !phases.has(name));
  if (unknown !== undefined) checkPhases([...phases.keys()], [unknown]);
  return (phase) => rateOf(lr[phase], phases.get(phase)?.optimizer.lr ?? main);
}
