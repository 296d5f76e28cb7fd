/** What `api/changes?since=CURSOR` sends, as events whose id is the cursor behind them. */

import type { Standing } from "./experiment.ts";

/** A value of a row; what JSON has no number for is a text in a column of numbers. */
export type ChangedValue = number | string | null;

export type Change =
  /** New rows, and rows of which something has changed: what is named, for each id. */
  | {
      readonly kind: "rows";
      readonly ids: readonly number[];
      readonly values: Readonly<Record<string, readonly ChangedValue[]>>;
    }
  /** New epochs of a running run. */
  | {
      readonly kind: "epochs";
      readonly run: number;
      readonly epochs: readonly number[];
      readonly seconds: readonly (number | null)[];
      readonly series: Readonly<Record<string, readonly ChangedValue[]>>;
    }
  | {
      readonly kind: "counts";
      readonly counts: Readonly<Record<string, number>>;
      readonly runs: number;
      readonly standing: Standing;
      readonly secondsLeft: number | null;
    }
  /** There are other columns, or rows have gone: all is to be asked for again. */
  | { readonly kind: "everything" };
