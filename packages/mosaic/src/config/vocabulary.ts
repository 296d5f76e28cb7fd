// The names that a configuration file may use for losses, optimizers and schedulers; the training engine supplies them.

/** One option of a loss, optimizer, scheduler or of early stopping, written dotted: `optimizer.weight_decay`. */
export interface OptionSpec {
  readonly name: string;
  /** `floats` and `ints` take a comma-separated sequence as ONE value (`scheduler.milestones = 30, 80`). */
  readonly type: "float" | "int" | "boolean" | "string" | "floats" | "ints";
  /** True where the component has no default of its own. */
  readonly required?: boolean;
  /** What it is where the file does not say. */
  readonly default?: number | boolean | string | readonly number[];
  /** What it means, in a line for tables. */
  readonly help?: string;
  /** Bounds of numbers, and of each number in a sequence. */
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly exclusiveMaximum?: number;
  /** The only texts allowed, for `string`. */
  readonly choices?: readonly string[];
}

/** Component name (PyTorch's class name) to its options. */
export type Components = Readonly<Record<string, readonly OptionSpec[]>>;

export interface Vocabulary {
  readonly lossFunctions: Components;
  readonly optimizers: Components;
  readonly schedulers: Components;
  readonly earlyStopping: readonly OptionSpec[];
}
