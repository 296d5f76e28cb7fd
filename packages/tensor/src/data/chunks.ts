/** Chunks of minibatches read from data sets that are not in memory. */

import { bytesPerElement } from "../dtype.ts";
import type { FieldSpec, SampleArray, SampleChunk } from "../program/samples.ts";
import { countUp } from "../rows.ts";
import { sizeOf } from "../shape.ts";
import { type Collation, collation, firstSamples, specsOf } from "./collate.ts";
import type { Sample } from "./dataset.ts";
import { readAhead } from "./read-ahead.ts";

/** Minibatches for one call of a program, with the samples that they are rows of. */
export type LoadedChunk = Required<SampleChunk>;

export interface ChunkOptions {
  readonly batchSize: number;
  readonly maxSteps: number;
}

/** Rows of one epoch in the order of training. */
export interface EpochRows {
  /** Whole batches, one after the other. */
  readonly whole: Int32Array;
  /** A last, smaller batch; empty where there is none. */
  readonly rest: Int32Array;
}

/** What a chunk takes at most, but for a single batch, and what all take that are in work or on their way. */
const maxChunkBytes = 8 * 2 ** 20;
const maxBytes = 32 * 2 ** 20;

function chunkSamples(specs: readonly FieldSpec[], { batchSize, maxSteps }: ChunkOptions, depth = 1): number {
  const bytes = specs.reduce((sum, { shape, dtype }) => sum + sizeOf(shape.slice(1)) * bytesPerElement[dtype], 0);
  const steps = Math.floor(Math.min(maxChunkBytes, maxBytes / (depth + 1)) / (bytes * batchSize));
  return Math.min(maxSteps, Math.max(1, steps)) * batchSize;
}

function chunkOf(fields: readonly SampleArray[], from: number, to: number, batchSize: number): LoadedChunk {
  return { fields, rows: countUp(to).subarray(from), batchSize };
}

/** Some samples of an epoch that are read together. */
interface Piece {
  readonly indices: Int32Array;
  readonly batchSize: number;
}

export interface RandomAccessOptions extends ChunkOptions {
  readonly specs: readonly FieldSpec[];
  /** How many pieces are read while one is in work. */
  readonly depth: number;
  /** The first piece is one batch, each other twice as many as the one before: what waits for it has it soon. */
  readonly startSmall: boolean;
  readonly read: (indices: Int32Array) => Promise<readonly SampleArray[]>;
}

/** @param order indices of samples; whole batches and a last, smaller one */
export async function* randomAccessChunks(order: EpochRows, options: RandomAccessOptions): AsyncGenerator<LoadedChunk> {
  const read = async ({ indices, batchSize }: Piece) =>
    chunkOf(await options.read(indices), 0, indices.length, batchSize);
  yield* readAhead(piecesOf(order, options), options.depth, read);
}

function* piecesOf({ whole, rest }: EpochRows, options: RandomAccessOptions): Generator<Piece> {
  const { batchSize, startSmall } = options;
  const largest = chunkSamples(options.specs, options, options.depth);
  let size = startSmall ? batchSize : largest;
  for (let start = 0; start < whole.length; ) {
    const indices = whole.subarray(start, start + size);
    yield { indices, batchSize };
    start += indices.length;
    size = Math.min(2 * size, largest);
  }
  if (rest.length > 0) yield { indices: rest, batchSize: rest.length };
}

/** @param skippedBatches batches at the beginning that are read, but not given */
export async function* iterableChunks(
  samples: Iterable<Sample> | AsyncIterable<Sample>,
  {
    dropLast,
    skippedBatches,
    ...options
  }: ChunkOptions & { readonly dropLast: boolean; readonly skippedBatches: number },
): AsyncGenerator<LoadedChunk> {
  const { batchSize } = options;
  let specs: readonly FieldSpec[] | undefined;
  let into: Collation | undefined;
  let [size, count, index] = [0, 0, 0];
  for await (const sample of samples) {
    if (index < skippedBatches * batchSize) {
      index++;
      continue;
    }
    specs ??= specsOf(sample);
    if (into === undefined) {
      size = chunkSamples(specs, options);
      into = collation(specs, size);
    }
    await into.put(count++, sample, index++);
    if (count < size) continue;
    yield chunkOf(into.fields, 0, size, batchSize);
    into = undefined;
    count = 0;
  }
  if (into === undefined) return;
  const fields = firstSamples(into.fields, count);
  const whole = count - (count % batchSize);
  if (whole > 0) yield chunkOf(fields, 0, whole, batchSize);
  if (whole < count && !dropLast) yield chunkOf(fields, whole, count, count - whole);
}

/** Up to `count` samples from the beginning. */
export async function firstOf(
  samples: Iterable<Sample> | AsyncIterable<Sample>,
  count: number,
): Promise<readonly SampleArray[]> {
  let into: Collation | undefined;
  let found = 0;
  for await (const sample of samples) {
    into ??= collation(specsOf(sample), count);
    await into.put(found, sample, found);
    found++;
    if (found === count) break;
  }
  return into === undefined ? [] : firstSamples(into.fields, found);
}
