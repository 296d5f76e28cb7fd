import type { Figures } from "../history.ts";

/** What the test set says of one snapshot. */
export interface TestResult {
  readonly snapshot: "best" | "last";
  /** The epoch that the snapshot was made after. */
  readonly epoch: number;
  readonly loss: number;
  readonly metrics: Figures;
}
