import type { Tensor } from "../tensor.ts";

/** Numbers that change from step to step, computed in double precision outside the graph. */
export type Scalars = Readonly<Record<string, number>>;

/** What a slot holds of each element before the first step: one number for all, or the parameter itself. */
export type SlotStart = number | "parameter";

/** The sum of rows [count, ...] that an index [count] gives to the rows of a table: what embeddings have for a gradient. */
export interface RowGradient {
  readonly index: Tensor;
  readonly rows: Tensor;
}

export interface UpdateContext {
  readonly parameter: Tensor;
  /** Of the parameter's shape. */
  readonly gradient: Tensor;
  /** The same as rows, for an optimizer that takes these. */
  readonly rows?: RowGradient;
  /** The optimizer's memory, one tensor of the parameter's shape for each of its slots. */
  readonly slots: Readonly<Record<string, Tensor>>;
  /** One float32 scalar for each of `scalars`. */
  readonly scalars: Readonly<Record<string, Tensor>>;
}

export interface Update {
  readonly parameter: Tensor;
  readonly slots: Readonly<Record<string, Tensor>>;
}

/**
 * An optimizer is data: what it remembers of each parameter, which numbers it needs at each step, and how a step
 * changes parameter and memory, element by element. The graph compiler applies it to whole vectors of parameters.
 */
export interface Optimizer {
  readonly name: string;
  /** Learning rate, which schedulers scale. */
  readonly lr: number;
  readonly slots: Readonly<Record<string, SlotStart>>;
  /** It changes the rows alone that a step has read of a table: `UpdateContext.rows`. Parameters of other gradients are refused. */
  readonly takesRows?: boolean;
  /** @param step number of steps done before, 0 for the first */
  scalars(step: number, lr: number): Scalars;
  update(context: UpdateContext): Update;
}
