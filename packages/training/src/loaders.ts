/** What training asks of the loaders that it is given. */
import type { DataLoader, Dataset, IterableDataset, Samples } from "@ml-mosaic/tensor";
import { TrainingError } from "./errors.ts";

/** Samples in memory, or read while the device works. */
export type AnyLoader = DataLoader<Dataset | IterableDataset>;

/** Samples of an epoch; undefined where the samples are known only when they have come. */
export function sampleCount({ dataset }: AnyLoader): number | undefined {
  return "iterate" in dataset ? undefined : dataset.length;
}

/** Batches of an epoch; undefined where nobody knows before. */
export function batchCount(loader: AnyLoader): number | undefined {
  return sampleCount(loader) === undefined ? undefined : loader.length;
}

/** The size of all batches but perhaps the last. */
export function usualBatch(loader: AnyLoader): number {
  return Math.min(loader.batchSize, sampleCount(loader) ?? loader.batchSize);
}

/**
 * The samples to prepare a training by: all of them where they are in memory, else the first.
 *
 * @throws TrainingError if there are none, or they are not features and a target
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
  const fields = samples.fields.length;
  if (fields < 2) {
    throw new TrainingError(
      "TRAINING_DATA",
      `the ${which} loader gives ${fields} ${fields === 1 ? "tensor" : "tensors"} a sample; features and a target are needed`,
    );
  }
  return samples;
}

/** @throws TrainingError if one loader's samples have more fields than the other's; their sizes may differ */
export function checkSameFields(train: Samples, which: string, other: Samples): void {
  if (train.fields.length !== other.fields.length) {
    throw new TrainingError(
      "TRAINING_DATA",
      `the train loader gives ${train.fields.length} tensors a sample, the ${which} loader ${other.fields.length}; they must agree`,
    );
  }
}
