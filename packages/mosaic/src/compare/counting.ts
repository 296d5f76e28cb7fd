/**
 * Which verdict counts. One for a planned number of repetitions holds for exactly those that were ordered before the first of
 * them had ended, once all have. Whatever was ordered with results at hand may have been ordered because of them, and takes the
 * verdict that holds at every look.
 */
import { largestOf, smallestOf } from "@ml-mosaic/statistics";

export type Counting =
  | { readonly kind: "planned" }
  /** Planned, and not all have ended: there is no verdict yet. */
  | { readonly kind: "pending"; readonly ended: number; readonly of: number }
  | { readonly kind: "anytime"; readonly because: Reason };

export type Reason = "added" | "removed" | "selected" | "trained-again" | "unknown";

/** When a model's runs were ordered and had ended, in milliseconds since 1970. */
export interface Orders {
  readonly runs: number;
  readonly ended: number;
  readonly lastOrdered: number;
  /** Infinity where none has ended. */
  readonly firstEnded: number;
  /** Some were ordered anew when they had ended: after an error, or to train them further. */
  readonly isAgain: boolean;
  /** Some do not count, perhaps because of their results: they were removed, or not selected. */
  readonly reduced: "removed" | "selected" | undefined;
  /** Some do not say when, as those of the original Mosaic. */
  readonly isUnknown: boolean;
}

export function countingOf(models: readonly Orders[]): Counting {
  const sum = (count: (orders: Orders) => number) => models.reduce((total, orders) => total + count(orders), 0);
  if (models.some(({ isUnknown }) => isUnknown)) return { kind: "anytime", because: "unknown" };
  const reduced = models.find((orders) => orders.reduced !== undefined)?.reduced;
  if (reduced !== undefined) return { kind: "anytime", because: reduced };
  if (models.some(({ isAgain }) => isAgain)) return { kind: "anytime", because: "trained-again" };
  const lastOrdered = largestOf(models.map((orders) => orders.lastOrdered));
  const firstEnded = smallestOf(models.map((orders) => orders.firstEnded));
  if (lastOrdered > firstEnded) return { kind: "anytime", because: "added" };
  const [ended, of] = [sum((orders) => orders.ended), sum((orders) => orders.runs)];
  return ended < of ? { kind: "pending", ended, of } : { kind: "planned" };
}
