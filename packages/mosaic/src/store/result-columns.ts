import type { RunResult } from "./records.ts";

export interface ResultColumn {
  /** Name in `run_results`, as the seed gives it and the user writes it. */
  readonly column: string;
  readonly field: keyof RunResult;
  readonly whole: boolean;
}

/** The columns of `run_results` after `run_id`, in their order. */
export const resultColumns: readonly ResultColumn[] = [
  { column: "train_loss", field: "trainLoss", whole: false },
  { column: "test_loss", field: "testLoss", whole: false },
  { column: "train_acc", field: "trainAccuracy", whole: false },
  { column: "test_acc", field: "testAccuracy", whole: false },
  { column: "nb_params", field: "parameterCount", whole: true },
  { column: "duration(s)", field: "durationSeconds", whole: false },
  { column: "epochs", field: "epochs", whole: true },
  { column: "overfit", field: "overfit", whole: false },
  { column: "trainability", field: "trainability", whole: false },
  { column: "slope", field: "slope", whole: false },
];
