import type { DType, TypedArray } from "../dtype.ts";
import { TensorError } from "../errors.ts";
import type { Feed } from "../runtime/session.ts";
import type { Shape } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import type { Entry } from "./loop.ts";

/** What a program must know of a field (features, targets…) before it sees samples. */
export interface FieldSpec {
  /** [samples, ...]; the number of samples may be another when the program runs. */
  readonly shape: Shape;
  readonly dtype: DType;
}

/** Samples in memory: one array per field, samples along its first axis. */
export interface SampleArray extends FieldSpec {
  readonly data: TypedArray;
}

/** Some minibatches of samples. */
export interface SampleChunk {
  /** Rows of the samples, batch after batch: [steps * batchSize]. */
  readonly rows: Int32Array;
  readonly batchSize: number;
  /** What the rows are rows of; without it, the fields that the program was compiled with. */
  readonly fields?: readonly SampleArray[];
}

export function fieldEntries(fields: readonly FieldSpec[]): readonly Entry[] {
  return fields.map(({ shape, dtype }, index) => ({ name: `field${index}`, shape, dtype, openLength: true }));
}

/** The samples that a chunk's rows are of: its own, or those that the program was compiled with. */
export function chunkFields(
  fields: readonly (FieldSpec | SampleArray)[],
  given: readonly SampleArray[] | undefined,
): readonly SampleArray[] {
  if (given === undefined) {
    return fields.map((field) => {
      if ("data" in field) return field;
      throw new TensorError("TENSOR_VALUE", "this program was compiled without samples: give the fields of the chunk");
    });
  }
  const show = (each: readonly FieldSpec[]) =>
    each.map(({ shape, dtype }) => `${dtype} [${["samples", ...shape.slice(1)].join(", ")}]`).join(", ");
  if (show(given) !== show(fields)) {
    throw new TensorError(
      "TENSOR_SHAPE",
      `the fields of the chunk are ${show(given)}; the program was compiled for ${show(fields)}`,
    );
  }
  return given;
}

export function fieldFeeds(fields: readonly SampleArray[]): Record<string, Feed> {
  return Object.fromEntries(fields.map((field, index) => [`field${index}`, field]));
}

/** The minibatch of one step: the rows that `rows` [batch] names, of every field. */
export function gatherFields(
  fields: readonly FieldSpec[],
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
