/** What is said between a store and the process that carries out a request. */
import type { StoreErrorCode } from "./store-error.ts";

/** A request may be endless, or ask for more than any machine has. */
export interface RequestBounds {
  readonly seconds: number;
  /** Of the whole process. */
  readonly memoryBytes: number;
  readonly rows: number;
}

export const requestBounds: RequestBounds = { seconds: 60, memoryBytes: 1 << 30, rows: 10_000_000 };

export interface RequestOrder {
  readonly location: string;
  readonly sql: string;
  readonly bounds: RequestBounds;
}

export type RequestAnswer =
  | { readonly kind: "ids"; readonly ids: readonly number[] }
  | { readonly kind: "refused"; readonly code: StoreErrorCode; readonly message: string }
  /** A fault of this program. */
  | { readonly kind: "failed"; readonly message: string };

/** How the process ends itself when its time is over; whatever else kills it has to do with its memory. */
export const timeIsOver: NodeJS.Signals = "SIGALRM";
