import type { DType, TypedArray } from "../dtype.ts";
import { TensorError } from "../errors.ts";
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

/** Checks the rows of a chunk, batch after batch, and gives them the axis of steps: [steps, batchSize]. */
export function rowFeed(fields: readonly SampleArray[], rows: Int32Array, batchSize: number): Feed {
  const steps = rows.length / batchSize;
  if (!Number.isInteger(steps) || steps === 0) {
    throw new TensorError("TENSOR_SHAPE", `${rows.length} rows are not one or more batches of ${batchSize}`);
  }
  const samples = Math.min(...fields.map(({ shape }) => shape[0] ?? 0));
  // ONNX counts negative rows from the end, which would hide a mistake.
  const outside = rows.find((row) => row < 0 || row >= samples);
  if (outside !== undefined) throw new TensorError("TENSOR_VALUE", `row ${outside} is outside the ${samples} samples`);
  return { data: rows, shape: [steps, batchSize], dtype: "int32" };
}
