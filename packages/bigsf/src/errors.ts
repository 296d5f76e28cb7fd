/**
 * The base of every error that BigSF throws on purpose. `code` is stable and meant for programs, the message is meant
 * for people: it names what was wrong and says what to do.
 */
export class BigsfError extends Error {
  readonly code: BigsfErrorCode;

  constructor(code: BigsfErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
  }
}

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
  /** An output exists, or cannot be written. */
  | "OUTPUT";
