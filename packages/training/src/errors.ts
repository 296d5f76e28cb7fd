import { CodedError } from "@ml-mosaic/base";

/** What went wrong, in a form that programs can test; stable across versions. */
export type TrainingErrorCode =
  | "TRAINING_DATA"
  | "TRAINING_FOLDER"
  | "TRAINING_LOSS"
  | "TRAINING_MONITOR"
  | "TRAINING_NAN"
  | "TRAINING_SNAPSHOT";

/** Every error that this package throws on purpose. */
export class TrainingError extends CodedError<TrainingErrorCode> {}
