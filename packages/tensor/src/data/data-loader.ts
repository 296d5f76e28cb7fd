import { allocateUnfilled, setPart } from "../dtype.ts";
import { TensorError } from "../errors.ts";
import type { FieldSpec, SampleArray } from "../program/samples.ts";
import { defaultGenerator, Generator } from "../random/generator.ts";
import { countUp, rowsAt } from "../rows.ts";
import { sizeOf } from "../shape.ts";
import { constant, type Tensor } from "../tensor.ts";
import { ahead } from "./ahead.ts";
import { type EpochRows, firstOf, iterableChunks, type LoadedChunk, randomAccessChunks } from "./chunks.ts";
import { specsOf } from "./collate.ts";
import type { Dataset, InMemoryDataset, IterableDataset, Samples } from "./dataset.ts";
import { type ReadOptions, readSample, readSamples } from "./read-samples.ts";
import { SampleThreads, type SampleThreadsOptions } from "./threads/sample-threads.ts";
import type { DatasetOrigin } from "./threads/thread-messages.ts";

/** `numWorkers` and `prefetchFactor`: threads of its own, for data sets that say how a thread makes them (`origin`). */
export interface DataLoaderOptions extends SampleThreadsOptions {
  readonly batchSize?: number;
  /** A new random order for every epoch. */
  readonly shuffle?: boolean;
  /** Leaves out a last batch that is smaller than the others. */
  readonly dropLast?: boolean;
  /** How many samples are read at the same time, where they are not in memory. */
  readonly concurrency?: number;
  /** Threads that other loaders use too, instead of its own; whoever made them closes them. */
  readonly threads?: SampleThreads;
}

/** Threads and what they read. */
interface Threading {
  readonly threads: SampleThreads;
  readonly origin: DatasetOrigin;
}

/**
 * Cuts a data set into minibatches. Training takes chunks of them: where the samples are in memory, these are rows that
 * the compiled program gathers; else the next chunk is read while the device works on the last one. Everyone else
 * iterates: `for await (const [x, y] of loader)`. Which samples come, and in which order, depends on the seed alone.
 */
export class DataLoader<D extends Dataset | IterableDataset = InMemoryDataset> implements AsyncIterable<Tensor[]> {
  readonly dataset: D;
  readonly batchSize: number;
  readonly shuffle: boolean;
  readonly dropLast: boolean;
  readonly concurrency: number;
  readonly #threading: Threading | undefined;
  readonly #ownsThreads: boolean;
  #specs: readonly FieldSpec[] | undefined;

  constructor(dataset: D, options: DataLoaderOptions = {}) {
    const { batchSize = 1, shuffle = false, dropLast = false, concurrency = 64, threads, ...own } = options;
    for (const [name, count] of Object.entries({ batchSize, concurrency })) {
      if (!Number.isInteger(count) || count < 1)
        throw new TensorError("TENSOR_VALUE", `DataLoader: ${name} is ${count}; it must be a whole number above 0`);
    }
    if (shuffle && isIterable(dataset)) {
      throw new TensorError(
        "TENSOR_VALUE",
        "DataLoader: an iterable data set cannot be shuffled; shuffle in its iterate(), with the generator given",
      );
    }
    this.dataset = dataset;
    this.batchSize = batchSize;
    this.shuffle = shuffle;
    this.dropLast = dropLast;
    this.concurrency = concurrency;
    this.#threading = threadingOf(dataset, threads ?? new SampleThreads(own));
    this.#ownsThreads = threads === undefined;
  }

  /** Number of batches of an epoch. @throws TensorError if the data set is iterable: nobody knows before */
  get length(): number {
    if (isIterable(this.dataset))
      throw new TensorError("TENSOR_VALUE", "DataLoader: an iterable data set has no length");
    const batches = this.dataset.length / this.batchSize;
    return this.dropLast ? Math.floor(batches) : Math.ceil(batches);
  }

  /** Orders the samples for one epoch; without shuffling the generator is not used. */
  epoch({ rows }: Pick<Samples, "rows">, generator: Generator): EpochRows {
    if (!this.shuffle) return this.#batches(rows);
    return this.#batches(rowsAt(rows, generator.permutation(rows.length)));
  }

  #batches(ordered: Int32Array): EpochRows {
    const whole = ordered.length - (ordered.length % this.batchSize);
    return { whole: ordered.subarray(0, whole), rest: this.dropLast ? new Int32Array() : ordered.subarray(whole) };
  }

  /** The samples to prepare a program by: all, where they are in memory, else up to `count` of the first ones. */
  async peek(count = 64): Promise<Samples> {
    const { dataset } = this;
    if (isIterable(dataset)) {
      const fields = await firstOf(dataset.iterate(new Generator(0)), count);
      return { fields, rows: countUp(fields[0]?.shape[0] ?? 0) };
    }
    if (isInMemory(dataset)) return dataset.samples();
    const rows = countUp(Math.min(count, dataset.length));
    if (rows.length === 0) return { fields: [], rows };
    this.#threading?.threads.open(this.#threading.origin);
    const reading = { generator: new Generator(0), concurrency: this.concurrency };
    return { fields: await readSamples(dataset, await this.#specsOf(dataset, 0), rows, reading), rows };
  }

  /** Ends the threads that are its own. Whoever reads once more starts others. */
  async close(): Promise<void> {
    if (this.#ownsThreads) await this.#threading?.threads.close();
  }

  /** What its samples look like, as the first one that is asked for says. */
  async #specsOf(dataset: Dataset, index: number): Promise<readonly FieldSpec[]> {
    this.#specs ??= specsOf(await readSample(dataset, index, new Generator(0)));
    return this.#specs;
  }

  #read(
    dataset: Dataset,
    specs: readonly FieldSpec[],
    options: ReadOptions,
  ): (indices: Int32Array) => Promise<readonly SampleArray[]> {
    if (this.#threading === undefined) return (indices) => readSamples(dataset, specs, indices, options);
    const { threads, origin } = this.#threading;
    const { concurrency } = options;
    const { seed, path } = options.generator;
    return (indices) => threads.read(origin, { specs, indices, concurrency, generator: { seed, path } });
  }

  /**
   * The minibatches of one epoch in pieces of at most `maxSteps`, a smaller last batch by itself.
   *
   * @param generator one of its own for each epoch; it decides the order, and what samples draw
   * @param skippedBatches how many batches at the beginning are left out, for an epoch that was begun already; only an
   *   iterable data set has to read them. Those after them have the same bits as in the whole epoch.
   */
  chunks(generator: Generator, maxSteps = 2048, skippedBatches = 0): AsyncGenerator<LoadedChunk> {
    return this.#chunks(generator, { maxSteps, skippedBatches, chunksAhead: 1 });
  }

  async *#chunks(
    generator: Generator,
    {
      maxSteps,
      skippedBatches,
      chunksAhead,
    }: { readonly maxSteps: number; readonly skippedBatches: number; readonly chunksAhead: number },
  ): AsyncGenerator<LoadedChunk> {
    const { dataset, batchSize, dropLast, concurrency } = this;
    if (isIterable(dataset)) {
      yield* ahead(iterableChunks(dataset.iterate(generator), { batchSize, maxSteps, dropLast, skippedBatches }));
    } else if (isInMemory(dataset)) {
      const { fields, rows } = await dataset.samples();
      const { whole, rest } = skip(this.epoch({ rows }, generator), skippedBatches * batchSize);
      const size = maxSteps * batchSize;
      for (let start = 0; start < whole.length; start += size)
        yield { fields, rows: whole.subarray(start, start + size), batchSize };
      if (rest.length > 0) yield { fields, rows: rest, batchSize: rest.length };
    } else {
      const shuffled = this.shuffle ? dataset.shuffled?.(generator) : undefined;
      const epoch =
        shuffled === undefined ? this.epoch({ rows: countUp(dataset.length) }, generator) : this.#batches(shuffled);
      const order = skip(epoch, skippedBatches * batchSize);
      const first = order.whole[0] ?? order.rest[0];
      if (first === undefined) return;
      const specs = await this.#specsOf(dataset, first);
      const read = this.#read(dataset, specs, { generator, concurrency });
      const threads = this.#threading?.threads;
      const depth = threads === undefined ? chunksAhead : threads.numWorkers * threads.prefetchFactor;
      yield* randomAccessChunks(order, { batchSize, maxSteps, specs, depth, startSmall: threads !== undefined, read });
    }
  }

  /** Each time from a stream of the default generator that was not used before. */
  async *[Symbol.asyncIterator](): AsyncIterator<Tensor[]> {
    const shared = defaultGenerator();
    const isShared = !isIterable(this.dataset) && isInMemory(this.dataset);
    const generator = shared.stream("loader", shared.uint32());
    // What is read for one batch alone is the batch, without a copy; so many at a time that `concurrency` samples are.
    const chunksAhead = Math.ceil(this.concurrency / this.batchSize);
    for await (const { fields, rows } of this.#chunks(generator, { maxSteps: 1, skippedBatches: 0, chunksAhead }))
      yield fields.map((field) =>
        isShared ? pickRows(field, rows) : constant(field.data, [rows.length, ...field.shape.slice(1)], field.dtype),
      );
  }
}

function isIterable(dataset: Dataset | IterableDataset): dataset is IterableDataset {
  return "iterate" in dataset;
}

function isInMemory(dataset: Dataset): dataset is InMemoryDataset {
  return dataset.samples !== undefined;
}

/** @throws TensorError where there are threads, and they cannot make the data set */
function threadingOf(dataset: Dataset | IterableDataset, threads: SampleThreads): Threading | undefined {
  if (threads.numWorkers === 0) return undefined;
  const refuse = (why: string) =>
    new TensorError("TENSOR_VALUE", `DataLoader: numWorkers is ${threads.numWorkers}, but ${why}`);
  if (isIterable(dataset)) throw refuse("an iterable data set is read in the thread that trains, one after the other");
  if (isInMemory(dataset)) throw refuse("the samples are in memory, where programs gather them themselves");
  const { origin } = dataset;
  if (origin === undefined)
    throw refuse("the data set does not say how a thread makes it; give it an origin, or leave numWorkers out");
  return { threads, origin };
}

function skip({ whole, rest }: EpochRows, samples: number): EpochRows {
  return { whole: whole.subarray(samples), rest: samples > whole.length ? new Int32Array() : rest };
}

function pickRows({ data, shape, dtype }: SampleArray, rows: Int32Array): Tensor {
  const inner = shape.slice(1);
  const size = sizeOf(inner);
  const picked = allocateUnfilled(dtype, rows.length * size);
  for (const [position, row] of rows.entries())
    setPart(picked, data.subarray(row * size, (row + 1) * size), position * size);
  return constant(picked, [rows.length, ...inner], dtype);
}
