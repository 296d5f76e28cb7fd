import { fromArray } from "../creation.ts";
import { allocate } from "../dtype.ts";
import { TensorError } from "../errors.ts";
import type { SampleArray } from "../program/batches.ts";
import { defaultGenerator, type Generator } from "../random/generator.ts";
import { sizeOf } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import type { Dataset, Samples } from "./dataset.ts";

export interface DataLoaderOptions {
  readonly batchSize?: number;
  /** A new random order for every epoch. */
  readonly shuffle?: boolean;
  /** Leaves out a last batch that is smaller than the others. */
  readonly dropLast?: boolean;
}

/** Rows of one epoch in the order of training. */
export interface EpochRows {
  /** Whole batches, one after the other. */
  readonly whole: Int32Array;
  /** A last, smaller batch; empty where there is none. */
  readonly rest: Int32Array;
}

/**
 * Cuts a data set into minibatches. Training takes the rows and gathers them inside the compiled program; everyone
 * else iterates: `for await (const [x, y] of loader)`.
 */
export class DataLoader implements AsyncIterable<Tensor[]> {
  readonly dataset: Dataset;
  readonly batchSize: number;
  readonly shuffle: boolean;
  readonly dropLast: boolean;

  constructor(dataset: Dataset, { batchSize = 1, shuffle = false, dropLast = false }: DataLoaderOptions = {}) {
    if (!Number.isInteger(batchSize) || batchSize < 1) {
      throw new TensorError("TENSOR_VALUE", `DataLoader: batchSize is ${batchSize}; it must be a whole number above 0`);
    }
    this.dataset = dataset;
    this.batchSize = batchSize;
    this.shuffle = shuffle;
    this.dropLast = dropLast;
  }

  /** Number of batches of an epoch. */
  get length(): number {
    const batches = this.dataset.length / this.batchSize;
    return this.dropLast ? Math.floor(batches) : Math.ceil(batches);
  }

  /** Orders the samples for one epoch; without shuffling the generator is not used. */
  epoch({ rows }: Samples, generator: Generator): EpochRows {
    const ordered = this.shuffle
      ? Int32Array.from(generator.permutation(rows.length), (index) => rows[index] ?? 0)
      : rows;
    const whole = ordered.length - (ordered.length % this.batchSize);
    return { whole: ordered.subarray(0, whole), rest: this.dropLast ? new Int32Array() : ordered.subarray(whole) };
  }

  async *[Symbol.asyncIterator](): AsyncIterator<Tensor[]> {
    const samples = await this.dataset.samples();
    const { whole, rest } = this.epoch(samples, defaultGenerator());
    for (let start = 0; start < whole.length; start += this.batchSize) {
      yield samples.fields.map((field) => pickRows(field, whole.subarray(start, start + this.batchSize)));
    }
    if (rest.length > 0) yield samples.fields.map((field) => pickRows(field, rest));
  }
}

function pickRows({ data, shape, dtype }: SampleArray, rows: Int32Array): Tensor {
  const inner = shape.slice(1);
  const size = sizeOf(inner);
  const picked = allocate(dtype, rows.length * size);
  for (const [position, row] of rows.entries()) {
    for (let offset = 0; offset < size; offset++) {
      const value = data[row * size + offset];
      if (value !== undefined) picked[position * size + offset] = value;
    }
  }
  return fromArray(picked, [rows.length, ...inner]);
}
