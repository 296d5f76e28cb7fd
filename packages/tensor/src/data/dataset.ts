import { elementAt } from "../element-at.ts";
import { TensorError } from "../errors.ts";
import type { SampleArray } from "../program/samples.ts";
import { defaultGenerator, type Generator } from "../random/generator.ts";
import { countUp, rowsAt } from "../rows.ts";
import { sizeOf } from "../shape.ts";
import { constant, type Tensor } from "../tensor.ts";
import type { DatasetOrigin } from "./threads/thread-messages.ts";

/** One sample: a tensor for each field (features, target…), without an axis for the samples. */
export type Sample = readonly Tensor[];

/** Samples held in memory: some fields and the rows of them that belong to the data set. */
export interface Samples {
  readonly fields: readonly SampleArray[];
  /** Position of each sample in the fields. */
  readonly rows: Int32Array;
}

/** A data set whose samples are numbered from 0 and read in any order. */
export interface Dataset {
  readonly length: number;
  /**
   * Reads a sample; more may be asked for before it has come. Fields have the same shape and type in all samples.
   *
   * @param generator what is random about the sample is drawn from this, which depends on the seed, the epoch and the
   *   index alone: a training that is resumed, also in the middle of an epoch, sees the same samples
   */
  get(index: number, generator: Generator): Sample | Promise<Sample>;
  /**
   * Several samples at once, where that is cheaper than one by one; it replaces `get` then, and must give the same.
   * Each field is a new array [indices.length, ...], which the caller may keep.
   *
   * @param generatorAt gives the generator of the sample at a position of `indices`
   */
  readonly getMany?: ((indices: Int32Array, generatorAt: GeneratorAt) => Promise<readonly SampleArray[]>) | undefined;
  /** A random order of all samples that suits how they are stored; without it any order is as likely as another. */
  readonly shuffled?: ((generator: Generator) => Int32Array) | undefined;
  /** How other threads make the same data set, so that they can read its samples. */
  readonly origin?: DatasetOrigin | undefined;
  /** All samples, where they are held in memory: programs then pick their minibatches themselves. */
  readonly samples?: (() => Promise<Samples>) | undefined;
}

export type GeneratorAt = (position: number) => Generator;

export interface InMemoryDataset extends Dataset {
  samples(): Promise<Samples>;
}

/** A data set that is read from its beginning to its end, again for each epoch. */
export interface IterableDataset {
  /** The samples of one epoch. What is random about them is drawn from `generator`, so that the seed decides it. */
  iterate(generator: Generator): Iterable<Sample> | AsyncIterable<Sample>;
}

/** Tensors that agree in their first size, the number of samples: usually features and targets. */
export class TensorDataset implements InMemoryDataset {
  readonly tensors: readonly Tensor[];
  readonly length: number;
  #fields: Promise<readonly SampleArray[]> | undefined;

  constructor(...tensors: readonly Tensor[]) {
    const [first] = tensors;
    if (first === undefined) throw new TensorError("TENSOR_VALUE", "TensorDataset needs at least one tensor");
    for (const { shape } of tensors) {
      if (shape.length === 0 || shape[0] !== first.shape[0]) {
        throw new TensorError(
          "TENSOR_SHAPE",
          `TensorDataset: the first sizes must be equal, got ${tensors.map((each) => `[${each.shape}]`).join(" and ")}`,
        );
      }
    }
    this.tensors = tensors;
    this.length = first.size(0);
  }

  async get(index: number): Promise<Sample> {
    checkIndex("TensorDataset", index, this.length);
    return (await this.#load()).map(({ data, shape, dtype }) => {
      const size = sizeOf(shape.slice(1));
      return constant(data.slice(index * size, (index + 1) * size), shape.slice(1), dtype);
    });
  }

  async samples(): Promise<Samples> {
    return { fields: await this.#load(), rows: countUp(this.length) };
  }

  #load(): Promise<readonly SampleArray[]> {
    this.#fields ??= Promise.all(
      this.tensors.map(async (tensor) => ({ data: await tensor.data(), shape: tensor.shape, dtype: tensor.dtype })),
    );
    return this.#fields;
  }
}

/** A part of a data set is in memory where the data set is. */
type SamplesOf<D extends Dataset> = D extends InMemoryDataset ? InMemoryDataset["samples"] : Dataset["samples"];

/** The samples of a data set at the given positions; in memory where the data set is. */
export class Subset<D extends Dataset = Dataset> implements Dataset {
  readonly dataset: D;
  readonly indices: ArrayLike<number>;
  readonly length: number;
  readonly samples: SamplesOf<D>;
  readonly getMany: Dataset["getMany"];
  readonly origin: DatasetOrigin | undefined;
  readonly shuffled: Dataset["shuffled"];

  constructor(dataset: D, indices: ArrayLike<number>) {
    for (const index of Array.from(indices)) checkIndex("Subset", index, dataset.length);
    this.dataset = dataset;
    this.indices = indices;
    this.length = indices.length;
    this.samples = pickSamples(dataset, indices);
    this.origin = dataset.origin && subsetOrigin(dataset.origin, indices);
    this.shuffled = shuffledPart(dataset, indices);
    const getMany = dataset.getMany?.bind(dataset);
    this.getMany =
      getMany &&
      ((positions, generatorAt) =>
        getMany(
          positions.map((each) => elementAt(indices, each)),
          generatorAt,
        ));
  }

  get(index: number, generator: Generator = defaultGenerator()): Sample | Promise<Sample> {
    checkIndex("Subset", index, this.length);
    return this.dataset.get(elementAt(this.indices, index), generator);
  }
}

interface SubsetOptions {
  readonly dataset: DatasetOrigin;
  readonly indices: ArrayLike<number>;
}

/** In a thread: the part of a data set that it makes too. */
export async function openSubset(
  { dataset, indices }: SubsetOptions,
  openDataset: (origin: DatasetOrigin) => Promise<Dataset>,
): Promise<Subset> {
  return new Subset(await openDataset(dataset), indices);
}

function subsetOrigin(dataset: DatasetOrigin, indices: ArrayLike<number>): DatasetOrigin {
  const options: SubsetOptions = { dataset, indices: Int32Array.from(indices) };
  return { module: import.meta.url, name: openSubset.name, options };
}

/** The order of the whole data set, without what is not in the part. */
function shuffledPart(dataset: Dataset, indices: ArrayLike<number>): Dataset["shuffled"] {
  const shuffled = dataset.shuffled?.bind(dataset);
  if (shuffled === undefined) return undefined;
  return (generator) => {
    // Samples may be in the part several times: those of one number make a chain, from its last place backwards.
    const last = new Int32Array(dataset.length).fill(-1);
    const before = Int32Array.from(indices, (index, position) => {
      const earlier = elementAt(last, index);
      last[index] = position;
      return earlier;
    });
    const order = new Int32Array(indices.length);
    let next = 0;
    for (const index of shuffled(generator)) {
      for (let position = elementAt(last, index); position >= 0; position = elementAt(before, position))
        order[next++] = position;
    }
    return order;
  };
}

function pickSamples<D extends Dataset>(dataset: D, indices: ArrayLike<number>): SamplesOf<D>;
function pickSamples(dataset: Dataset, indices: ArrayLike<number>): Dataset["samples"] {
  const read = dataset.samples?.bind(dataset);
  return (
    read &&
    (async () => {
      const { fields, rows } = await read();
      return { fields, rows: rowsAt(rows, indices) };
    })
  );
}

function checkIndex(owner: string, index: number, length: number): void {
  if (!Number.isInteger(index) || index < 0 || index >= length)
    throw new TensorError("TENSOR_VALUE", `${owner}: index ${index} is outside the data set of ${length} samples`);
}

/**
 * Splits a data set at random into parts that do not overlap.
 *
 * @param lengths sizes that add up to the data set's, or shares that add up to 1; what rounding leaves goes to the
 *   first parts, one each, as in PyTorch
 */
export function randomSplit<D extends Dataset, const Lengths extends readonly number[]>(
  dataset: D,
  lengths: Lengths,
  options?: { readonly generator?: Generator },
): { -readonly [Index in keyof Lengths]: Subset<D> };
export function randomSplit<D extends Dataset>(
  dataset: D,
  lengths: readonly number[],
  { generator = defaultGenerator() }: { readonly generator?: Generator } = {},
): Subset<D>[] {
  const total = lengths.reduce((a, b) => a + b, 0);
  const shares = Math.abs(total - 1) < 1e-9 && lengths.every((length) => length >= 0 && length <= 1);
  const sizes = shares ? lengths.map((share) => Math.floor(dataset.length * share)) : [...lengths];
  if (shares) {
    const left = dataset.length - sizes.reduce((a, b) => a + b, 0);
    for (let index = 0; index < left; index++) sizes[index % sizes.length] = elementAt(sizes, index % sizes.length) + 1;
  }
  const sum = sizes.reduce((a, b) => a + b, 0);
  if (sum !== dataset.length || sizes.some((size) => !Number.isInteger(size) || size < 0)) {
    throw new TensorError(
      "TENSOR_VALUE",
      `randomSplit: lengths ${lengths.join(" + ")} must add up to ${dataset.length} samples, or be shares that add up to 1`,
    );
  }
  const order = generator.permutation(dataset.length);
  let offset = 0;
  return sizes.map((size) => {
    offset += size;
    return new Subset(dataset, order.subarray(offset - size, offset));
  });
}
