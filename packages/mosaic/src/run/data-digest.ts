/**
 * A digest of the data that a run sees, the same in every language: whether repetition k saw the same samples in two of them.
 *
 * Of each set, as a set: the sum of the samples' SHA-256, modulo 2^256. A sample is its fields, features before target, each
 * as its kind (`f`, `i` or `b`), the sizes of its axes without those of length 1, and its values as float32.
 * `packages/python/mosaic_worker/data_digest.py` computes the same; `packages/python/digest-cases.json` has cases for both.
 */
import { hash } from "node:crypto";
import type { SampleArray, Samples } from "@ml-mosaic/tensor";
import type { AnyLoader } from "@ml-mosaic/training";
import type { Loaders } from "../modules/contract.ts";

/** Of a set, in values: a larger one would take longer than shows nowhere. */
const mostValues = 2 ** 22;
/** A sample costs as much as so many values. */
const fewestValues = 256;

/** null where it is not known: data that are not in memory, or too many. */
export async function digestOfLoaders(loaders: Loaders): Promise<string | null> {
  const sums: string[] = [];
  for (const loader of loaders) {
    const samples = await samplesOf(loader);
    const sum = samples && sumOf(samples);
    if (sum === undefined) return null;
    sums.push(sum);
  }
  return digestOfSums(sums);
}

/** undefined where they are not all given in an epoch, or not held in memory. */
async function samplesOf({ dataset, batchSize, dropLast }: AnyLoader) {
  if ("iterate" in dataset || dataset.samples === undefined) return undefined;
  return dropLast && dataset.length % batchSize !== 0 ? undefined : dataset.samples();
}

/** Of a set: how many samples, and the sum. undefined for too many. */
export function sumOf({ fields, rows }: Samples): string | undefined {
  const parts = fields.map(partOf);
  const values = parts.reduce((sum, { size }) => sum + size, 0);
  if (rows.length * Math.max(values, fewestValues) > mostValues) return undefined;
  const bytes = Buffer.alloc(parts.reduce((sum, { head, size }) => sum + head.length + 4 * size, 0));
  let sum = 0n;
  for (const row of rows) {
    let end = 0;
    for (const { head, size, valueAt } of parts) {
      end += head.copy(bytes, end);
      for (let offset = 0; offset < size; offset++) end = bytes.writeFloatLE(valueAt(row * size + offset), end);
    }
    sum += BigInt(`0x${hash("sha256", bytes)}`);
  }
  return `${rows.length} ${BigInt.asUintN(256, sum).toString(16).padStart(64, "0")}`;
}

/** @param sums of the train and the test set */
export function digestOfSums(sums: readonly string[]): string {
  return hash("sha256", sums.map((sum) => `${sum}\n`).join("")).slice(0, 32);
}

/** What stands before the values of a field, and these; with one zero, and one number that is none. */
function partOf({ dtype, shape, data }: SampleArray) {
  const sizes = shape.slice(1).filter((size) => size !== 1);
  const head = Buffer.alloc(5 + 4 * sizes.length);
  head.write(dtype === "bool" ? "b" : dtype === "float32" ? "f" : "i");
  for (const [index, size] of [sizes.length, ...sizes].entries()) head.writeUInt32LE(size, 1 + 4 * index);
  const valueAt = (index: number) => {
    const value = Number(data[index]);
    return Number.isNaN(value) ? Number.NaN : value + 0;
  };
  return { head, size: sizes.reduce((product, size) => product * size, 1), valueAt };
}
