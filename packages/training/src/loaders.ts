/** What training asks of the loaders that it is given. */
import type { DataLoader, Dataset, IterableDataset, Samples } from "@ml-mosaic/tensor";
import { TrainingError } from "./errors.ts";

/** Samples in memory, or read while the device works. */
export type AnyLoader = DataLoader<Dataset | IterableDataset>;

/** Undefined where the samples are known only when they have come. */
function sampleCount({ dataset }: AnyLoader): number | undefined {
  return "iterate" in dataset ? undefined : dataset.length;
}

/** The size of all batches but perhaps the last. */
export function usualBatch(loader: AnyLoader): number {
  return Math.min(loader.batchSize, sampleCount(loader) ?? loader.batchSize);
}

/**
 * The samples to prepare a training by: all of them where they are in memory, else the first.
 *
 * @throws TrainingError if there are none, or they are not features and target
 */
export async function checkedSamples(which: string, loader: AnyLoader): Promise<Samples> {
  const samples = await loader.peek();
  const count = sampleCount(loader) ?? samples.rows.length;
  if (count === 0) throw new TrainingError("TRAINING_DATA", `the ${which} loader holds no sample`);
  if (sampleCount(loader) !== undefined && loader.length === 0) {
    throw new TrainingError(
      "TRAINING_DATA",
      `the ${which} loader drops its only batch: ${count} samples are fewer than ${loader.batchSize}`,
    );
  }
  if (samples.fields.length !== 2) {
    throw new TrainingError(
      "TRAINING_DATA",
      `the ${which} loader gives ${samples.fields.length} tensors a sample; two are needed: features and target`,
    );
  }
  return samples;
}
