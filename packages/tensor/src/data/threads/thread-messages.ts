/** What the thread that trains and those that read samples tell each other. */
import type { FieldSpec, SampleArray } from "../../program/samples.ts";
import type { PlainError } from "./plain-error.ts";

/**
 * How a thread makes a data set for itself: it imports the module and calls the function of this name with the options,
 * which are copied to it, and a function that makes another of its origin. It gives a data set, or a promise of one, with the same samples. What the module does when it is
 * imported is done in every thread; a file that starts a program is none.
 */
export interface DatasetOrigin {
  /** Its URL, such as `import.meta.url`. */
  readonly module: string;
  readonly name: string;
  readonly options: unknown;
}

/** Which of the samples, drawn from what, in which form. */
export interface ReadRequest {
  readonly specs: readonly FieldSpec[];
  readonly indices: Int32Array;
  readonly concurrency: number;
  /** Of the epoch. */
  readonly generator: { readonly seed: number; readonly path: string };
}

export type ThreadRequest =
  /** Before the first samples of it are asked for; what goes wrong is told then. */
  | { readonly kind: "open"; readonly dataset: number; readonly origin: DatasetOrigin }
  | ({ readonly kind: "read"; readonly dataset: number; readonly id: number } & ReadRequest);

export type ThreadReply =
  | { readonly id: number; readonly fields: readonly SampleArray[] }
  | { readonly id: number; readonly error: PlainError };
