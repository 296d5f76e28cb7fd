import type { Figures } from "../history.ts";

/** What samples say of a model. */
export interface TestScores {
  readonly loss: number;
  readonly metrics: Figures;
}

/** What the test set says of one snapshot. */
export interface TestResult extends TestScores {
  readonly snapshot: "best" | "last";
  /** The epoch that the snapshot was made after. */
  readonly epoch: number;
  /** The same of what the test set consists of, by name; absent where it is one. */
  readonly parts?: Readonly<Record<string, TestScores>>;
}
