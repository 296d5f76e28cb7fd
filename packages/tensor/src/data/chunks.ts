/** Chunks of minibatches read from data sets that are not in memory. */

import { bytesPerElement } from "../dtype.ts";
import { elementAt } from "../element-at.ts";
import type { FieldSpec, SampleArray, SampleChunk } from "../program/samples.ts";
import type { Generator } from "../random/generator.ts";
import { sizeOf } from "../shape.ts";
import { type Collation, checkSamples, collation, firstSamples, specsOf } from "./collate.ts";
import type { Dataset, Sample } from "./dataset.ts";

/** Minibatches for one call of a program, with the samples that they are rows of. */
export type LoadedChunk = Required<SampleChunk>;

export interface ChunkOptions {
  readonly batchSize: number;
  readonly maxSteps: number;
}

/** What a chunk takes at most, but for a single batch; there are two, one in work and one on its way. */
const maxChunkBytes = 8 * 2 ** 20;

function chunkSamples(specs: readonly FieldSpec[], { batchSize, maxSteps }: ChunkOptions): number {
  const bytes = specs.reduce((sum, { shape, dtype }) => sum + sizeOf(shape.slice(1)) * bytesPerElement[dtype], 0);
  const steps = Math.floor(maxChunkBytes / (bytes * batchSize));
  return Math.min(maxSteps, Math.max(1, steps)) * batchSize;
}

function chunkOf(fields: readonly SampleArray[], from: number, to: number, batchSize: number): LoadedChunk {
  return { fields, rows: Int32Array.from({ length: to - from }, (_, index) => from + index), batchSize };
}

/** How samples are read: an epoch's generator, and how many are asked for at the same time. */
export interface ReadOptions {
  readonly generator: Generator;
  readonly concurrency: number;
}

/** What a sample draws from: other numbers for every epoch and every sample, whatever was read before. */
export function sampleGenerator(epoch: Generator, index: number): Generator {
  return epoch.stream("sample", index);
}

/** The samples at these positions; the first failure ends the reading. */
export async function readSamples(
  dataset: Dataset,
  specs: readonly FieldSpec[],
  indices: Int32Array,
  { generator, concurrency }: ReadOptions,
): Promise<readonly SampleArray[]> {
  if (dataset.getMany !== undefined) {
    const fields = await dataset.getMany(indices, (position) =>
      sampleGenerator(generator, elementAt(indices, position)),
    );
    checkSamples(specs, fields, indices.length);
    return fields;
  }
  const into = collation(specs, indices.length);
  let next = 0;
  const reader = async () => {
    while (next < indices.length) {
      const position = next++;
      const index = elementAt(indices, position);
      try {
        await into.put(position, await dataset.get(index, sampleGenerator(generator, index)), index);
      } catch (error) {
        next = indices.length;
        throw error;
      }
    }
  };
  const readers = await Promise.allSettled(Array.from({ length: Math.min(concurrency, indices.length) }, reader));
  for (const each of readers) if (each.status === "rejected") throw each.reason;
  return into.fields;
}

/** @param order indices of samples; whole batches and a last, smaller one */
export async function* randomAccessChunks(
  dataset: Dataset,
  { whole, rest }: { readonly whole: Int32Array; readonly rest: Int32Array },
  options: ChunkOptions & ReadOptions,
): AsyncGenerator<LoadedChunk> {
  const first = whole[0] ?? rest[0];
  if (first === undefined) return;
  const specs = specsOf(await dataset.get(first, sampleGenerator(options.generator, first)));
  const size = chunkSamples(specs, options);
  for (let start = 0; start < whole.length; start += size) {
    const indices = whole.subarray(start, start + size);
    yield chunkOf(await readSamples(dataset, specs, indices, options), 0, indices.length, options.batchSize);
  }
  if (rest.length > 0) yield chunkOf(await readSamples(dataset, specs, rest, options), 0, rest.length, rest.length);
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
