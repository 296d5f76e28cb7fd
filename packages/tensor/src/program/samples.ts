import { allocateUnfilled, type DType, setPart, type TypedArray } from "../dtype.ts";
import { elementAt } from "../element-at.ts";
import { TensorError } from "../errors.ts";
import { take } from "../ops/indexing.ts";
import { lengthAt, type Shape, sizeOf } from "../shape.ts";
import { input, type Tensor } from "../tensor.ts";
import { constantIndex, indexOfValue } from "../wasm/indices.ts";
import { nest } from "../wasm/loops.ts";
import type { Entry, Part } from "./loop.ts";

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

/** What a run gathers its minibatches from. */
export interface SampleRun {
  readonly fields: readonly SampleArray[];
  readonly rows: Int32Array;
  readonly steps: number;
}

/** Gathers the minibatch of each step: one tensor for each field, [batch, ...]. */
export function samplesPart(
  fields: readonly FieldSpec[],
  batchSize: number,
): { readonly part: Part<SampleRun>; readonly batch: readonly Tensor[] } {
  checkBatchSize(batchSize);
  const rows: Entry<SampleRun> = { tensor: input("rows", [batchSize], "int32"), array: (run) => run.rows };
  const samples = fields.map(
    ({ shape, dtype }, index): Entry<SampleRun> => ({
      tensor: input(`field${index}`, shape, dtype),
      array: (run) => run.fields[index]?.data,
      length: (run) => run.fields[index]?.shape[0],
    }),
  );
  return {
    part: { fixed: samples, perStep: [rows] },
    batch: samples.map(({ tensor }) => tensor.apply(takeRows, [rows.tensor], { axis: 0 })),
  };
}

function checkBatchSize(batchSize: number): void {
  if (!Number.isInteger(batchSize) || batchSize < 1)
    throw new TensorError("TENSOR_VALUE", `batchSize is ${batchSize}; it must be a whole number above 0`);
}

/** Looks at no row, as all are checked when they enter: of samples there may be more than the program was compiled for. */
const takeRows: typeof take = {
  ...take,
  name: "takeRows",
  loops: ([x, rows], _attributes, output) =>
    nest(output, ([row = constantIndex(0), ...others]) => x.at([indexOfValue(rows.at([row])), ...others])),
};

/** @throws TensorError if the chunk's samples are others than the program was compiled for, or its rows are not theirs */
export function checkedChunk(
  known: readonly (FieldSpec | SampleArray)[],
  { rows, batchSize, fields: given }: SampleChunk,
): SampleRun {
  // From JavaScript anything may come, and an executor takes its bytes for whole numbers.
  const chosen: unknown = rows;
  if (!(chosen instanceof Int32Array))
    throw new TensorError(
      "TENSOR_VALUE",
      `rows must be an Int32Array, as Int32Array.of(0, 1) makes it, not ${describeType(chosen)}`,
    );
  checkBatchSize(batchSize);
  const fields = chunkFields(known, given);
  const steps = rows.length / batchSize;
  if (!Number.isInteger(steps) || steps === 0) {
    throw new TensorError("TENSOR_SHAPE", `${rows.length} rows are not one or more batches of ${batchSize}`);
  }
  const samples = Math.min(...fields.map(({ shape }) => lengthAt(shape, 0)));
  // ONNX counts negative rows from the end, which would hide a mistake.
  for (const row of rows)
    if (row < 0 || row >= samples)
      throw new TensorError("TENSOR_VALUE", `row ${row} is outside the ${samples} samples`);
  return { ...onlyRows(fields, rows, samples), steps };
}

/** Where rows are so many times fewer than samples, these alone enter the program: executors copy what enters. */
const timesFewer = 4;

function onlyRows(
  fields: readonly SampleArray[],
  rows: Int32Array,
  samples: number,
): { readonly fields: readonly SampleArray[]; readonly rows: Int32Array } {
  if (rows.length * timesFewer >= samples) return { fields, rows };
  const taken = fields.map(({ data, shape: [, ...shape], dtype }): SampleArray => {
    const size = sizeOf(shape);
    const own = allocateUnfilled(dtype, rows.length * size);
    for (let index = 0; index < rows.length; index++)
      copyPart(own, data, index * size, elementAt(rows, index) * size, size);
    return { data: own, shape: [rows.length, ...shape], dtype };
  });
  return { fields: taken, rows: firstRows(rows.length) };
}

let counted = new Int32Array();

/** 0, 1, 2…: the same array for all, to which nobody writes. */
function firstRows(count: number): Int32Array {
  if (counted.length < count) counted = Int32Array.from({ length: count }, (_, index) => index);
  return counted.subarray(0, count);
}

/** Fewer elements are copied one by one in less time than it takes to make the two ends of a copy. */
const fewElements = 64;

function copyPart(target: TypedArray, source: TypedArray, to: number, from: number, size: number): void {
  if (size > fewElements || target instanceof BigInt64Array || source instanceof BigInt64Array)
    setPart(target, source.subarray(from, from + size), to);
  else for (let index = 0; index < size; index++) target[to + index] = source[from + index] ?? 0;
}

/** The samples that a chunk's rows are of: its own, or those that the program was compiled with. */
function chunkFields(
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

function describeType(value: unknown): string {
  if (value === undefined || value === null) return String(value);
  const { name } = Object(value).constructor ?? {};
  return typeof value === "object" && typeof name === "string" ? `an object of class ${name}` : `a ${typeof value}`;
}
