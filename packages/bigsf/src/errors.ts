import { CodedError } from "@ml-mosaic/base";

/** What went wrong, in a form that programs can test; stable across versions. */
export type BigsfErrorCode =
  /** A map is unreadable, or maps do not fit together. */
  | "MAP"
  /** A file of patches is missing, broken, half written or of another configuration. */
  | "PATCHES"
  /** Folds cannot be made as asked. */
  | "FOLDS"
  /** Training failed. */
  | "TRAINING"
  /** A model and what it is given do not fit. */
  | "MODEL"
  /** Probabilities cannot be calibrated, or a calibration is of another model. */
  | "CALIBRATION"
  /** No catalogue can be made of a map. */
  | "CATALOGUE"
  /** An output exists, or cannot be written. */
  | "OUTPUT";

/** Every error that BigSF throws on purpose. */
export class BigsfError extends CodedError<BigsfErrorCode> {}
