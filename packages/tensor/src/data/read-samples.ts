import { messageOf } from "@ml-mosaic/base";
import { elementAt } from "../element-at.ts";
import { TensorError } from "../errors.ts";
import type { FieldSpec, SampleArray } from "../program/samples.ts";
import type { Generator } from "../random/generator.ts";
import { checkSamples, collation } from "./collate.ts";
import type { Dataset, Sample } from "./dataset.ts";

/** How samples are read: an epoch's generator, and how many are asked for at the same time. */
export interface ReadOptions {
  readonly generator: Generator;
  readonly concurrency: number;
}

/** What a sample draws from: other numbers for every epoch and every sample, whatever was read before. */
export function sampleGenerator(epoch: Generator, index: number): Generator {
  return epoch.stream("sample", index);
}

/**
 * One sample, in an epoch of this generator.
 *
 * @throws TensorError that names it
 */
export async function readSample(dataset: Dataset, index: number, epoch: Generator): Promise<Sample> {
  return await begun(dataset, index, epoch);
}

/** The same, at once where the data set has it at once. */
function begun(dataset: Dataset, index: number, epoch: Generator): Sample | Promise<Sample> {
  try {
    const sample = dataset.get(index, sampleGenerator(epoch, index));
    return "then" in sample ? awaited(sample, index) : sample;
  } catch (error) {
    throw unreadable(index, error);
  }
}

async function awaited(sample: Promise<Sample>, index: number): Promise<Sample> {
  try {
    return await sample;
  } catch (error) {
    throw unreadable(index, error);
  }
}

/** The samples at these positions; the first failure ends the reading, and is told with its sample. */
export async function readSamples(
  dataset: Dataset,
  specs: readonly FieldSpec[],
  indices: Int32Array,
  { generator, concurrency }: ReadOptions,
): Promise<readonly SampleArray[]> {
  if (dataset.getMany !== undefined) return readMany(dataset.getMany.bind(dataset), specs, indices, generator);
  const into = collation(specs, indices.length);
  let next = 0;
  const reader = async () => {
    while (next < indices.length) {
      const position = next++;
      const index = elementAt(indices, position);
      try {
        const sample = begun(dataset, index, generator);
        // Nothing is waited for that is there already.
        const put = into.put(position, "then" in sample ? await sample : sample, index);
        if (put !== undefined) await put;
      } catch (error) {
        next = indices.length;
        throw error;
      }
    }
  };
  // Samples that are there at once leave nothing to a second reader.
  const readers: Promise<void>[] = [];
  while (readers.length < concurrency && next < indices.length) readers.push(reader());
  for (const each of await Promise.allSettled(readers)) if (each.status === "rejected") throw each.reason;
  return into.fields;
}

async function readMany(
  getMany: NonNullable<Dataset["getMany"]>,
  specs: readonly FieldSpec[],
  indices: Int32Array,
  generator: Generator,
): Promise<readonly SampleArray[]> {
  const read = (some: Int32Array) => getMany(some, (position) => sampleGenerator(generator, elementAt(some, position)));
  let fields: readonly SampleArray[];
  try {
    fields = await read(indices);
  } catch (error) {
    // Which of them it was shows when they are read one by one.
    for (const index of indices) {
      try {
        await read(Int32Array.of(index));
      } catch (single) {
        throw unreadable(index, single);
      }
    }
    throw error;
  }
  checkSamples(specs, fields, indices.length);
  return fields;
}

function unreadable(index: number, error: unknown): TensorError {
  return new TensorError("TENSOR_DATA", `sample ${index} of the data set: ${messageOf(error)}`, { cause: error });
}
