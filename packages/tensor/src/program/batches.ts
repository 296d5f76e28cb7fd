import type { DType, TypedArray } from "../dtype.ts";
import type { Feed } from "../runtime/session.ts";
import type { Shape } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import type { Entry } from "./scan.ts";

/** Samples in memory: one array per field (features, targets…), samples along its first axis. */
export interface SampleArray {
  readonly data: TypedArray;
  /** [samples, ...] */
  readonly shape: Shape;
  readonly dtype: DType;
}

export function fieldEntries(fields: readonly SampleArray[]): readonly Entry[] {
  return fields.map(({ shape, dtype }, index) => ({ name: `field${index}`, shape, dtype }));
}

export function fieldFeeds(fields: readonly SampleArray[]): Record<string, Feed> {
  return Object.fromEntries(fields.map((field, index) => [`field${index}`, field]));
}

/** The minibatch of one step: the rows that `rows` [batch] names, of every field. */
export function gatherFields(
  fields: readonly SampleArray[],
  fixed: (name: string) => Tensor,
  rows: Tensor,
): readonly Tensor[] {
  return fields.map((_, index) => fixed(`field${index}`).indexSelect(0, rows));
}
