import type { Direction } from "@ml-mosaic/statistics";
import { MosaicError } from "../errors.ts";
import { nearestNames } from "../selection/nearest-names.ts";
import { type ResultColumn, resultColumns } from "../store/index.ts";

/** What models are compared by: a column of `run_results`, and which of its values are better. */
export interface Criterion extends ResultColumn {
  readonly direction: Direction;
  /** A fixed number of each model, which repetitions do not change. */
  readonly isFixed: boolean;
}

export const defaultCriterion = "test_loss";

/** Accuracies are better when higher, everything else when lower. */
const higherIsBetter = ["train_acc", "test_acc"];

/** @throws MosaicError for an unknown name, with what there is */
export function criterionNamed(name: string): Criterion {
  const found = resultColumns.find(({ column }) => column === name);
  if (found === undefined) {
    const known = nearestNames(
      name,
      resultColumns.map(({ column }) => column),
    );
    throw new MosaicError(
      "unknown-criterion",
      `there is no criterion "${name}". Known ones, the nearest first: ${known.join(", ")}`,
    );
  }
  return {
    ...found,
    direction: higherIsBetter.includes(name) ? "higher" : "lower",
    isFixed: name === "nb_params",
  };
}
